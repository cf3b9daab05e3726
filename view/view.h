/* view/view.h - what a person sees, and what a program reads: tables and JSON made of the lock's statistics.
 *
 * Room: view/. Reads snapshots of gil/ and plain figures, nothing else; knows no Lua. Any thread; takes no lock.
 * Functions that write return 0, or -1 with errno when the stream failed.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdio.h>

#include "gil/gil.h"

/* ---------------------------------------------------------------- colour --------------------------------------- */

/* Whether to colour what goes to `stream`: `wish` is "auto", "always" or "never" (--color); auto means a terminal, a
   TERM that is not "dumb", and no NO_COLOR in the environment. */
bool view_wants_color(FILE *stream, const char *wish);

/* ---------------------------------------------------------------- the statistics of a run ---------------------- */

/* The locks of one run, with what to call them ("" for a single one, else "process 2"...). A NULL snapshot stands for
   a copy that died before it could report. */
struct view_run {
  unsigned count;
  struct gil_snapshot *const *snapshots;
  const char *const *labels;
};

/* A table of the locks and a table of the threads, for a person; stats_table.c says what is folded. */
int view_stats_table(FILE *out, const struct view_run *run, bool color);

/* One JSON object, {"gils": [...], "threads": [...]}; stats_json.c shows its shape. */
int view_stats_json(FILE *out, const struct view_run *run);

/* ---------------------------------------------------------------- a comparison --------------------------------- */

/* One mode of a comparison: medians over its runs, as measured. With `runs` 0 nothing was measured, and the figures
   say nothing. */
struct view_compare_row {
  const char *mode; /* "serial", "threads", "interpreters", "processes" */
  unsigned runs;
  double wall_s, wall_min_s, wall_max_s;
  double speedup;        /* serial's wall over this one's; 0: no serial run to compare with */
  double cores;          /* CPU time over wall time */
  double gil_wait_share; /* of the threads' lives, 0 to 1 */
  double gil_held_share; /* of the locks' lives, 0 to 1: how much of the time somebody holds the GIL */
  double switches;
  double pss_kb; /* peak, all processes together, in units of 1,024 bytes; 0: could not be measured */
  int failed;    /* exit status of the first run that failed, 0: none */
};

struct view_compare {
  const char *script;
  unsigned copies, runs, cpus; /* `runs`: whole rounds of all modes */
  unsigned count;
  const struct view_compare_row *rows;
};

/* The table, headed by what was compared. */
int view_compare_table(FILE *out, const struct view_compare *compare, bool color);

/* The same as an array of objects; null for what was not measured. */
int view_compare_json(FILE *out, const struct view_compare *compare);

/* A few sentences on what the figures mean for this script, and only what they bear out. */
int view_compare_verdict(FILE *out, const struct view_compare *compare);

/* ---------------------------------------------------------------- the laboratory ------------------------------- */

/* What `gilvm lab` measures of a script under a policy. Times are in nanoseconds. */
enum view_lab_figure {
  VIEW_LAB_WORK,     /* units of work per second; without marks, runs per second */
  VIEW_LAB_FAIRNESS, /* Jain's index over threads */
  VIEW_LAB_SWITCHES, /* per second */
  VIEW_LAB_CPUS,     /* CPU time over wall time */
  VIEW_LAB_LOST,     /* share of the locks' lives in which somebody waited and nobody ran */
  VIEW_LAB_WAIT_P50,
  VIEW_LAB_WAIT_P99,
  VIEW_LAB_WAIT_MAX,
  VIEW_LAB_FIGURES
};

/* Over the runs. */
struct view_lab_value {
  bool is_known;
  double median, min, max;
};

/* The operations of one name that the script marked. */
struct view_lab_latency {
  struct view_lab_value p50, p99, max;
};

struct view_lab_row {
  const char *policy; /* as it would be typed */
  unsigned runs;      /* that the figures rest upon */
  int failed;         /* exit status of the first run that failed, 0: none */
  struct view_lab_value figures[VIEW_LAB_FIGURES];
  const struct view_lab_latency *latencies; /* one for each name; NULL if there are no names */
};

struct view_lab {
  const char *script, *mode;
  unsigned copies, cpus, runs; /* `runs`: as many as were wanted of each */
  bool is_marked;              /* the script marks its work */
  unsigned latency_count;
  const char *const *latency_names;
  unsigned count;
  const struct view_lab_row *rows;
};

/* Tables, headed by what was measured, for a terminal so many columns wide. */
int view_lab_table(FILE *out, const struct view_lab *lab, unsigned width, bool color);

/* Which policy suits the script and why, and what ails the others; only what the figures bear out. */
int view_lab_verdict(FILE *out, const struct view_lab *lab);

/* The same as data: lines with a heading; one JSON object. */
int view_lab_csv(FILE *out, const struct view_lab *lab);
int view_lab_json(FILE *out, const struct view_lab *lab);

/* A drawing of throughput against the 99th percentile of latency, each policy a named point; as SVG, or as a page
   that holds it and the table. */
int view_lab_svg(FILE *out, const struct view_lab *lab);
int view_lab_html(FILE *out, const struct view_lab *lab);

/* ---------------------------------------------------------------- JSON ----------------------------------------- */

/* Writes `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD. */
void view_json_string(FILE *out, const char *text);

#endif
