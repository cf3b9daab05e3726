/* cli/measure.h - one run of copies in a process of its own, and what it cost; and what the commands that measure have
 * in common. For compare.c and lab*.c. Main thread only. */
#ifndef CLI_MEASURE_H
#define CLI_MEASURE_H

#include <sys/types.h>

#include "cli.h"

/* Of how many, and how long they were. */
struct measure_times {
  uint64_t count;
  int64_t p50_ns, p99_ns, max_ns;
};

struct measure_latency {
  char name[GIL_NAME_BYTES];
  struct measure_times times;
};

/* What the run's own process reports at its end, over all locks and all their threads. Of a fixed size: it comes
   through shared memory. */
struct measure_report {
  int64_t life_ns, wait_ns; /* of the threads */
  int64_t age_ns, held_ns;  /* of the locks */
  int64_t handover_ns;      /* somebody waited, and nobody ran */
  uint64_t switches;
  uint64_t work;             /* marked by the script */
  double fairness;           /* Jain's index; 0: there were no two threads to compare */
  struct measure_times waits; /* for the lock */
  unsigned latency_count;
  struct measure_latency latencies[GIL_LATENCIES_MAX];
};

struct measured {
  int status;      /* exit status of the run; 128 + signal for a killed one */
  int64_t wall_ns; /* from before the fork to the end of the process */
  int64_t cpu_ns;  /* user and system, of the process and all that it waited for */
  int64_t pss_kb;  /* peak, see below; 0: it ended before it could be seen */
  struct measure_report report;
  int output, errors; /* memory files with what was written to stdout and stderr; -1: not kept */
};

/* From `begin` to `end`, SIGINT, SIGTERM and SIGHUP (unless they are ignored) kill the run that is measured instead
   of ending this process, and `stopped` tells which of them came, or 0. */
void measure_begin(void);
void measure_end(void);
int measure_stopped(void);

/* Runs `spec` in a forked child and fills `out`. stdin is empty; stdout is dropped unless `keep_output`. Returns 0,
   or -1 with errno when there could be no run. After a stop the child is gone, and the figures mean nothing. The
   caller calls measured_finish. Requires: no other thread. */
int measure_run(const struct copies_spec *spec, bool keep_output, struct measured *out);
void measured_finish(struct measured *measured);

/* ---------------------------------------------------------------- measure_report.c ----------------------------- */

/* Fills `report`, which is zeroed. Returns false if there is no memory for it. */
bool measure_fill_report(const struct copies_result *result, struct measure_report *report);

/* ---------------------------------------------------------------- runs.c --------------------------------------- */

/* The CPUs that this process may run on. */
unsigned runs_usable_cpus(void);

/* Loads the script once and throws it away: what is wrong with the file itself is then said once, and not by each
   copy of each run. Returns 0 or CLI_STATUS_FAILED. */
int runs_check_script(const struct cli_options *options);

/* What to call the script in a title. */
const char *runs_script_name(const struct cli_options *options);

/* Whether a line of progress is to be shown on standard error, which is then begun with "\r\033[K". */
bool runs_show_progress(void);
void runs_erase_progress(void);

/* Of the figures in `values`, which it sorts. */
double runs_median(double *values, unsigned count);

/* Copies a memory file to `out` (NULL: nowhere), with a newline at its end. Returns how much there was. */
size_t runs_copy_text(int fd, FILE *out);

/* A file for a result, opened before the runs, so that a bad name is known before a long measurement. */
struct runs_file {
  const char *option; /* "--json" */
  const char *name;   /* NULL: not wanted; "-": standard output */
  FILE *stream;
};
int runs_open_file(struct runs_file *file);

/* `failed`: something could not be written, and errno says why. Returns 0 or CLI_STATUS_FAILED. */
int runs_close_file(struct runs_file *file, bool failed);

/* ---------------------------------------------------------------- pss.c ---------------------------------------- */

/* The peak of a process tree's proportional set size, by looking from time to time. Pages shared by k processes count
   as one k-th in each of them, so that the sum over the tree counts them once. */
struct pss_sampler {
  pid_t root;
  int64_t peak_kb;
  int64_t next_ns; /* when to call pss_sample next; GIL_NEVER: this kernel does not list a process's children */
  int64_t step_ns, begun_ns, last_ns;
};

void pss_begin(struct pss_sampler *sampler, pid_t root);
void pss_sample(struct pss_sampler *sampler);

/* The peak in KiB; 0 if nothing was seen after the first quarter of the run: what a run takes at its start says
   nothing of its peak. */
int64_t pss_end(const struct pss_sampler *sampler);

#endif
