/* workers/thread.c - the threads of a universe: who is there, how one starts, ends and is waited for. Room: workers/.
 * thread_lib.c is what scripts see of it. Runs on any thread of a universe, with the GIL held.
 *
 * A handle holds everything that is known of a thread, from before its start until nobody can reach the handle. While
 * the thread runs the table of the living reaches it, so that the running thread never loses its own record.
 *
 * The function runs under lua_pcall from the first line; all that it needs is on its own state before the OS thread
 * exists: message handler, call_function, handle, function, arguments.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "workers_internal.h"

static const char roster_key, living_key; /* registry[&key]; the living: [address of struct thread] = handle */

void thread_list_append(struct thread_list *list, struct thread *thread) {
  thread->next = NULL;
  thread->prev = list->last;
  *(list->last ? &list->last->next : &list->first) = thread;
  list->last = thread;
}

void thread_list_remove(struct thread_list *list, struct thread *thread) {
  *(thread->prev ? &thread->prev->next : &list->first) = thread->next;
  *(thread->next ? &thread->next->prev : &list->last) = thread->prev;
}

/* ---------------------------------------------------------------- handles -------------------------------------- */

struct thread *thread_self(void) { return vm_thread_user(vm_self()); }

struct roster *roster_self(void) { return thread_self()->roster; }

void thread_push(lua_State *L, const struct thread *thread) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &living_key);
  lua_rawgetp(L, -1, thread);
  lua_remove(L, -2);
}

static void anchor(lua_State *L, int handle, const struct thread *thread) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &living_key);
  lua_pushvalue(L, handle);
  lua_rawsetp(L, -2, thread);
  lua_pop(L, 1);
}

/* Raises nothing: no table grows when nil is put into it. */
static void unanchor(lua_State *L, const struct thread *thread) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &living_key);
  lua_pushnil(L);
  lua_rawsetp(L, -2, thread);
  lua_pop(L, 1);
}

static struct thread *make_handle(lua_State *L, struct roster *roster) {
  struct thread *thread = lua_newuserdatauv(L, sizeof *thread, THREAD_USER_VALUES);
  memset(thread, 0, sizeof *thread);
  thread->roster = roster;
  thread->name = "?";
  thread->tickets = GIL_TICKETS_STANDARD;
  luaL_setmetatable(L, WORKERS_THREAD_TYPE);
  return thread;
}

void thread_set_name(lua_State *L, int handle, struct thread *thread) {
  const char *name = lua_tostring(L, -1);
  lua_setiuservalue(L, handle, THREAD_NAME);
  thread->name = name;
  if (thread->vm) gil_thread_rename(vm_thread_gil(thread->vm), name);
}

struct thread *thread_new(lua_State *L, int name_index) {
  struct thread *self = thread_self();
  struct thread *thread = make_handle(L, self->roster);
  thread->daemon = self->daemon;
  if (lua_isnoneornil(L, name_index))
    lua_pushfstring(L, "thread-%d", (int)++self->roster->names_given);
  else
    lua_pushvalue(L, name_index);
  thread_set_name(L, lua_gettop(L) - 1, thread);
  return thread;
}

static void enlist(struct thread *thread, vm_thread *runner) {
  thread->vm = runner;
  thread->end.owner = vm_thread_gil(runner);
  thread->ident = gil_thread_id(vm_thread_gil(runner));
  gil_thread_set_priority(vm_thread_gil(runner), thread->priority);
  gil_thread_set_tickets(vm_thread_gil(runner), thread->tickets);
  thread->state = THREAD_RUNNING;
  thread_list_append(&thread->roster->running, thread);
  thread->roster->running_count++;
}

static void strike_off(struct thread *thread, enum thread_state state) {
  thread->state = state;
  thread->vm = NULL;
  thread->end.owner = NULL;
  thread_list_remove(&thread->roster->running, thread);
  thread->roster->running_count--;
}

void threads_open(lua_State *L) {
  if (thread_self()) return;
  thread_lib_make_type(L);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &living_key);
  struct roster *roster = lua_newuserdatauv(L, sizeof *roster, 0);
  memset(roster, 0, sizeof *roster);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &roster_key);
  struct thread *self = make_handle(L, roster);
  lua_pushstring(L, gil_thread_name(vm_thread_gil(vm_self())));
  thread_set_name(L, lua_gettop(L) - 1, self);
  anchor(L, lua_gettop(L), self);
  lua_pop(L, 1);
  enlist(self, vm_self());
  vm_thread_set_user(vm_self(), self);
  vm *universe = vm_thread_vm(vm_self());
  roster->notes_places = vm_get_options(universe)->deadlock != VM_DEADLOCK_IGNORE;
  vm_set_deadlock_story(universe, deadlock_story);
}

/* ---------------------------------------------------------------- the life of a thread ------------------------- */

/* handle, function, arguments... -> what a thread's lua_pcall runs. Keeps the results in the handle. */
static int call_function(lua_State *L) {
  struct thread *thread = lua_touserdata(L, 1);
  lua_call(L, lua_gettop(L) - 2, LUA_MULTRET);
  int count = thread->result_count = lua_gettop(L) - 1;
  if (count > 1) {
    lua_createtable(L, count, 0);
    lua_insert(L, 2);
    for (int i = count; i >= 1; i--) lua_rawseti(L, 2, i);
  }
  if (count > 0) lua_setiuservalue(L, 1, THREAD_OUTCOME);
  return 0;
}

/* What the end of a function by an error means. The error object is on top. */
static void note_failure(lua_State *L, struct thread *thread) {
  thread_push(L, thread);
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, THREAD_OUTCOME);
  int handle = lua_gettop(L), exit_status;
  bool exits = vm_exit_requested(thread->vm, &exit_status), interrupted = vm_is_unwinding();
  vm_forget_interrupt(); /* what is called from here on is not to unwind */
  if (exits) {
    thread->roster->exit_copy = vm_thread_copy(thread->vm);
    thread->roster->exit_status = exit_status;
  } else if (interrupted) {
    report_interrupted(L, handle, thread);
  } else {
    report_failed(L, handle, thread);
  }
  lua_pop(L, 1);
}

/* From here on the thread counts as finished: nothing in between may switch. Returns a joiner that is to be woken. */
static gil_thread *finish(lua_State *L, struct thread *thread, enum thread_state state) {
  locks_orphan(thread);
  strike_off(thread, state);
  if (thread->untold) thread_list_append(&thread->roster->failed, thread);
  struct waiter *first = thread->joiners.first;
  gil_thread *joiner = first ? wait_answer_unwoken(&thread->joiners, first, 1) : NULL;
  wait_answer_all(&thread->joiners, 1);
  if (!thread->kept) unanchor(L, thread);
  return joiner;
}

/* Threads between leaving the lock and the end of their last gil_wake. */
static _Atomic unsigned departing;

/* The joiner is woken when the lock is free, or it would run into it and sleep once more. */
static void leave_and_wake(vm_thread *runner, gil_thread *joiner) GIL_RELEASE(gil_held);
static void leave_and_wake(vm_thread *runner, gil_thread *joiner) {
  atomic_fetch_add_explicit(&departing, 1, memory_order_relaxed); /* before the lock is let go, which publishes it */
  vm_thread_leave(runner);
  if (joiner) gil_wake(joiner);
  atomic_fetch_sub_explicit(&departing, 1, memory_order_release); /* pairs with threads_wait_departed */
}

void threads_wait_departed(void) {
  while (atomic_load_explicit(&departing, memory_order_acquire) > 0) sched_yield();
}

static void *run_thread(void *arg) {
  vm_thread *runner = arg;
  vm_thread_enter(runner);
  lua_State *L = vm_thread_state(runner);
  struct thread *thread = vm_thread_user(runner);
  int status = LUA_OK;
  if (thread->native)
    thread->native(L, thread->native_arg);
  else
    status = lua_pcall(L, lua_gettop(L) - 2, 0, 1);
  if (status != LUA_OK) note_failure(L, thread);
  leave_and_wake(runner, finish(L, thread, status == LUA_OK ? THREAD_FINISHED : THREAD_FAILED));
  return NULL;
}

/* ---------------------------------------------------------------- starting ------------------------------------- */

/* handle -> the error code. All of starting that may raise, so that the rest need not be undone by anybody else. */
static int prepare(lua_State *L) {
  struct thread *thread = lua_touserdata(L, 1);
  int error;
  anchor(L, 1, thread);
  vm_thread *runner = vm_thread_new(L, thread->name, thread, &error);
  if (runner) enlist(thread, runner);
  lua_pushinteger(L, error);
  return 1;
}

/* Takes back what `prepare` did, and raises. */
_Noreturn static void refuse(lua_State *L, struct thread *thread, const char *why) {
  vm_thread *runner = thread->vm;
  if (runner) {
    strike_off(thread, THREAD_NEW);
    vm_thread_discard(L, runner);
  }
  thread->ident = 0;
  unanchor(L, thread);
  luaL_error(L, "cannot start thread '%s': %s; %d threads are running", thread->name, why,
             (int)thread->roster->running_count);
  __builtin_unreachable();
}

void thread_start(lua_State *L, int handle, struct thread *thread, int nargs) {
  luaL_checkstack(L, 4, "thread");
  lua_pushcfunction(L, prepare);
  lua_pushvalue(L, handle);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
    unanchor(L, thread);
    lua_error(L);
  }
  int error = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (error) refuse(L, thread, gil_strerror(error));
  lua_State *root = vm_thread_state(thread->vm);
  if (!lua_checkstack(root, nargs + 4)) refuse(L, thread, "too many arguments, or not enough memory for them");
  if (!thread->native) {
    lua_pushcfunction(root, report_keep_traceback);
    lua_pushcfunction(root, call_function);
    lua_pushvalue(L, handle);
    lua_xmove(L, root, 1);
    lua_xmove(L, root, nargs + 1);
  }
  error = os_thread_start(run_thread, thread->vm, NULL);
  if (error) refuse(L, thread, lua_pushfstring(L, "the system refuses (%s)", strerror(error)));
}

/* ---------------------------------------------------------------- waiting -------------------------------------- */

/* Waits until the thread ends, or until somebody wants its joiners to look again (an answer as well). */
static int wait_once(lua_State *L, int handle, struct thread *thread, int64_t deadline_ns) {
  lua_getiuservalue(L, handle, THREAD_NAME); /* the name outlives the wait, whatever the thread is renamed to */
  const struct gil_reason reason = {.cause = GIL_CAUSE_JOIN,
                                    .deadline_ns = deadline_ns,
                                    .what = lua_tostring(L, -1),
                                    .on = &thread->end};
  int answer = wait_in_queue(&thread->joiners, thread_self(), &reason);
  lua_pop(L, 1);
  return answer < 0 ? answer : 0;
}

int thread_wait(lua_State *L, int handle, struct thread *thread, int64_t deadline_ns) {
  int result = 0;
  while (thread->state == THREAD_RUNNING && result == 0) result = wait_once(L, handle, thread, deadline_ns);
  return result;
}

void threads_abandon(struct roster *roster, int copy) {
  for (struct thread *t = roster->running.first; t; t = t->next) {
    if (vm_thread_copy(t->vm) != copy || vm_thread_is_main(t->vm)) continue;
    t->daemon = true;
    wait_answer_all(&t->joiners, 1);
  }
}

static struct thread *first_to_wait_for(const struct roster *roster) {
  struct thread *t = roster->running.first, *self = thread_self();
  while (t && (t->daemon || t == self || vm_thread_is_main(t->vm))) t = t->next;
  return t;
}

/* The script has ended, and one of its threads can never end: nobody is left to catch an error, so that is said, the
   thread is left behind like a daemon, and the program fails. Returns false if what has ended the wait is something
   else. */
static bool leave_deadlocked(struct thread *thread) {
  char *story = vm_take_deadlock();
  if (!story) return false;
  report_write("gilvm: ", 7);
  report_write(story, strlen(story));
  report_write("\n", 1);
  free(story);
  thread->daemon = thread->roster->has_reported = true;
  return true;
}

int threads_wait_all(lua_State *L, int64_t deadline_ns) {
  struct thread *thread;
  int result = 0;
  while (result == 0 && (thread = first_to_wait_for(roster_self()))) {
    thread_push(L, thread);
    result = wait_once(L, lua_gettop(L), thread, deadline_ns);
    if (result == WAIT_INTERRUPTED && leave_deadlocked(thread)) result = 0;
    lua_pop(L, 1);
  }
  return result;
}

void workers_join_all(lua_State *L) {
  luaL_checkstack(L, 4, "threads");
  if (threads_wait_all(L, GIL_NEVER) == WAIT_INTERRUPTED) wait_raise(L);
}
