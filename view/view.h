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

/* ---------------------------------------------------------------- JSON ----------------------------------------- */

/* Writes `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD. */
void view_json_string(FILE *out, const char *text);

#endif
