/* cli/lab.h - what the files of `gilvm lab` share: the policies to be compared, and the runs of each. Room: cli/. Main
 * thread only. */
#ifndef CLI_LAB_H
#define CLI_LAB_H

#include <limits.h>

#include "measure.h"

#define LAB_RUNS_STANDARD 3
#define LAB_RUNS_MAX 1000
#define LAB_CONFIGS_MAX 1000

/* One run, as the process that made it reported, or as a line of a file tells. */
struct lab_sample {
  unsigned round; /* from 0 */
  int status;     /* exit status, 0: succeeded */
  int64_t wall_ns, cpu_ns;
  struct measure_report report;
};

/* A policy with its parameters. */
struct lab_config {
  char *name; /* as it would be typed; parameters that have their standard value are left out. Owned */
  unsigned index;
  struct gil_policy_choice policy; /* not known of a merged one */
  struct lab_sample *samples;
  unsigned count;
  int failed; /* exit status of the first run that failed, 0: none */
  bool wrote_to_stderr;
};

/* All that is compared. What stands before `configs` must be the same in all runs that are put together. */
struct lab {
  char script[256];
  char mode[32], checkpoint[32];
  unsigned copies, cpus, runs; /* `runs`: as many as are wanted of each */
  unsigned planned;            /* how many policies; `count` unless a file tells of some of them only */
  struct lab_config *configs;
  unsigned count;
};

void lab_finish(struct lab *lab);

/* Keeps a copy of the sample. Returns 0 or CLI_STATUS_FAILED. */
int lab_keep(struct lab_config *config, const struct lab_sample *sample);

/* ---------------------------------------------------------------- lab_experiment.c ----------------------------- */

/* The command line with the options that the script carries in its head put first, so that typed ones win, and with the
   script's path for the name of an experiment. */
struct lab_experiment {
  char path[PATH_MAX];
  char **argv; /* words 1 to word_count are the script's, and owned */
  int argc, script, word_count;
};

/* Fills `out`, which is all zero. Returns 0 or a status, a message having been printed; lab_experiment_finish is due
   either way. */
int lab_find_experiment(struct lab_experiment *out, int argc, char **argv, int script);
void lab_experiment_finish(struct lab_experiment *experiment);

/* ---------------------------------------------------------------- lab_plan.c ----------------------------------- */

/* Fills `configs` from --policies (NULL: all that are built in) and --sweep (NULL: none). Returns 0 or a status. */
int lab_plan(struct lab *lab, const char *policies, const char *sweep);

/* A new config at the end; NULL: no memory, or too many (a message has been printed). */
struct lab_config *lab_add_config(struct lab *lab, const char *name);

/* ---------------------------------------------------------------- lab_lines.c ---------------------------------- */

/* A run as one line of JSON. Returns 0, or -1 with errno. */
int lab_write_line(FILE *out, const struct lab *lab, const struct lab_config *config, const struct lab_sample *sample);

/* Adds the runs of a file of such lines; the first line of all says what is compared. Returns 0 or CLI_STATUS_FAILED,
   a message having been printed. */
int lab_read_file(struct lab *lab, const char *name);

/* ---------------------------------------------------------------- lab_show.c ----------------------------------- */

struct lab_outputs {
  struct runs_file csv, json, chart;
  const char *color;
};

bool lab_has_runs(const struct lab *lab);

/* Prints tables and sentences, and writes the files that are open, which it closes. Returns 0 or CLI_STATUS_FAILED. */
int lab_show(const struct lab *lab, struct lab_outputs *outputs);

#endif
