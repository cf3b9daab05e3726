/* vm/vm.h - Lua 5.4 universes that run on many OS threads.
 *
 * A universe (`vm`) is one lua_State with its heap, its _G, and a GIL of its own. Each OS thread that runs in it has a
 * `vm_thread`: a Lua thread state of its own, anchored in the registry, and a place at the GIL. The VM is stock liblua
 * through its public API.
 *
 * Every function here that takes a lua_State requires that the calling OS thread holds the GIL of that state's
 * universe, unless it says otherwise. "May switch" means: other threads may have run when it returns, so whatever was
 * read from the heap before may have changed.
 */
#ifndef VM_H
#define VM_H

#include <lua.h>
#include <signal.h>
#include <stdio.h>

#include "gil/gil.h"
#include "vm/gilvm.h"

typedef struct vm vm;
typedef struct vm_thread vm_thread;

/* Where a checkpoint may take effect. */
enum vm_checkpoint_at {
  VM_CHECKPOINT_INSTRUCTION, /* between any two instructions: can split `n = n + 1` (CPython up to 3.9) */
  VM_CHECKPOINT_LINE,        /* at a new line, a back edge or a call: cannot (CPython 3.10 and later) */
};

/* What becomes of a wait that would be a deadlock. */
enum vm_deadlock {
  VM_DEADLOCK_ERROR,  /* the thread that is about to wait gets an error instead */
  VM_DEADLOCK_REPORT, /* it is printed on stderr, once, and the thread waits */
  VM_DEADLOCK_IGNORE, /* the thread waits */
};

struct vm_options {
  struct gil_policy_choice policy;
  enum vm_checkpoint_at checkpoint;
  enum vm_deadlock deadlock;
  const char *main_name; /* of the creating thread; NULL: "main" */
  int copy, copies;      /* what gilvm.worker() answers on the main thread: this is copy `copy` of `copies`, from 1 */
  bool exit_ends_copy;   /* os.exit unwinds all threads of this copy instead of ending the process */
  bool ignore_environment; /* as lua -E: LUA_PATH, LUA_CPATH are not read */
  void (*event)(void *user, const struct gil_event *event); /* NULL: nobody listens */
  void *event_user;
};

/* ---------------------------------------------------------------- universes ------------------------------------ */

/* A new universe with the standard libraries (the lock-aware versions). The calling OS thread becomes its main thread
   and holds its GIL on return; an OS thread is in one universe at most. Returns 0, GIL_E_MEMORY or GIL_E_THREADS. The
   caller owns `*out` and closes it on the same OS thread. */
int vm_create(const struct vm_options *options, vm **out);

/* Ends a universe: whatever other threads are left never run in it again (they stay parked at its lock, or park as
   soon as they want it), pending finalizers run, all is freed that they do not stand on. Requires: called on its main
   thread, with the GIL held; releases it. Streams are flushed. Returns 0, or -1 when standard output could not be
   written to the end (a message has been printed to stderr). */
int vm_close(vm *universe);

lua_State *vm_main_state(vm *universe);
gil *vm_gil(vm *universe);
enum vm_checkpoint_at vm_checkpoint_mode(vm *universe);
const struct vm_options *vm_get_options(const vm *universe);

/* From now on gil_policy_parse reads policies in Lua: PATH.lua. */
void vm_enable_lua_policies(void);

/* Another policy for the universe's lock, from now on; tells the interpreter of the new policy's ticks. */
void vm_set_policy(vm *universe, const struct gil_policy_choice *choice);

/* Flushes every stream that was opened through the io library, standard output included. Returns 0, or -1 with errno
   if one of the standard streams failed. May switch. */
int vm_flush_streams(vm *universe);

/* ---------------------------------------------------------------- threads -------------------------------------- */

/* Makes a thread of L's universe, to be run by an OS thread that the caller starts: a new Lua state, anchored, hooks
   clear, and a place at the lock. Raises a Lua error when memory is short; returns NULL and sets *error (GIL_E_THREADS)
   when the lock cannot take it. `user` is the caller's. */
vm_thread *vm_thread_new(lua_State *L, const char *name, void *user, int *error);

/* Takes back a vm_thread_new whose OS thread could not be started. */
void vm_thread_discard(lua_State *L, vm_thread *thread);

/* First and last act of the OS thread. Between the two it holds the GIL; the Lua state is valid there. `leave` clears
   the anchor, and `thread` is dead afterwards. Between, all Lua code runs under lua_pcall. */
void vm_thread_enter(vm_thread *thread) GIL_ACQUIRE(gil_held);
void vm_thread_leave(vm_thread *thread) GIL_RELEASE(gil_held);

/* The calling OS thread's thread, or NULL if it is in no universe. Any thread, lock or no lock. */
vm_thread *vm_self(void);

lua_State *vm_thread_state(vm_thread *thread); /* its root state */
lua_State *vm_thread_running_state(vm_thread *thread); /* the one whose code it runs: that, or a coroutine */
vm *vm_thread_vm(vm_thread *thread);
gil_thread *vm_thread_gil(vm_thread *thread);
void *vm_thread_user(vm_thread *thread);
void vm_thread_set_user(vm_thread *thread, void *user);
bool vm_thread_is_main(const vm_thread *thread);
/* Which copy of the script this thread belongs to; inherited from the thread that made it. */
int vm_thread_copy(const vm_thread *thread);
void vm_thread_set_copy(vm_thread *thread, int copy);

/* ---------------------------------------------------------------- the two doors -------------------------------- */

/* Door 1, on the program's own wish (gil.yield). Returns whether the lock changed hands. May switch; may raise. */
bool vm_yield(lua_State *L);

/* Door 2 for a wait that ends by gil_wake or at its deadline. Returns 0 or GIL_E_TIMEOUT; may be spurious: check your
   condition under the lock and call again. Raises the pending interrupt, if there is one, and the deadlock that the
   wait would be. May switch. */
int vm_wait(lua_State *L, const struct gil_reason *reason);

/* The same, but never raises: a pending interrupt, or a deadlock, makes it return 0 at once, and is raised later. For
   callers that must undo something first; they ask vm_is_interrupted. */
int vm_wait_quietly(const struct gil_reason *reason);

/* Who turns a deadlock into words: the story of what happens if `thread` waits for `reason`, malloced; NULL if memory
   is short. Called with the GIL held, while the whole graph stands still: must not touch Lua's heap, but may read the
   states of threads. Until it is set no wait is looked at. */
typedef char *vm_deadlock_story(gil_thread *thread, const struct gil_reason *reason, gil_deadlock found);
void vm_set_deadlock_story(vm *universe, vm_deadlock_story *story);

/* The story of the deadlock that has just kept the calling thread from waiting, which is not raised then; NULL: none.
   The caller frees it. For those who cannot raise. */
char *vm_take_deadlock(void);

/* Door 2 around a call that blocks in the system. Lua must not be touched between the two. errno is kept by both. */
void vm_block_begin(const struct gil_reason *reason) GIL_RELEASE(gil_held);
void vm_block_end(void) GIL_ACQUIRE(gil_held);

/* ---------------------------------------------------------------- unwinding ------------------------------------ */

/* Interrupts (Ctrl-C) and exits (os.exit in a copy) are Lua errors that pcall, xpcall and coroutine.resume pass on
   instead of catching. A thread that unwinds goes on unwinding until its bottom. */

/* Installs SIGINT handling for scripts: the first Ctrl-C interrupts every universe of this process, the second has the
   default action. Call on the process's main thread. `vm_signals_end` restores what was there. */
void vm_signals_begin(void);
void vm_signals_end(void);

/* How a parent passes a Ctrl-C on to a child that has called vm_signals_begin: the same as a first SIGINT, and nothing for
   one that has had its own already, as it has if the signal went to the whole process group. */
#define VM_SIGNAL_PASSED_ON (SIGRTMIN + 1)

/* Whether a Ctrl-C has come since vm_signals_begin. Any thread. */
bool vm_was_interrupted(void);

/* Interrupts all threads of the universe, wherever they are. Any OS thread that is in no universe, or the timekeeper. */
void vm_interrupt(vm *universe);

/* Interrupts every universe of this process. Normal context, not from a signal handler. */
void vm_interrupt_all(void);

/* Ends system calls in which interrupted threads are blocked. A call that is only about to begin is missed, so whoever
   waits for interrupted threads to end calls this every now and then. Normal context. */
void vm_nudge_all(void);

/* A parker that the SIGINT handler unparks as well: for a main thread that is in no universe and waits for others.
   NULL: none. Call on the process's main thread. */
void vm_set_interrupt_parker(gil_parker *parker);

/* Whether the calling thread has an interrupt or a deadlock that vm_raise_pending would raise. A deadlock is an error
   like any other: it can be caught. */
bool vm_is_interrupted(void);

/* Whether the calling thread has raised an interrupt or exit and is on its way to its bottom (or there). What its
   to-be-closed variables do on the way may wait as usual. */
bool vm_is_unwinding(void);

/* The calling thread is at its bottom and goes on, as a prompt does: what was pending or unwinding is forgotten. */
void vm_forget_interrupt(void);

/* Raises what is pending, if anything. */
void vm_raise_pending(lua_State *L);

/* Whether os.exit was called in this copy (vm_options.exit_ends_copy), and with which status. Ask at the bottom of the
   thread that ran the copy, after lua_pcall has returned an error. */
bool vm_exit_requested(vm_thread *thread, int *status);

/* ---------------------------------------------------------------- calls for programs --------------------------- */

/* lua_pcall with a traceback handler, as lua.c's docall. */
int vm_call(lua_State *L, int nargs, int nresults);

/* Replaces the error object on top by message and traceback, as lua.c's msghandler. A lua_CFunction. */
int vm_message_handler(lua_State *L);

#endif
