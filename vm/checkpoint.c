/* vm/checkpoint.c - the eval breaker: how a thread that runs bytecode comes to the first door. Room: vm/.
 * The handler runs as a signal handler on the holder's own OS thread; everything else with the GIL held.
 *
 * A thread runs with no hook at all, at Lua's full speed. When the policy asks the holder to yield, the holder's OS thread
 * gets SIGURG. The handler installs a hook on the state that runs there (which lua.c does from its SIGINT handler: it is
 * sound on the thread that runs the state, and a use after free from any other). The hook removes itself and goes
 * through the door.
 *
 *   instruction   a count hook: before some instruction, in the middle of a statement as likely as not. Lua's VM looks for
 *                 new hooks only at back edges, calls and other slow paths: a count of 1 would always strike right
 *                 after one of these, and `n = n + 1` in a loop would never be split. So the count is drawn, from 1 to
 *                 STRIDE_MAX.
 *   line          call and line hooks: at the next call, new line or back edge. The first line event after installing is
 *                 ignored, since Lua compares with an `oldpc` from when hooks were last on, and may report a new line
 *                 in mid-statement.
 *
 * Policies that count instructions (and builds that cannot rely on signals) keep a count hook installed for good, and pay
 * for it: every instruction takes the VM's slow path then, whatever the count.
 *
 * A kick can be lost inside Lua (luaG_traceexec reads `hookmask`, then clears `trap`); the policy asks again.
 */
#include <errno.h>
#include <lauxlib.h>

#include "vm_internal.h"

#if defined(__SANITIZE_THREAD__)
#define TSAN_BUILD 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN_BUILD 1
#endif
#endif

static void checkpoint_hook(lua_State *L, lua_Debug *ar) { vm_hook_event(L, vm_current, ar->event); }

/* ---------------------------------------------------------------- arming --------------------------------------- */

int vm_boundary_mask(const vm *universe) {
  return universe->options.checkpoint == VM_CHECKPOINT_LINE ? LUA_MASKCALL | LUA_MASKLINE : LUA_MASKCOUNT;
}

enum { STRIDE_MAX = 32 }; /* longer than the loop bodies in which races are shown; some 200 ns of slow path */

/* A number from 1 to STRIDE_MAX, of Marsaglia's xorshift. A signal that comes between costs a draw, nothing else. */
static int draw_stride(vm_thread *self) {
  uint32_t x = self->dice ? self->dice : gil_thread_id(self->gil) * 2654435761u | 1;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  self->dice = x;
  return (int)(x % STRIDE_MAX) + 1;
}

/* Also from the signal handler: calls nothing of Lua but lua_sethook and the getters beside it. An interrupt does not wait
   for a boundary: the script may be at its last line. */
void vm_arm(vm_thread *self, lua_State *L) {
  if (atomic_load_explicit(&self->closes, memory_order_relaxed)) return;
  bool is_user = lua_gethook(L) == vm_user_hook;
  lua_Hook hook = is_user ? vm_user_hook : checkpoint_hook;
  int before = lua_gethookmask(L);
  int mask = vm_boundary_mask(self->universe) | (before & (is_user ? ~0 : LUA_MASKCOUNT));
  if (atomic_load_explicit(&self->interrupted, memory_order_relaxed)) {
    lua_sethook(L, hook, mask | LUA_MASKCOUNT, 1);
  } else if (self->universe->options.checkpoint != VM_CHECKPOINT_LINE) {
    /* A permanent hook, or a script's, comes by itself soon, and looks at `kicked`. */
    bool comes_soon = vm_poll_instructions(self->universe) || (is_user && before & LUA_MASKCOUNT);
    if (!comes_soon) lua_sethook(L, hook, mask, draw_stride(self));
  } else if (!is_user || before != mask) { /* watched already: the script's count must not start anew */
    if (!(before & LUA_MASKLINE)) self->skip_line = true; /* with lines on already, `oldpc` is up to date */
    lua_sethook(L, hook, mask, lua_gethookcount(L));
  }
}

/* Arming visits every frame of the stack (lua_sethook does). On a deep one a kick takes longer than the interval to the
   next, and a thread that does nothing but arm never comes to the checkpoint. So of kicks that repeat one which was
   not obeyed yet, only the 1st, 2nd, 4th, 8th... arm again. */
static bool is_needless(vm_thread *self) {
  bool repeated = atomic_load_explicit(&self->kicked, memory_order_relaxed) &&
                  !atomic_load_explicit(&self->interrupted, memory_order_relaxed);
  self->repeats = repeated ? self->repeats + 1 : 0;
  return (self->repeats & (self->repeats - 1)) != 0;
}

static void on_kick(int signal_number) {
  (void)signal_number;
  vm_thread *self = vm_current;
  if (!self || is_needless(self)) return;
  int error = errno;
  atomic_store_explicit(&self->kicked, true, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
  if (atomic_load_explicit(&self->holding, memory_order_relaxed)) vm_arm(self, self->running);
  errno = error;
}

/* A nudge does its work by coming: it has no SA_RESTART, so the system call that it meets ends with EINTR. A kick must not
   do that to the calls of C modules. */
static void on_nudge(int signal_number) { (void)signal_number; }

static void install(int signal_number, void (*handler)(int), int flags) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  if (sigaction(signal_number, &action, NULL) != 0) gil_fatal("sigaction", errno);
}

static void install_handlers(void) {
  install(SIGURG, on_kick, SA_RESTART);
  install(SIGRTMIN, on_nudge, 0);
}

void vm_checkpoint_init(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  int error = pthread_once(&once, install_handlers);
  if (error) gil_fatal("pthread_once", error);
}

static void send(const vm_thread *thread, int signal_number) {
  int error = pthread_kill(thread->pthread, signal_number);
  if (error) gil_fatal("pthread_kill", error);
}

void vm_kick_thread(vm_thread *thread) { send(thread, SIGURG); }

void vm_nudge_thread(vm_thread *thread) { send(thread, SIGRTMIN); }

void vm_kick(void *user, gil_thread *holder) {
  (void)user;
  vm_kick_thread(gil_thread_user(holder));
}

/* ---------------------------------------------------------------- permanent hooks ------------------------------ */

int64_t vm_poll_instructions(const vm *universe) {
  if (universe->ticks) return universe->ticks;
  /* Primes: a loop whose length divides the count would always be struck in one place. */
#if defined(GILVM_STRESS)
  return 3;
#elif defined(TSAN_BUILD)
  return 997; /* TSan delivers signals late, to a pure loop never */
#else
  return 0;
#endif
}

void vm_sethook(vm_thread *self, lua_State *L, lua_Hook hook, int mask, int count) {
  bool holding = atomic_load_explicit(&self->holding, memory_order_relaxed);
  if (holding) vm_before_release(self);
  lua_sethook(L, hook, mask, count);
  if (!holding) return;
  atomic_store_explicit(&self->holding, true, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
  if (atomic_load_explicit(&self->kicked, memory_order_relaxed)) vm_arm(self, self->running);
}

void vm_disarm(vm_thread *self, lua_State *L) {
  if (lua_gethook(L) == vm_user_hook) {
    vm_restore_user_hook(self, L);
    return;
  }
  int64_t count = vm_poll_instructions(self->universe);
  if (count && lua_gethook(L) == checkpoint_hook && lua_gethookmask(L) == LUA_MASKCOUNT && lua_gethookcount(L) == count)
    return; /* it counts anew by itself; lua_sethook would visit every frame of the stack */
  vm_sethook(self, L, count ? checkpoint_hook : NULL, count ? LUA_MASKCOUNT : 0, (int)count);
}

/* ---------------------------------------------------------------- the door ------------------------------------- */

bool vm_checkpoint(lua_State *L, vm_thread *self, gil_cause cause) GIL_TRUSTED {
  vm_raise_pending(L);
  vm_before_release(self);
  bool switched = gil_checkpoint(self->gil, cause);
  vm_after_acquire(self);
  vm_raise_pending(L);
  return switched;
}

/* A call of a C function is no boundary: C functions call some themselves (lauxlib closes the box of a large buffer in
   this way, in mid-read), and count on running undivided. Loops and recursion in Lua have boundaries enough. */
static bool is_call_of_c(lua_State *L, int event) {
  lua_Debug ar;
  if (event != LUA_HOOKCALL && event != LUA_HOOKTAILCALL) return false;
  return lua_getstack(L, 0, &ar) && lua_getinfo(L, "S", &ar) && ar.what[0] == 'C';
}

/* Whether a checkpoint may take effect at this event. */
static bool is_boundary(lua_State *L, vm_thread *self, int event) {
  if (vm_is_interrupted()) return true;
  if (event == LUA_HOOKCOUNT && self->universe->options.checkpoint == VM_CHECKPOINT_LINE) {
    /* A permanent hook's count is over: the checkpoint is due at the next line. */
    if (self->universe->ticks) self->tick_due = true;
    vm_arm(self, L);
    return false;
  }
  if (event == LUA_HOOKLINE && self->skip_line) {
    self->skip_line = false;
    return false;
  }
  return !is_call_of_c(L, event);
}

void vm_hook_event(lua_State *L, vm_thread *self, int event) {
  if (!is_boundary(L, self, event)) return;
  bool kicked = atomic_load_explicit(&self->kicked, memory_order_relaxed);
  bool ticked = self->universe->ticks && (self->tick_due || (event == LUA_HOOKCOUNT && !kicked));
  self->tick_due = false;
  atomic_store_explicit(&self->kicked, false, memory_order_relaxed);
  vm_disarm(self, L);
  vm_checkpoint(L, self, ticked ? GIL_CAUSE_TICKS : GIL_CAUSE_INTERVAL);
}
