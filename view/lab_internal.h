/* view/lab_internal.h - what the views of the laboratory share: which figure is better, and when two are told apart. */
#ifndef VIEW_LAB_INTERNAL_H
#define VIEW_LAB_INTERNAL_H

#include "view_internal.h"

/* One figure of every row, to be judged: a column. */
struct lab_column {
  enum view_lab_figure figure; /* or, if is_latency, of the operations called latency_names[latency] */
  bool is_latency;
  unsigned latency;
  enum { LAB_P50, LAB_P99, LAB_MAX } part;
};

#define LAB_NONE UINT32_MAX

/* What a person is shown of a policy's name: of one in a file not the folders, if that is still unique. */
const char *lab_name(const struct view_lab *lab, unsigned row);

/* NULL: the row has failed, or has no such figure. */
const struct view_lab_value *lab_value(const struct view_lab_row *row, const struct lab_column *column);

/* The row with the best median; LAB_NONE if no row has the figure, or if the figure is neither good nor bad. */
unsigned lab_best(const struct view_lab *lab, const struct lab_column *column);

/* How the row stands in the column. */
enum lab_standing {
  LAB_BEHIND,
  LAB_AMONG_BEST, /* the runs do not tell it from the best */
  LAB_BEST,       /* and they tell all others from it */
};
enum lab_standing lab_standing(const struct view_lab *lab, const struct lab_column *column, unsigned row);

/* Half the distance from the worst to the best run, as a share of the median. */
double lab_spread(const struct view_lab_value *value);

/* What is to be short: the p99 of the operations that the script marked first, else of the waits. */
struct lab_column lab_p99(const struct view_lab *lab);

/* What it is called: "p99 of echo", "p99 of the waits". Returns `out`. */
char *lab_p99_name(const struct view_lab *lab, char *out, size_t bytes);

/* Whether no other row is better in both throughput and p99. Rows without both are not on it. */
bool lab_on_frontier(const struct view_lab *lab, unsigned row);

#endif
