/* workers/interpreters.c - copies of a script in universes of their own, in one process: an OS thread each, a lock
 * each, nothing shared. Room: workers/. The calling thread, which is in no universe, waits here for all of them. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "workers_internal.h"

/* Static, so that a wake-up that is late finds them still. There is one such run at a time. */
static gil_parker parker;
static _Atomic unsigned remaining;

struct interpreter {
  struct copy_job job;
  pthread_t thread;
  bool started;
};

static void *run_interpreter(void *arg) {
  struct interpreter *self = arg;
  int error = copy_run_alone(&self->job);
  if (error) copy_not_run(&self->job, error);
  /* Release pairs with the acquire of whoever waits: the result has been written. */
  atomic_fetch_sub_explicit(&remaining, 1, memory_order_release);
  gil_unpark(&parker);
  return NULL;
}

static void start_all(struct interpreter *all, unsigned count) {
  atomic_store_explicit(&remaining, count, memory_order_relaxed);
  for (unsigned i = 0; i < count; i++) {
    int error = os_thread_start(run_interpreter, &all[i], &all[i].thread);
    all[i].started = error == 0;
    if (all[i].started) continue;
    copies_complain("copy %u could not be run: the system refuses another thread (%s); %u copies were started", i + 1,
                    strerror(error), i);
    all[i].job.result->status = 1;
    atomic_fetch_sub_explicit(&remaining, 1, memory_order_relaxed);
  }
}

#define NUDGE_SECONDS 0.05 /* how often copies that Ctrl-C shall end are nudged out of system calls */

/* A Ctrl-C comes to this thread, which passes it on. */
static void wait_for_all(void) {
  bool passed_on = false;
  while (atomic_load_explicit(&remaining, memory_order_acquire) > 0) {
    if (vm_was_interrupted() && !passed_on) {
      vm_interrupt_all();
      passed_on = true;
    }
    if (passed_on) vm_nudge_all();
    gil_park(&parker, passed_on ? gil_deadline_in(NUDGE_SECONDS) : GIL_NEVER);
  }
}

int interpreters_run(const struct copies_spec *spec, struct copies_result *out) {
  struct interpreter *all = calloc(spec->count, sizeof *all);
  if (!all) return GIL_E_MEMORY;
  for (unsigned i = 1; i <= spec->count; i++) copy_describe(&all[i - 1].job, spec, out, i);
  int error = GIL_OK;
  if (spec->count == 1) {
    error = copy_run_alone(&all[0].job);
  } else {
    vm_set_interrupt_parker(&parker);
    start_all(all, spec->count);
    wait_for_all();
    for (unsigned i = 0; i < spec->count; i++)
      if (all[i].started) pthread_join(all[i].thread, NULL);
    vm_set_interrupt_parker(NULL);
  }
  free(all);
  return error;
}
