/* workers/workers.h - who runs: threads, interpreters, processes; and the `gilvm` module that scripts see.
 *
 * Room: workers/. Uses vm/ and gil/.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "vm/vm.h"

/* Puts `gilvm`, `gilvm.thread`, `gilvm.time`, `gilvm.gil` into L's package.preload. Raises on lack of memory. */
void workers_open(lua_State *L);

/* Waits until all threads that are not daemons have finished (threads started meanwhile included), except the calling
   one. Raises the interrupt if Ctrl-C comes. May switch. */
void workers_join_all(lua_State *L);

/* ---------------------------------------------------------------- copies of a script --------------------------- */

enum worker_mode { WORKER_SERIAL, WORKER_THREADS, WORKER_INTERPRETERS, WORKER_PROCESSES };

const char *worker_mode_name(enum worker_mode mode); /* "serial", "threads", ... */
bool worker_mode_parse(const char *name, enum worker_mode *out);

struct copies_spec {
  enum worker_mode mode;
  unsigned count;       /* at least 1 */
  struct vm_options vm; /* `copy`, `copies` and `main_name` are filled in */
  /* Runs once in each universe, before its copies: libraries, `arg`, LUA_INIT, -e, -l. Returns an exit status; other
     than 0 means the copies there do not run and have that status. It prints its own errors. */
  int (*setup)(lua_State *L, void *user);
  /* Runs a copy, on a state of its thread, with the GIL held, not under lua_pcall. Returns an exit status, prints its
     own errors. */
  int (*body)(lua_State *L, void *user);
  void *user;
  bool want_snapshots;
};

struct copy_result {
  int status; /* exit status, 0 to 255 */
  int signal; /* the signal that ended the copy's process, or 0 */
};

struct copies_result {
  unsigned count;
  struct copy_result *copies;
  unsigned snapshot_count;           /* one per lock: 1 for threads, `count` for the others */
  struct gil_snapshot **snapshots;   /* NULL in the place of a copy that died before it could report */
};

/* Runs the copies and waits for all of them, in the way that `mode` says:
     threads       one universe; copy 1 on the calling OS thread, each other on one of its own
     interpreters  a universe each, on an OS thread each (copy 1's is the calling one if it is alone)
     processes     a forked child each; the parent waits for exactly these
     serial        a universe each, one after the other, on the calling thread
   A copy that fails or is killed is named on stderr if there is more than one. Ctrl-C ends them all.
   With count 1 and mode threads this is the plain run of a script. Returns 0 or a code of gil_error (nothing ran). The
   caller owns the result and calls copies_result_finish. Call on the process's main thread, which must be in no
   universe. */
int workers_run_copies(const struct copies_spec *spec, struct copies_result *out);
void copies_result_finish(struct copies_result *result);

/* 0 if all copies succeeded, otherwise the status of the first that failed; 128 + signal for a killed one. */
int copies_exit_status(const struct copies_result *result);

#endif
