/* workers/workers_internal.h - what the files of the room `workers/` share.
 *
 * WHO RUNS: any OS thread of a universe, with its GIL held; that lock guards everything here, so there is no other. A
 * C function is atomic towards the other threads of its universe until it calls something that may switch.
 *
 * OWNERSHIP: a `struct thread` is the memory of the handle that scripts see (a full userdata). It lives as long as
 * anybody can reach the handle; while its OS thread runs, the roster's table of the living reaches it.
 */
#ifndef WORKERS_INTERNAL_H
#define WORKERS_INTERNAL_H

#include <lauxlib.h>
#include <pthread.h>

#include "workers.h"

/* ---------------------------------------------------------------- waiting.c: waiting in a queue ----------------- */

/* One thread that waits in a queue. Lives on that thread's C stack, so whoever waits never leaves by an error before
   it has taken itself out. */
struct waiter {
  gil_thread *gil;
  struct thread *who;
  int answer; /* 0: still waiting */
  struct waiter *next, *prev;
};

struct waiter_queue {
  struct waiter *first, *last;
};

enum {
  WAIT_TIMEOUT = -1,     /* the deadline has passed */
  WAIT_INTERRUPTED = -2, /* the calling thread has something to raise, Ctrl-C or a deadlock: wait_raise */
};

/* Waits at the tail of `queue` until somebody answers. Returns the answer (positive), or one of the above; an
   answer that comes together with the deadline or the interrupt wins. `reason` must be anchored. Never raises.
   May switch. */
int wait_in_queue(struct waiter_queue *queue, struct thread *self, const struct gil_reason *reason);

/* Takes the waiter out, and ends its wait with `answer`, which is positive. Does not switch. */
void wait_answer(struct waiter_queue *queue, struct waiter *waiter, int answer);
void wait_answer_all(struct waiter_queue *queue, int answer);

/* As wait_answer, but leaves it to the caller to gil_wake the thread that it returns. */
gil_thread *wait_answer_unwoken(struct waiter_queue *queue, struct waiter *waiter, int answer);

/* Raises what a wait has come back for with WAIT_INTERRUPTED. */
_Noreturn void wait_raise(lua_State *L);

/* The deadline that argument `arg` stands for: so many seconds from now; nil or nothing is for ever. Raises what
   cannot be meant: a negative number, NaN, another type. */
int64_t wait_check_timeout(lua_State *L, int arg);

/* The same for a number of seconds that must be there; `what` is what the message calls it. */
double wait_check_seconds(lua_State *L, int arg, const char *what);

/* Pushes nil, "timeout" and returns 2. */
int wait_push_timeout(lua_State *L);

/* ---------------------------------------------------------------- os_thread.c ---------------------------------- */

/* Starts an OS thread, detached or stored in `*joinable` if that is not NULL. Returns 0 or an errno. It blocks no signal,
   since children that it starts would inherit that; a SIGINT that it gets is passed on to the main thread. */
int os_thread_start(void *(*run)(void *), void *arg, pthread_t *joinable);

/* ---------------------------------------------------------------- thread.c: the threads of a universe ---------- */

enum thread_state {
  THREAD_NEW,
  THREAD_RUNNING,
  THREAD_FINISHED,
  THREAD_FAILED,
};

/* What a handle keeps for Lua. */
enum {
  THREAD_OUTCOME = 1, /* new: the function; finished: the result, or a table of several; failed: the error object */
  THREAD_DETAIL = 2,  /* new: the table of arguments; failed: the traceback, or nil */
  THREAD_NAME = 3,
  THREAD_USER_VALUES = 3,
};

struct thread {
  struct roster *roster;
  const char *name; /* the string in THREAD_NAME */
  vm_thread *vm;    /* while it runs */
  uint32_t ident;   /* of its place at the lock; 0: not started */
  enum thread_state state;
  bool daemon;
  int priority, tickets; /* for the policies that look at them */
  int result_count;                        /* of a finished one */
  void (*native)(lua_State *L, void *arg); /* runs this instead of a Lua function; prints its own errors */
  void *native_arg;
  struct waiter_queue joiners;
  struct gil_waitable end; /* what they wait for */
  struct lock *held; /* the locks that it holds, the newest first */
  bool untold;       /* in roster.failed: it has failed, and neither a joiner nor the hook was told of it */
  bool kept;         /* untold, and still among the living for want of memory */
  struct thread *next, *prev; /* in roster.running or roster.failed */
};

struct thread_list {
  struct thread *first, *last;
};

/* All threads of one universe. A full userdata in the registry. */
struct roster {
  struct thread_list running; /* in the order of their start; the main thread is the first */
  unsigned running_count;
  struct thread_list failed; /* the untold, in the order of their end; keeps no handle alive */
  unsigned names_given;      /* how many threads got a standard name */
  unsigned locks_made;
  bool notes_places;         /* of acquisitions, for the stories of deadlocks: see lock_lib.c */
  unsigned interrupted;        /* threads that Ctrl-C has ended */
  bool has_reported;           /* the standard hook has printed an error */
  int exit_copy, exit_status;  /* a thread called os.exit in its copy: which one (0: none), and with what */
};

void thread_list_append(struct thread_list *list, struct thread *thread);
void thread_list_remove(struct thread_list *list, struct thread *thread);

/* Makes the roster of L's universe and enters the calling thread, its main thread. Does nothing if there is one.
   Raises. */
void threads_open(lua_State *L);

/* The calling thread's record, and the roster of its universe. Require: threads_open has been called. */
struct thread *thread_self(void);
struct roster *roster_self(void);

/* Pushes the handle of a thread that runs. Allocates nothing. */
void thread_push(lua_State *L, const struct thread *thread);

/* Makes a handle of a thread that is not started yet and pushes it. The name, or nil for a standard one, is at
   `name_index`. Raises. */
struct thread *thread_new(lua_State *L, int name_index);

/* Gives the thread whose handle is at `handle` the name on top of the stack (a string), and pops it. */
void thread_set_name(lua_State *L, int handle, struct thread *thread);

/* Starts the thread whose handle is at `handle` (absolute): with the function and its `nargs` arguments on top of the
   stack, which are popped; or with thread->native, nothing on the stack and nargs -1. Raises when it cannot be
   started; nothing is left behind then. Does not switch. */
void thread_start(lua_State *L, int handle, struct thread *thread, int nargs);

/* Waits until the thread has finished. Returns 0, WAIT_TIMEOUT or WAIT_INTERRUPTED. Never raises. May switch. */
int thread_wait(lua_State *L, int handle, struct thread *thread, int64_t deadline_ns);

/* Lets the threads of a copy that has ended by os.exit be left behind like daemons. */
void threads_abandon(struct roster *roster, int copy);

/* Waits for all threads that are not daemons, but the calling one and the main thread. Returns 0, WAIT_TIMEOUT or
   WAIT_INTERRUPTED. Never raises. May switch. */
int threads_wait_all(lua_State *L, int64_t deadline_ns);

/* Waits (moments) for threads that have left the lock and are about to wake a joiner. Call with the GIL held, and
   keep it until vm_close: the thread that they wake must exist. */
void threads_wait_departed(void);

/* ---------------------------------------------------------------- report.c: errors that nobody was told -------- */

/* The message handler of a thread's function: keeps the traceback in the handle and leaves the error object as it
   is. */
int report_keep_traceback(lua_State *L);

/* Notes down that the thread whose handle is at `handle` has failed, so that its error is told in the end. */
void report_failed(lua_State *L, int handle, struct thread *thread);

/* Pushes the handle of an untold thread; nil if the collector has taken it and is about to call its finalizer. */
void report_push(lua_State *L, const struct thread *thread);

/* Somebody has been told the thread's error. */
void report_told(struct thread *thread);

/* Tells the error of the thread whose handle is at `handle` through thread.excepthook. Raises nothing. May switch. */
void report_now(lua_State *L, int handle, struct thread *thread);

/* The same for all that are left, at the end of a program. */
void report_all(lua_State *L);

/* A thread was ended by Ctrl-C: says where, for the first few. report_interrupted_rest counts the others. */
void report_interrupted(lua_State *L, int handle, const struct thread *thread);
void report_interrupted_rest(const struct roster *roster);

/* The standard hook: prints. A lua_CFunction (error, traceback, thread). */
int report_standard_hook(lua_State *L);

/* Where a script may set `excepthook`: the table on top of the stack, which stays there. Raises. */
void report_set_module(lua_State *L);

/* Writes to stderr at once, past all buffers and their locks: the thread that holds such a lock may be waiting for
   the GIL. */
void report_write(const char *text, size_t length);

/* ---------------------------------------------------------------- deadlock_report.c ---------------------------- */

/* A place in a script. */
struct script_place {
  int line; /* 0: not known */
  char source[LUA_IDSIZE];
};

/* The line that runs on L: in the function at `level`, or where that is not of Lua in the first one above that is.
   Allocates nothing; L may be the state of a thread that is blocked. */
void script_place_find(lua_State *L, int level, struct script_place *out);

/* The story of the deadlock that would be there if `thread` waited. A vm_deadlock_story. */
char *deadlock_story(gil_thread *thread, const struct gil_reason *reason, gil_deadlock found);

/* ---------------------------------------------------------------- libraries ------------------------------------ */

#define WORKERS_THREAD_TYPE "gilvm.thread"
#define WORKERS_LOCK_TYPE "gilvm.lock"

/* A thread ends with these locks held: they stay locked, and say so. Those who wait for them for ever are told. */
void locks_orphan(struct thread *owner);

/* The thread is about to wait: what it holds now may become part of a deadlock. */
void locks_note_wait(const struct thread *owner);

/* For stories: where the lock that `on` is part of was acquired, and the name of an owner that has finished. */
const struct script_place *lock_place(const struct gil_waitable *on);
const char *lock_last_owner(const struct gil_waitable *on);

/* Make the metatables, as far as they do not exist yet. Raise. */
void thread_lib_make_type(lua_State *L);
void lock_lib_make_type(lua_State *L);

int lock_lib_new(lua_State *L); /* thread.lock([name]) */

/* Adds tick, latency and measure to the table on top of the stack. Raises. */
void marks_lib_add(lua_State *L);

int luaopen_gilvm(lua_State *L);
int luaopen_gilvm_thread(lua_State *L);
int luaopen_gilvm_time(lua_State *L);
int luaopen_gilvm_gil(lua_State *L);

/* ---------------------------------------------------------------- copies.c ------------------------------------- */

/* One copy of a script, as the OS thread or process that runs it sees it. */
struct copy_job {
  const struct copies_spec *spec;
  int index;   /* from 1 */
  bool reseed; /* a forked universe would draw the same random numbers as its sisters */
  struct copy_result *result;
  struct gil_snapshot **snapshot; /* where its lock's goes; NULL: not wanted */
  char name[GIL_NAME_BYTES];      /* of the thread that runs it; "" for an only copy: the standard name */
};

/* Runs one copy in a universe of its own, on the calling OS thread. Returns 0, or a code of gil_error (nothing
   ran). */
int copy_run_alone(const struct copy_job *job);

/* A universe could not be made for one copy among several: says so, and lets it count as failed. */
void copy_not_run(const struct copy_job *job, int error);

/* Prints "gilvm: ", the sentence and a newline to stderr, in one piece. Any thread; needs no lock. */
void copies_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Each fills `out`, whose arrays are there and zeroed. Return 0, or a code of gil_error (nothing ran). */
int interpreters_run(const struct copies_spec *spec, struct copies_result *out); /* interpreters.c */
int processes_run(const struct copies_spec *spec, struct copies_result *out);    /* processes.c */

/* Puts into `*job` what the copy with that index (from 1) is given. */
void copy_describe(struct copy_job *job, const struct copies_spec *spec, const struct copies_result *out,
                   unsigned index);

#endif
