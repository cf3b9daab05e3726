/* workers/copies.c - N copies of a script, in any of the four ways; and the plain run, which is one copy. Room:
 * workers/. Called on the process's main thread; copies run on the OS threads that their way prescribes.
 *
 * The end of a universe has an order that matters: the script returns; threads that are not daemons are waited for;
 * errors that nobody was told of are told; the figures are taken; the universe is closed, which runs finalizers and
 * flushes streams, and leaves daemons parked at its lock.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "workers_internal.h"

#define GRACE_SECONDS 1.0 /* how long threads may take to unwind after Ctrl-C */

/* ---------------------------------------------------------------- words ---------------------------------------- */

static const char *const mode_names[] = {"serial", "threads", "interpreters", "processes"};

const char *worker_mode_name(enum worker_mode mode) { return mode_names[mode]; }

bool worker_mode_parse(const char *name, enum worker_mode *out) {
  for (size_t i = 0; i < sizeof mode_names / sizeof mode_names[0]; i++) {
    if (strcmp(name, mode_names[i]) != 0) continue;
    *out = (enum worker_mode)i;
    return true;
  }
  return false;
}

void copies_complain(const char *format, ...) {
  char text[512] = "gilvm: ";
  va_list args;
  va_start(args, format);
  int length = vsnprintf(text + 7, sizeof text - 8, format, args);
  va_end(args);
  size_t end = 7 + (length < (int)sizeof text - 9 ? (size_t)length : sizeof text - 9);
  text[end++] = '\n';
  report_write(text, end);
}

/* ---------------------------------------------------------------- the end of a program ------------------------- */

/* Whether os.exit has ended the copy that the calling thread runs; `status` is replaced then. Its threads are
   left. */
static bool copy_has_exited(int *status) {
  if (!vm_exit_requested(vm_self(), status)) return false;
  if (thread_self()) threads_abandon(roster_self(), vm_thread_copy(vm_self()));
  return true;
}

/* Waits for the threads; after Ctrl-C only for as long as they may take to unwind. */
static void wait_for_threads(lua_State *L, int *status) {
  bool interrupted = vm_was_interrupted();
  vm_forget_interrupt(); /* we are at the bottom: an interrupt that came before has ended the script */
  if (!interrupted) threads_wait_all(L, GIL_NEVER);
  /* Not what that returned: the last thread may have been faster to end than we to notice. */
  if (!interrupted && vm_was_interrupted()) {
    vm_forget_interrupt();
    interrupted = true;
    copies_complain("interrupted! (while waiting for the script's threads to end)");
    if (*status == 0) *status = 1;
  }
  if (interrupted) threads_wait_all(L, gil_deadline_in(GRACE_SECONDS));
}

/* All that happens between the end of the script and the end of its universe. */
static void end_program(lua_State *L, int *status) {
  if (!thread_self()) return; /* the setup has failed before there could be threads */
  wait_for_threads(L, status);
  report_interrupted_rest(roster_self());
  report_all(L);
  if (roster_self()->has_reported && *status == 0) *status = 1;
}

/* A thread that a copy has started called os.exit: that is the copy's status. Call before the universe is closed. */
static void note_exit_in_thread(int copy, int *status) {
  if (thread_self() && roster_self()->exit_copy == copy) *status = roster_self()->exit_status & 0xff;
}

/* ---------------------------------------------------------------- one universe --------------------------------- */

static int open_universe(const struct copy_job *job, vm **out) {
  const struct copies_spec *spec = job->spec;
  struct vm_options options = spec->vm;
  options.copy = job->index;
  options.copies = (int)spec->count;
  options.main_name = job->name[0] ? job->name : NULL;
  /* An exit of the process at once would take other copies and the figures with it. */
  if (spec->count > 1 || spec->want_snapshots) options.exit_ends_copy = true;
  return vm_create(&options, out);
}

static void close_universe(vm *universe, struct gil_snapshot **snapshot, int *status) {
  if (snapshot) *snapshot = gil_snapshot_take(vm_gil(universe));
  threads_wait_departed();
  if (vm_close(universe) != 0 && *status == 0) *status = 1;
}

/* math.randomseed(two random integers) */
static int reseed(lua_State *L) {
  lua_Integer seed[2];
  if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed) return 0;
  lua_getglobal(L, "math");
  lua_getfield(L, -1, "randomseed");
  lua_pushinteger(L, seed[0]);
  lua_pushinteger(L, seed[1]);
  lua_call(L, 2, 0);
  return 0;
}

int copy_run_alone(const struct copy_job *job) {
  vm *universe;
  int error = open_universe(job, &universe);
  if (error) return error;
  lua_State *L = vm_main_state(universe);
  if (job->reseed) {
    lua_pushcfunction(L, reseed);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) lua_pop(L, 1);
  }
  /* A Ctrl-C that came before there was a universe to interrupt. */
  int status = vm_was_interrupted() ? 1 : job->spec->setup(L, job->spec->user);
  if (status == 0) status = job->spec->body(L, job->spec->user);
  copy_has_exited(&status);
  end_program(L, &status);
  note_exit_in_thread(job->index, &status);
  close_universe(universe, job->snapshot, &status);
  job->result->status = status & 0xff;
  return GIL_OK;
}

void copy_describe(struct copy_job *job, const struct copies_spec *spec, const struct copies_result *out,
                   unsigned index) {
  *job = (struct copy_job){.spec = spec, .index = (int)index, .result = &out->copies[index - 1]};
  if (out->snapshot_count == spec->count) job->snapshot = &out->snapshots[index - 1];
  if (spec->count > 1) snprintf(job->name, sizeof job->name, "copy %u", index);
}

void copy_not_run(const struct copy_job *job, int error) {
  copies_complain("copy %d could not be run: %s", job->index, gil_strerror(error));
  job->result->status = 1;
}

/* ---------------------------------------------------------------- one after the other -------------------------- */

static int serial_run(const struct copies_spec *spec, struct copies_result *out) {
  for (unsigned i = 1; i <= spec->count; i++) {
    struct copy_job job;
    copy_describe(&job, spec, out, i);
    if (vm_was_interrupted()) {
      job.result->status = 1;
      continue;
    }
    int error = copy_run_alone(&job);
    if (error && i == 1) return error;
    if (error) copy_not_run(&job, error);
  }
  return GIL_OK;
}

/* ---------------------------------------------------------------- all in one universe -------------------------- */

static void run_body(lua_State *L, struct copy_job *job) {
  int status = job->spec->body(L, job->spec->user);
  copy_has_exited(&status);
  job->result->status = status & 0xff;
}

/* What the OS thread of a copy other than the first runs. */
static void run_copy_thread(lua_State *L, void *arg) {
  struct copy_job *job = arg;
  vm_thread_set_copy(vm_self(), job->index);
  run_body(L, job);
}

/* job -> ; starts its thread. */
static int start_copy(lua_State *L) {
  struct copy_job *job = lua_touserdata(L, 1);
  lua_settop(L, 0);
  lua_pushstring(L, job->name);
  struct thread *thread = thread_new(L, 1);
  thread->native = run_copy_thread;
  thread->native_arg = job;
  thread_start(L, lua_gettop(L), thread, -1);
  return 0;
}

/* Copies 2 to N start, the first runs here. The copies that cannot start have failed; the others run all the same. */
static void run_in_threads(lua_State *L, struct copy_job *jobs, unsigned count) {
  for (unsigned i = 1; i < count; i++) {
    lua_pushcfunction(L, start_copy);
    lua_pushlightuserdata(L, &jobs[i]);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK) continue;
    const char *message = lua_tostring(L, -1);
    copies_complain("%s", message ? message : "a copy cannot be started");
    jobs[i].result->status = 1;
    lua_pop(L, 1);
  }
  run_body(L, &jobs[0]);
}

static int threads_run(const struct copies_spec *spec, struct copies_result *out) {
  struct copy_job *jobs = calloc(spec->count, sizeof *jobs);
  if (!jobs) return GIL_E_MEMORY;
  for (unsigned i = 1; i <= spec->count; i++) copy_describe(&jobs[i - 1], spec, out, i);
  vm *universe;
  int error = open_universe(&jobs[0], &universe);
  if (error) {
    free(jobs);
    return error;
  }
  lua_State *L = vm_main_state(universe);
  int status = spec->setup(L, spec->user);
  if (status == 0) run_in_threads(L, jobs, spec->count);
  for (unsigned i = 0; status != 0 && i < spec->count; i++) out->copies[i].status = status & 0xff;
  /* What is about the universe as a whole counts for its first copy. */
  status = out->copies[0].status;
  end_program(L, &status);
  note_exit_in_thread(1, &status);
  for (unsigned i = 1; i < spec->count; i++) note_exit_in_thread((int)i + 1, &out->copies[i].status);
  close_universe(universe, spec->want_snapshots ? &out->snapshots[0] : NULL, &status);
  out->copies[0].status = status & 0xff;
  free(jobs); /* the threads of all copies have finished, or are parked for ever */
  return GIL_OK;
}

/* ---------------------------------------------------------------- all four ------------------------------------- */

static void name_failures(const struct copies_result *result) {
  for (unsigned i = 0; i < result->count; i++)
    if (result->copies[i].status)
      copies_complain("copy %u failed with exit status %d", i + 1, result->copies[i].status);
}

static int prepare_result(const struct copies_spec *spec, struct copies_result *out) {
  *out = (struct copies_result){.count = spec->count};
  if (spec->want_snapshots) out->snapshot_count = spec->mode == WORKER_THREADS ? 1 : spec->count;
  out->copies = calloc(spec->count, sizeof *out->copies);
  out->snapshots = calloc(out->snapshot_count ? out->snapshot_count : 1, sizeof *out->snapshots);
  return out->copies && out->snapshots ? GIL_OK : GIL_E_MEMORY;
}

int workers_run_copies(const struct copies_spec *spec, struct copies_result *out) {
  static int (*const runs[])(const struct copies_spec *, struct copies_result *) = {
      [WORKER_SERIAL] = serial_run,
      [WORKER_THREADS] = threads_run,
      [WORKER_INTERPRETERS] = interpreters_run,
      [WORKER_PROCESSES] = processes_run,
  };
  int error = prepare_result(spec, out);
  bool in_this_process = spec->mode != WORKER_PROCESSES;
  if (!error && in_this_process) vm_signals_begin();
  if (!error) error = runs[spec->mode](spec, out);
  /* After Ctrl-C all have failed, for a reason that needs no naming. Processes were named as they ended. */
  if (!error && in_this_process && spec->count > 1 && !vm_was_interrupted()) name_failures(out);
  if (in_this_process) vm_signals_end();
  if (error) copies_result_finish(out);
  return error;
}

void copies_result_finish(struct copies_result *result) {
  for (unsigned i = 0; result->snapshots && i < result->snapshot_count; i++) free(result->snapshots[i]);
  free(result->snapshots);
  free(result->copies);
  *result = (struct copies_result){0};
}

int copies_exit_status(const struct copies_result *result) {
  for (unsigned i = 0; i < result->count; i++) {
    if (result->copies[i].signal) return 128 + result->copies[i].signal;
    if (result->copies[i].status) return result->copies[i].status;
  }
  return 0;
}
