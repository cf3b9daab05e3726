/* vm/universe.c - the life of a universe and of the threads in it, and the second door as seen from Lua. Room: vm/.
 * Runs on every OS thread that is in a universe.
 *
 * Each OS thread runs a lua_newthread state of its own, anchored in the registry under the address of its vm_thread.
 * That is sound because a thread lets go of the GIL only inside a hook or a C function: there the VM has saved the pc
 * and raised the top of the stack, so another thread's collector may mark, move and shrink the parked stack. Never
 * build on lua_lock or luai_threadyield instead: the collector's check in lvm.c yields with a stale base.
 */
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#include "vm_internal.h"

_Thread_local vm_thread *vm_current;

/* ---------------------------------------------------------------- the doors, from this side ------------------- */

/* The signal fences keep the order against the kick handler, which runs on the same OS thread: it sets `kicked`, then
   looks at `holding`; we set `holding`, then look at `kicked`. One of the two sees the other. */
void vm_before_release(vm_thread *self) {
  atomic_store_explicit(&self->holding, false, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
}

void vm_after_acquire(vm_thread *self) {
  /* Release pairs with vm_interrupt, which goes on to use `pthread`. */
  atomic_store_explicit(&self->holding, true, memory_order_release);
  atomic_signal_fence(memory_order_seq_cst);
  if (atomic_load_explicit(&self->kicked, memory_order_relaxed) ||
      atomic_load_explicit(&self->interrupted, memory_order_relaxed))
    vm_arm(self, self->running);
}

void vm_block_begin(const struct gil_reason *reason) GIL_TRUSTED {
  int error = errno;
  if (vm_current->entered_streams) vm_streams_hold(vm_current);
  vm_before_release(vm_current);
  gil_block_begin(vm_current->gil, reason);
  /* The calls of the system may be ended by a nudge; native code did not ask for that. */
  atomic_store_explicit(&vm_current->in_system, reason->cause != GIL_CAUSE_NATIVE, memory_order_release);
  errno = error;
}

void vm_block_end(void) GIL_TRUSTED {
  int error = errno;
  atomic_store_explicit(&vm_current->in_system, false, memory_order_release);
  gil_block_end(vm_current->gil);
  vm_after_acquire(vm_current);
  if (vm_current->entered_streams) vm_streams_release(vm_current);
  errno = error;
}

/* Whether the wait is refused because it would be a deadlock; the story is kept until it is raised. */
static bool is_deadlock(vm_thread *self, const struct gil_reason *reason) GIL_TRUSTED {
  const vm *universe = self->universe;
  if (!reason->on || !universe->deadlock_story || universe->options.deadlock == VM_DEADLOCK_IGNORE) return false;
  gil_deadlock found = gil_find_deadlock(self->gil, reason);
  if (found == GIL_DEADLOCK_NONE) return false;
  char *story = universe->deadlock_story(self->gil, reason, found);
  if (universe->options.deadlock == VM_DEADLOCK_REPORT) {
    dprintf(STDERR_FILENO, "gilvm: %s\n", story ? story : "deadlock");
    free(story);
    gil_deadlock_told(self->gil, reason, found);
    return false;
  }
  free(self->deadlock_story);
  self->deadlock_story = story;
  self->is_deadlocked = true;
  return true;
}

char *vm_take_deadlock(void) {
  vm_thread *self = vm_current;
  if (!self->is_deadlocked) return NULL;
  self->is_deadlocked = false;
  char *story = self->deadlock_story;
  self->deadlock_story = NULL;
  return story ? story : strdup("deadlock");
}

/* Called by C functions of Lua, which cannot carry the annotation: the GIL is held. */
int vm_wait_quietly(const struct gil_reason *reason) GIL_TRUSTED {
  vm_thread *self = vm_current;
  if (vm_is_interrupted() || is_deadlock(self, reason)) return GIL_OK;
  if (self->entered_streams) vm_streams_hold(self);
  vm_before_release(self);
  int result = gil_wait(self->gil, reason);
  vm_after_acquire(self);
  if (self->entered_streams) vm_streams_release(self);
  return result;
}

int vm_wait(lua_State *L, const struct gil_reason *reason) {
  vm_raise_pending(L);
  int result = vm_wait_quietly(reason);
  vm_raise_pending(L);
  return result;
}

bool vm_yield(lua_State *L) { return vm_checkpoint(L, vm_current, GIL_CAUSE_YIELD); }

void gilvm_blocking_begin(lua_State *L) GIL_TRUSTED {
  static const struct gil_reason native = {.cause = GIL_CAUSE_NATIVE, .deadline_ns = GIL_NEVER};
  (void)L;
  vm_block_begin(&native);
}

void gilvm_blocking_end(lua_State *L) GIL_TRUSTED {
  (void)L;
  vm_block_end();
}

/* ---------------------------------------------------------------- threads -------------------------------------- */

static void link_thread(vm *universe, vm_thread *thread) {
  pthread_mutex_lock(&universe->threads_mutex);
  thread->next = universe->threads;
  if (thread->next) thread->next->prev = thread;
  universe->threads = thread;
  pthread_mutex_unlock(&universe->threads_mutex);
}

static void unlink_thread(vm *universe, vm_thread *thread) {
  pthread_mutex_lock(&universe->threads_mutex);
  *(thread->prev ? &thread->prev->next : &universe->threads) = thread->next;
  if (thread->next) thread->next->prev = thread->prev;
  pthread_mutex_unlock(&universe->threads_mutex);
}

/* A thread without its Lua state. */
static int make_thread(vm *universe, const char *name, void *user, vm_thread **out) {
  vm_thread *thread = calloc(1, sizeof *thread);
  if (!thread) return GIL_E_MEMORY;
  thread->universe = universe;
  thread->user = user;
  thread->counts = universe->ticks > 0;
  int error = gil_attach(universe->lock, name, thread, &thread->gil);
  if (error) {
    free(thread);
    return error;
  }
  *out = thread;
  return GIL_OK;
}

vm_thread *vm_thread_new(lua_State *L, const char *name, void *user, int *error) {
  vm *universe = vm_current->universe;
  lua_State *root = lua_newthread(L);
  vm_thread *thread = NULL;
  *error = make_thread(universe, name, user, &thread);
  if (*error == GIL_OK) {
    thread->root = thread->running = root;
    thread->copy = vm_current->copy;
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, thread); /* may raise: an attached thread that never enters is harmless */
    vm_disarm(thread, root);                   /* a new state inherits its maker's hook, armed or not */
    link_thread(universe, thread);
  }
  lua_pop(L, 1);
  return thread;
}

static void unanchor(lua_State *L, vm_thread *thread) {
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, thread);
}

void vm_thread_discard(lua_State *L, vm_thread *thread) {
  unanchor(L, thread);
  unlink_thread(thread->universe, thread);
  gil_detach_unentered(thread->gil);
  free(thread);
}

void vm_thread_enter(vm_thread *thread) GIL_TRUSTED {
  thread->pthread = pthread_self(); /* before the thread can be the holder, whom others kick */
  vm_current = thread;
  gil_enter(thread->gil);
  vm_after_acquire(thread);
}

void vm_thread_leave(vm_thread *thread) GIL_TRUSTED {
  /* An empty state is a dead coroutine to a script that kept it, not one to be resumed. */
  lua_settop(thread->root, 0);
  unanchor(thread->root, thread);
  vm_before_release(thread);
  unlink_thread(thread->universe, thread);
  vm_current = NULL;
  gil_leave(thread->gil);
  free(thread->deadlock_story);
  free(thread);
}

vm_thread *vm_self(void) { return vm_current; }
lua_State *vm_thread_state(vm_thread *thread) { return thread->root; }
lua_State *vm_thread_running_state(vm_thread *thread) { return thread->running; }
vm *vm_thread_vm(vm_thread *thread) { return thread->universe; }
gil_thread *vm_thread_gil(vm_thread *thread) { return thread->gil; }
void *vm_thread_user(vm_thread *thread) { return thread->user; }
void vm_thread_set_user(vm_thread *thread, void *user) { thread->user = user; }
bool vm_thread_is_main(const vm_thread *thread) { return thread == thread->universe->main_thread; }
int vm_thread_copy(const vm_thread *thread) { return thread->copy; }
void vm_thread_set_copy(vm_thread *thread, int copy) { thread->copy = copy; }

/* ---------------------------------------------------------------- universes ------------------------------------ */

#ifdef GILVM_STRESS
/* Refuses every new object once. Lua then collects everything in an emergency and asks again: a full collection at every
   allocation, by means of the public API. In a large heap only now and then, to get through. Objects are told by the
   type that comes in the place of the old size; blocks that grow are let pass, since lauxlib's buffers call the allocator
   directly and do not ask twice. */
struct stress {
  size_t bytes, skipped;
  bool refused;
};

static void *stress_alloc(void *user, void *block, size_t old_bytes, size_t new_bytes) {
  struct stress *stress = user;
  size_t had = block ? old_bytes : 0;
  if (!block && old_bytes > 0) { /* what the collection itself frees or shrinks comes between the refusal and the second try */
    if (!stress->refused && stress->skipped++ >= stress->bytes / (64 * 1024)) {
      stress->refused = true;
      stress->skipped = 0;
      return NULL;
    }
    stress->refused = false;
  }
  stress->bytes += new_bytes - had;
  if (new_bytes > 0) return realloc(block, new_bytes);
  free(block);
  return NULL;
}

static void stress_allocations(lua_State *L) {
  struct stress *stress = calloc(1, sizeof *stress); /* lives as long as the process */
  if (stress) lua_setallocf(L, stress_alloc, stress);
}
#else
static void stress_allocations(lua_State *L) { (void)L; }
#endif

static void forward_event(void *user, const struct gil_event *event) {
  vm *universe = user;
  universe->options.event(universe->options.event_user, event);
}

static int open_libraries(lua_State *L) {
  if (vm_current->universe->options.ignore_environment) {
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV"); /* as lua.c does for -E; loadlib.c looks there */
  }
  luaL_openlibs(L);
  vm_open_base(L);
  vm_open_coroutine(L);
  vm_open_hooks(L);
  vm_open_io(L);
  vm_open_os(L);
  return 0;
}

/* The part of vm_create that cannot be undone by just freeing. */
static int start(vm *universe) GIL_TRUSTED {
  const struct gil_callbacks callbacks = {.kick = vm_kick,
                                          .poked = vm_poked,
                                          .event = universe->options.event ? forward_event : NULL,
                                          .user = universe};
  universe->lock = gil_create(&universe->options.policy, &callbacks);
  if (!universe->lock) return GIL_E_MEMORY;
  universe->ticks = gil_tick_instructions(universe->lock);
  const char *name = universe->options.main_name ? universe->options.main_name : "main";
  int error = make_thread(universe, name, NULL, &universe->main_thread);
  if (error) {
    gil_destroy(universe->lock);
    return error;
  }
  vm_thread *thread = universe->main_thread;
  thread->root = thread->running = universe->main_state;
  thread->copy = universe->options.copy;
  link_thread(universe, thread);
  vm_checkpoint_init();
  vm_register_live(universe);
  vm_thread_enter(thread);
  return GIL_OK;
}

int vm_create(const struct vm_options *options, vm **out) {
  vm *universe = calloc(1, sizeof *universe);
  if (!universe) return GIL_E_MEMORY;
  universe->options = *options;
  pthread_mutex_init(&universe->threads_mutex, NULL);
  lua_State *L = universe->main_state = luaL_newstate();
  int error = L ? start(universe) : GIL_E_MEMORY;
  if (error) {
    if (L) lua_close(L);
    free(universe);
    return error;
  }
  lua_pushcfunction(L, open_libraries);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
    vm_close(universe);
    return GIL_E_MEMORY; /* opening the libraries has no other way to fail */
  }
  stress_allocations(L);
  vm_disarm(universe->main_thread, L);
  *out = universe;
  return GIL_OK;
}

/* Says that a block is meant to stay. */
static void leave_behind(void *block) {
#if defined(__SANITIZE_ADDRESS__)
  if (block) __lsan_ignore_object(block);
#else
  (void)block;
#endif
}

/* Frees nothing. Threads that are left behind may be inside a system call that reads from a string or writes to a buffer
   of the universe; the process ends soon. */
static void *keeping_alloc(void *user, void *block, size_t old_bytes, size_t new_bytes) {
  (void)user;
  if (block && new_bytes > 0 && new_bytes <= old_bytes) return block;
  leave_behind(block);
  if (new_bytes == 0) return NULL;
  void *grown = malloc(new_bytes);
  if (grown && block) memcpy(grown, block, old_bytes);
  return grown;
}

void vm_seal(vm_thread *self) GIL_TRUSTED {
  gil_seal(self->gil);
  if (self->universe->threads != self || self->next) lua_setallocf(self->universe->main_state, keeping_alloc, NULL);
  vm_streams_seal(self->universe);
  self->running = self->universe->main_state;
  /* A kick that is still on its way would arm a state that is being freed. Nobody asks a keeper to yield; and finalizers
     that do not end are ended by a second Ctrl-C. */
  atomic_store_explicit(&self->closes, true, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
}

int vm_close(vm *universe) GIL_TRUSTED {
  vm_thread *self = universe->main_thread;
  vm_seal(self);
  vm_forget_interrupt(); /* finalizers run as in any program */
  lua_close(universe->main_state);
  int result = vm_streams_finish(universe);
  vm_unregister_live(universe);
  vm_before_release(self);
  unlink_thread(universe, self);
  vm_current = NULL;
  gil_leave(self->gil);
  free(self->deadlock_story);
  free(self);
  gil_destroy(universe->lock);
  /* Threads that are left stand on this memory: they come back from a system call, want the lock, and park. */
  if (!universe->threads) {
    pthread_mutex_destroy(&universe->threads_mutex);
    free(universe);
  }
  return result;
}

lua_State *vm_main_state(vm *universe) { return universe->main_state; }
gil *vm_gil(vm *universe) { return universe->lock; }
void vm_set_deadlock_story(vm *universe, vm_deadlock_story *story) { universe->deadlock_story = story; }
enum vm_checkpoint_at vm_checkpoint_mode(vm *universe) { return universe->options.checkpoint; }
const struct vm_options *vm_get_options(const vm *universe) { return &universe->options; }

void vm_set_policy(vm *universe, const struct gil_policy_choice *choice) {
  gil_set_policy(universe->lock, choice);
  universe->options.policy = *choice;
  universe->ticks = gil_tick_instructions(universe->lock);
  /* A state that runs uncounted under a policy of ticks would never let go. So all that run are visited (they are parked,
     and we hold the GIL); suspended coroutines are looked at when they are resumed. */
  pthread_mutex_lock(&universe->threads_mutex);
  for (vm_thread *t = universe->threads; t; t = t->next) {
    t->counts = universe->ticks > 0;
    vm_disarm(t, t->running);
  }
  pthread_mutex_unlock(&universe->threads_mutex);
}

/* ---------------------------------------------------------------- calls for programs --------------------------- */

int vm_message_handler(lua_State *L) {
  const char *message = lua_tostring(L, 1);
  if (!message) {
    if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING) return 1;
    message = lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
  }
  luaL_traceback(L, L, message, 1);
  return 1;
}

int vm_call(lua_State *L, int nargs, int nresults) {
  int base = lua_gettop(L) - nargs;
  lua_pushcfunction(L, vm_message_handler);
  lua_insert(L, base);
  int status = lua_pcall(L, nargs, nresults, base);
  lua_remove(L, base);
  return status;
}
