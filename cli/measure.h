/* cli/measure.h - one run of copies in a process of its own, and what it cost. For compare.c. Main thread only. */
#ifndef CLI_MEASURE_H
#define CLI_MEASURE_H

#include <sys/types.h>

#include "workers/workers.h"

/* What the run's own process reports at its end: sums over all locks and all their threads. */
struct measure_report {
  int64_t life_ns, wait_ns; /* of the threads */
  int64_t age_ns, held_ns;  /* of the locks */
  uint64_t switches;
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
