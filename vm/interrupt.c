/* vm/interrupt.c - Ctrl-C, and unwinding that no pcall stops. Room: vm/. The handler runs on the process's main thread;
 * the rest anywhere.
 *
 * The first Ctrl-C interrupts everybody: a thread that runs bytecode raises "interrupted!" at its next checkpoint, a
 * thread that waits raises it out of its wait. The second has the default action and ends the process, as with lua.
 *
 * The handler itself can do little: it interrupts its own thread, and pokes the lock's timekeeper, which visits all
 * others in normal context (vm_interrupt). A universe without a timekeeper has one thread, the main one.
 *
 * An interrupt that a script's pcall could catch would leave `while true do pcall(f) end` running for ever. So a thread
 * that has raised one is "unwinding": pcall, xpcall, coroutine.resume and close pass errors on (base.c, coroutine.c)
 * until the thread is at its bottom. To-be-closed variables are closed on the way. os.exit in a copy of a script goes
 * the same way.
 *
 * LOCK ORDER: live_mutex, or a lock's mutex (in the timekeeper), then vm.threads_mutex.
 */
#include <errno.h>
#include <lauxlib.h>

#include "vm_internal.h"

static _Atomic bool interrupted;
static pthread_t main_pthread; /* written before the handler is installed */
static gil_parker *_Atomic main_parker;

static pthread_mutex_t live_mutex = PTHREAD_MUTEX_INITIALIZER;
static vm *live; /* all universes of the process; guarded by live_mutex */

/* ---------------------------------------------------------------- who is there ---------------------------------- */

void vm_register_live(vm *universe) {
  pthread_mutex_lock(&live_mutex);
  universe->next_live = live;
  if (live) live->prev_live = universe;
  live = universe;
  pthread_mutex_unlock(&live_mutex);
}

void vm_unregister_live(vm *universe) {
  pthread_mutex_lock(&live_mutex);
  *(universe->prev_live ? &universe->prev_live->next_live : &live) = universe->next_live;
  if (universe->next_live) universe->next_live->prev_live = universe->prev_live;
  pthread_mutex_unlock(&live_mutex);
}

/* Ends a system call that the thread is in. The one that it is about to begin is missed: vm_nudge_all comes again. */
static void nudge(vm_thread *thread) {
  if (atomic_load_explicit(&thread->in_system, memory_order_acquire)) vm_nudge_thread(thread);
}

static void interrupt_all_but(vm *universe, const vm_thread *spared) {
  pthread_mutex_lock(&universe->threads_mutex);
  for (vm_thread *t = universe->threads; t; t = t->next) {
    if (t == spared) continue;
    atomic_store_explicit(&t->interrupted, true, memory_order_relaxed);
    gil_wake(t->gil);
    /* One that takes the lock at this moment sees `interrupted` right after (vm_after_acquire). */
    if (atomic_load_explicit(&t->holding, memory_order_acquire)) vm_kick_thread(t);
    nudge(t);
  }
  pthread_mutex_unlock(&universe->threads_mutex);
}

void vm_interrupt(vm *universe) { interrupt_all_but(universe, NULL); }

/* The handler pokes on the main thread, which it has interrupted already. By now that thread may have unwound and be back
   at a prompt: it must not be interrupted a second time for one Ctrl-C. */
void vm_poked(void *user, gil_thread *holder) {
  (void)holder;
  vm *universe = user;
  interrupt_all_but(universe, universe->main_thread);
}

void vm_interrupt_all(void) {
  pthread_mutex_lock(&live_mutex);
  for (vm *universe = live; universe; universe = universe->next_live) vm_interrupt(universe);
  pthread_mutex_unlock(&live_mutex);
}

void vm_nudge_all(void) {
  pthread_mutex_lock(&live_mutex);
  for (vm *universe = live; universe; universe = universe->next_live) {
    pthread_mutex_lock(&universe->threads_mutex);
    for (vm_thread *t = universe->threads; t; t = t->next)
      if (atomic_load_explicit(&t->interrupted, memory_order_relaxed)) nudge(t);
    pthread_mutex_unlock(&universe->threads_mutex);
  }
  pthread_mutex_unlock(&live_mutex);
}

/* ---------------------------------------------------------------- the signal ----------------------------------- */

static void on_interrupt(int signal_number) {
  int error = errno;
  if (!pthread_equal(pthread_self(), main_pthread)) {
    /* The system prefers the main thread, but is free to choose. What follows is written for that one. */
    pthread_kill(main_pthread, signal_number);
    errno = error;
    return;
  }
  signal(signal_number, SIG_DFL);
  atomic_store_explicit(&interrupted, true, memory_order_relaxed);
  vm_thread *self = vm_current;
  if (self) {
    atomic_store_explicit(&self->interrupted, true, memory_order_relaxed);
    gil_wake(self->gil);
    atomic_store_explicit(&self->kicked, true, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&self->holding, memory_order_relaxed)) vm_arm(self, self->running);
    gil_poke(self->universe->lock);
  }
  gil_parker *parker = atomic_load_explicit(&main_parker, memory_order_acquire);
  if (parker) gil_unpark(parker);
  errno = error;
}

static void on_passed_on(int signal_number) {
  (void)signal_number;
  if (!vm_was_interrupted()) on_interrupt(SIGINT);
}

/* No SA_RESTART: a read that blocks is to end. */
void vm_signals_begin(void) {
  atomic_store_explicit(&interrupted, false, memory_order_relaxed);
  main_pthread = pthread_self();
  struct sigaction action = {.sa_handler = on_interrupt};
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGINT, &action, NULL) != 0) gil_fatal("sigaction", errno);
  action.sa_handler = on_passed_on;
  if (sigaction(VM_SIGNAL_PASSED_ON, &action, NULL) != 0) gil_fatal("sigaction", errno);
}

void vm_signals_end(void) { signal(SIGINT, SIG_DFL); }

void vm_set_interrupt_parker(gil_parker *parker) {
  atomic_store_explicit(&main_parker, parker, memory_order_release);
}

bool vm_was_interrupted(void) { return atomic_load_explicit(&interrupted, memory_order_relaxed); }

/* ---------------------------------------------------------------- unwinding ------------------------------------ */

bool vm_is_interrupted(void) {
  vm_thread *self = vm_current;
  if (self && self->is_deadlocked) return true;
  return self && atomic_load_explicit(&self->interrupted, memory_order_relaxed) && !vm_is_unwinding();
}

bool vm_is_unwinding(void) { return vm_current && vm_current->unwinding != VM_UNWIND_NONE; }

/* An error that scripts can catch, also in to-be-closed variables on the way to the bottom. The story stays with the
   thread until its text has become Lua's, lest it be lost where memory is short. */
_Noreturn static void raise_deadlock(lua_State *L, vm_thread *self) {
  self->is_deadlocked = false;
  luaL_error(L, "%s", self->deadlock_story ? self->deadlock_story : "deadlock");
  __builtin_unreachable();
}

static _Noreturn void unwind_for_exit(lua_State *L, vm_thread *self) {
  self->unwinding = VM_UNWIND_EXIT;
  lua_pushliteral(L, "os.exit");
  lua_error(L);
  __builtin_unreachable();
}

/* A thread that unwinds already runs its to-be-closed variables: those are not interrupted once more. */
void vm_raise_pending(lua_State *L) {
  vm_thread *self = vm_current;
  if (self->is_deadlocked) raise_deadlock(L, self);
  if (!atomic_exchange_explicit(&self->interrupted, false, memory_order_relaxed)) return;
  if (self->unwinding != VM_UNWIND_NONE) return;
  if (self->exits) unwind_for_exit(L, self);
  self->unwinding = VM_UNWIND_INTERRUPT;
  luaL_error(L, "interrupted!");
}

void vm_forget_interrupt(void) {
  vm_thread *self = vm_current;
  atomic_store_explicit(&self->interrupted, false, memory_order_relaxed);
  self->unwinding = VM_UNWIND_NONE;
  self->is_deadlocked = false;
}

/* The whole copy ends: its other threads, which are parked while we hold the GIL, unwind as soon as they wake. */
void vm_raise_exit(lua_State *L, int status) {
  vm_thread *self = vm_current;
  pthread_mutex_lock(&self->universe->threads_mutex);
  for (vm_thread *t = self->universe->threads; t; t = t->next) {
    if (t->copy != self->copy) continue;
    t->exits = true;
    t->exit_status = status;
    if (t == self) continue;
    atomic_store_explicit(&t->interrupted, true, memory_order_relaxed);
    gil_wake(t->gil);
    nudge(t);
  }
  pthread_mutex_unlock(&self->universe->threads_mutex);
  unwind_for_exit(L, self);
}

bool vm_exit_requested(vm_thread *thread, int *status) {
  if (thread->unwinding != VM_UNWIND_EXIT) return false;
  *status = thread->exit_status;
  return true;
}
