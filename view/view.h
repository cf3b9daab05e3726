/* view/view.h - what a person sees, and what a program reads: tables and JSON made of the lock's statistics.
 *
 * Room: view/. Reads snapshots of gil/ and plain figures, nothing else; knows no Lua. Any thread; takes no lock.
 * Functions that write return 0, or -1 with errno when the stream failed.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdio.h>

#include "gil/gil.h"

/* Whether to colour what goes to `stream`: `wish` is "auto", "always" or "never" (--color); auto means a terminal, a
   TERM that is not "dumb", and no NO_COLOR in the environment. */
bool view_wants_color(FILE *stream, const char *wish);

/* The locks of one run, with what to call them ("" for a single one, else "process 2"...). A NULL snapshot stands for a
   copy that died before it could report. */
struct view_run {
  unsigned count;
  struct gil_snapshot *const *snapshots;
  const char *const *labels;
};

int view_stats_table(FILE *out, const struct view_run *run, bool color);
int view_stats_json(FILE *out, const struct view_run *run);

/* One mode of a comparison: medians over the runs, as measured. */
struct view_compare_row {
  const char *mode;
  double wall_s;
  double speedup; /* serial's wall over this one's */
  double cores;   /* CPU time over wall time */
  double gil_wait_share; /* of the threads' lives, 0 to 1 */
  double hold_share;     /* of the threads' lives with the GIL, 0 to 1; for the verdict */
  double switches;
  double pss_kb; /* peak, all processes together; 0: could not be measured */
  int failed;    /* exit status of the first run that failed, 0: none */
};

struct view_compare {
  const char *script;
  unsigned copies, runs, cpus;
  unsigned count;
  const struct view_compare_row *rows;
};

int view_compare_table(FILE *out, const struct view_compare *compare, bool color);
int view_compare_json(FILE *out, const struct view_compare *compare);

/* Two or three sentences on what the figures mean for this script. */
int view_compare_verdict(FILE *out, const struct view_compare *compare);

/* Writes `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD. */
void view_json_string(FILE *out, const char *text);

#endif
