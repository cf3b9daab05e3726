/* vm/policy_run.c - a policy in Lua at work: the events of a lock become calls of Lua functions. Room: vm/. Runs on
 * whatever thread comes to the lock, the timekeeper among them, under the lock's mutex, which guards the state.
 *
 * A lock's policy is a `struct run` with a state of its own, made when the policy comes into force. Threads and the
 * lock are userdata there. A thread's is made when it is first shown and found again by its address; since a lock
 * uses the memory of a thread that has left for the next one, it holds the thread's id as well.
 *
 * Every call is protected. An error ends the policy (gil_policy_fails), and the lock goes on under a safe one.
 */
#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "policy_lua.h"

struct run {
  lua_State *L;
  gil *lock;
  size_t used; /* bytes of the state */
  int64_t tick_instructions;
};

/* One event, and what the policy answers. */
struct call {
  enum policy_event event;
  gil_thread *thread; /* NULL: the event is nobody's */
  gil_cause cause;
  int64_t now_ns;
  int64_t number; /* the answer, where it is a time or a count */
  bool yes;
  struct gil_choice choice;
};

struct thread_handle {
  gil_thread *thread;
  uint32_t id;
};

#define THREAD_TYPE "thread of the lock"
#define LOCK_TYPE "lock"

/* Fixed places on the state's stack, and among the upvalues of run_event. */
enum { STACK_HANDLER = 1, STACK_RUN_EVENT, STACK_TOP = STACK_RUN_EVENT };
enum { UPVALUE_LOCK = 1, UPVALUE_FUNCTIONS };

static const char threads_key; /* its address is the registry's key for the handles of threads */

static struct run *run_of(const gil *lock) { return *(struct run **)gil_lock_slot(lock); }

/* ---------------------------------------------------------------- threads, as a policy sees them --------------- */

static void push_thread(lua_State *L, gil_thread *thread) {
  if (!thread) {
    lua_pushnil(L);
    return;
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &threads_key);
  lua_rawgetp(L, -1, thread);
  const struct thread_handle *known = lua_touserdata(L, -1);
  if (!known || known->id != gil_thread_id(thread)) {
    lua_pop(L, 1);
    struct thread_handle *handle = lua_newuserdatauv(L, sizeof *handle, 1);
    *handle = (struct thread_handle){thread, gil_thread_id(thread)};
    luaL_setmetatable(L, THREAD_TYPE);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, thread);
  }
  lua_remove(L, -2);
}

/* NULL: something else. Told by its size from the only other userdata there are, locks: luaL_testudata would look the
   type up by its name. */
static const struct thread_handle *test_thread(lua_State *L, int index) {
  bool is_thread = lua_type(L, index) == LUA_TUSERDATA && lua_rawlen(L, index) == sizeof(struct thread_handle);
  return is_thread ? lua_touserdata(L, index) : NULL;
}

static gil_thread *check_thread(lua_State *L, int index) {
  const struct thread_handle *handle = test_thread(L, index);
  if (!handle) {
    luaL_typeerror(L, index, THREAD_TYPE);
    return NULL;
  }
  if (gil_thread_id(handle->thread) != handle->id) luaL_error(L, "thread %d has ended", (int)handle->id);
  return handle->thread;
}

static int push_state(lua_State *L) {
  if (lua_getiuservalue(L, 1, 1) != LUA_TNIL) return 1;
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, 1, 1);
  return 1;
}

static int thread_index(lua_State *L) {
  const struct thread_handle *handle = lua_touserdata(L, 1); /* nobody else can call this: see __metatable */
  const char *key = luaL_checkstring(L, 2);
  if (strcmp(key, "state") == 0) return push_state(L);
  if (strcmp(key, "id") == 0) {
    lua_pushinteger(L, handle->id);
    return 1;
  }
  gil_thread *thread = check_thread(L, 1);
  if (strcmp(key, "name") == 0)
    lua_pushstring(L, gil_thread_name(thread));
  else if (strcmp(key, "priority") == 0)
    lua_pushinteger(L, gil_thread_priority(thread));
  else if (strcmp(key, "tickets") == 0)
    lua_pushinteger(L, gil_thread_tickets(thread));
  else if (strcmp(key, "is_waiting") == 0)
    lua_pushboolean(L, gil_is_waiting(thread));
  else
    return luaL_error(
        L,
        "a thread has no '%s'; it has: id, name, priority, tickets, is_waiting, and the table 'state', which is "
        "the policy's",
        key);
  return 1;
}

static int thread_newindex(lua_State *L) {
  return luaL_error(L, "a thread cannot be changed; keep '%s' in its table 'state'", luaL_tolstring(L, 2, NULL));
}

/* ---------------------------------------------------------------- the lock, as a policy sees it ---------------- */

/* For methods, whose first upvalue is the run. */
static gil *check_lock(lua_State *L) {
  const struct run *run = lua_touserdata(L, lua_upvalueindex(1));
  const void *const *handle = lua_touserdata(L, 1);
  if (!handle || *handle != run) luaL_error(L, "a method of the lock is called with a colon, like lock:first()");
  return run->lock;
}

/* A time that a policy gives: nil and infinity never come. */
static int64_t check_time(lua_State *L, int index, const char *what) {
  int is_integer;
  if (lua_isnil(L, index) || lua_isnone(L, index)) return GIL_NEVER;
  int64_t time = lua_tointegerx(L, index, &is_integer);
  if (is_integer && lua_type(L, index) == LUA_TNUMBER) return time;
  if (lua_type(L, index) != LUA_TNUMBER || isnan(lua_tonumber(L, index)))
    return luaL_error(L, "%s is '%s': it should be a time in nanoseconds, or nil for never", what,
                      luaL_tolstring(L, index, NULL));
  lua_Number number = lua_tonumber(L, index);
  if (number >= 9e18) return GIL_NEVER;
  return number <= -9e18 ? 0 : (int64_t)number;
}

static int lock_first(lua_State *L) {
  push_thread(L, gil_first_waiter(check_lock(L)));
  return 1;
}

static int next_waiter(lua_State *L) {
  if (lua_isnoneornil(L, 2)) return lock_first(L);
  gil_thread *waiter = check_thread(L, 2);
  push_thread(L, gil_is_waiting(waiter) ? gil_next_waiter(waiter) : NULL);
  return 1;
}

/* for thread in lock:waiters() do ... end */
static int lock_waiters(lua_State *L) {
  check_lock(L);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushvalue(L, 1);
  return 2;
}

static int lock_ask(lua_State *L) {
  gil_ask(check_lock(L), lua_isnoneornil(L, 2) ? NULL : check_thread(L, 2));
  return 0;
}

static int lock_set_tick(lua_State *L) {
  gil *lock = check_lock(L);
  gil_set_tick(lock, check_time(L, 2, "the time for set_tick"));
  return 0;
}

static int lock_index(lua_State *L) {
  gil *lock = (*(const struct run *const *)lua_touserdata(L, 1))->lock; /* as in thread_index */
  const char *key = luaL_checkstring(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  if (strcmp(key, "holder") == 0)
    push_thread(L, gil_holder(lock));
  else if (strcmp(key, "switch_number") == 0)
    lua_pushinteger(L, (lua_Integer)gil_switch_number(lock));
  else if (strcmp(key, "is_asked") == 0)
    lua_pushboolean(L, gil_is_asked(lock));
  else if (strcmp(key, "params") == 0)
    lua_getiuservalue(L, 1, 1);
  else
    return luaL_error(L,
                      "the lock has no '%s'; it has: first, waiters, ask, set_tick, holder, switch_number, is_asked, "
                      "params",
                      key);
  return 1;
}

/* ---------------------------------------------------------------- one event ------------------------------------ */

static struct gil_choice check_choice(lua_State *L) {
  static const char *const ways[] = {"handoff", "open", "forced", NULL};
  struct gil_choice choice = {.how = GIL_OPEN};
  if (!lua_isnil(L, -3) && !test_thread(L, -3))
    luaL_error(L, "'lets_go' returned '%s': it should be a thread that waits, or nil", luaL_tolstring(L, -3, NULL));
  if (!lua_isnil(L, -3)) {
    choice.thread = check_thread(L, -3);
    choice.how = GIL_HANDOFF;
    if (!gil_is_waiting(choice.thread))
      luaL_error(L, "'lets_go' named thread %d ('%s'), which does not wait for the lock",
                 (int)gil_thread_id(choice.thread), gil_thread_name(choice.thread));
  }
  if (lua_isnil(L, -2)) return choice;
  const char *how = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "";
  int way = 0;
  while (ways[way] && strcmp(ways[way], how) != 0) way++;
  if (!ways[way] || (way == 0 && !choice.thread))
    luaL_error(L,
               "'lets_go' returned '%s' as its second result: it should be one of handoff (which needs a thread), "
               "open, forced",
               luaL_tolstring(L, -2, NULL));
  choice.how = way == 0 ? GIL_HANDOFF : GIL_OPEN;
  choice.forced = way == 2;
  if (lua_isnil(L, -1)) return choice;
  choice.pause_ns = check_time(L, -1, "the pause that 'lets_go' returned");
  if (way != 1 || choice.pause_ns < 0 || choice.pause_ns > 1000000000)
    luaL_error(L, "'lets_go' returned the pause '%s': it goes with open, and is from 0 to 1000000000 ns",
               luaL_tolstring(L, -1, NULL));
  return choice;
}

/* The three results of the function, most of them nil, are on top. */
static void take_answer(lua_State *L, struct call *call) {
  switch (call->event) {
    case POLICY_WAITS:
      call->number = check_time(L, -3, "what 'waits' returned");
      break;
    case POLICY_PATIENCE_ENDS:
      call->number = check_time(L, -3, "what 'patience_ends' returned");
      break;
    case POLICY_TICK:
      call->number = check_time(L, -3, "what 'tick' returned");
      break;
    case POLICY_TICK_INSTRUCTIONS:
      call->number = lua_tointeger(L, -3);
      if (!lua_isinteger(L, -3) || call->number < 0 || call->number > 1000000000)
        luaL_error(L, "'tick_instructions' returned '%s': it should be a whole number from 0 (none) to 1000000000",
                   luaL_tolstring(L, -3, NULL));
      break;
    case POLICY_YIELDS:
      call->yes = lua_toboolean(L, -3);
      break;
    case POLICY_LETS_GO:
      call->choice = check_choice(L);
      break;
    default:
      break;
  }
}

static int run_event(lua_State *L) {
  struct call *call = lua_touserdata(L, 1);
  int base = lua_gettop(L);
  lua_pushvalue(L, lua_upvalueindex(UPVALUE_FUNCTIONS + (int)call->event));
  lua_pushvalue(L, lua_upvalueindex(UPVALUE_LOCK));
  if (call->thread) push_thread(L, call->thread);
  if (call->event == POLICY_YIELDS || call->event == POLICY_LETS_GO) lua_pushstring(L, gil_cause_name(call->cause));
  lua_pushinteger(L, call->now_ns);
  lua_call(L, lua_gettop(L) - base - 1, 3);
  take_answer(L, call);
  return 0;
}

/* Whether the policy has answered. If not, it is no longer asked anything. */
static bool send(gil *lock, struct call *call) {
  struct run *run = run_of(lock);
  if (!run || !run->L) return false;
  lua_State *L = run->L;
  vm_policy_limit(L);
  lua_pushvalue(L, STACK_RUN_EVENT);
  lua_pushlightuserdata(L, call);
  int status = lua_pcall(L, 1, 0, STACK_HANDLER);
  if (status == LUA_OK) return true;
  gil_policy_fails(lock, vm_policy_error(L, status));
  lua_settop(L, STACK_TOP);
  return false;
}

/* ---------------------------------------------------------------- the functions of struct gil_policy ----------- */

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  struct call call = {.event = POLICY_WAITS, .thread = thread, .now_ns = now};
  return send(lock, &call) ? call.number : GIL_NEVER;
}

/* For a file without a function `waits`. */
static int64_t waits_for_ever(gil *lock, gil_thread *thread, int64_t now) {
  (void)lock, (void)thread, (void)now;
  return GIL_NEVER;
}

static int64_t patience_ends(gil *lock, gil_thread *thread, int64_t now) {
  struct call call = {.event = POLICY_PATIENCE_ENDS, .thread = thread, .now_ns = now};
  return send(lock, &call) ? call.number : GIL_NEVER;
}

static int64_t tick(gil *lock, int64_t now) {
  struct call call = {.event = POLICY_TICK, .now_ns = now};
  return send(lock, &call) ? call.number : GIL_NEVER;
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  struct call call = {.event = POLICY_TAKES, .thread = thread, .now_ns = now};
  send(lock, &call);
}

static bool yields(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  struct call call = {.event = POLICY_YIELDS, .thread = thread, .cause = cause, .now_ns = now};
  return !send(lock, &call) || call.yes;
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  struct call call = {.event = POLICY_LETS_GO, .thread = thread, .cause = cause, .now_ns = now};
  return send(lock, &call) ? call.choice : (struct gil_choice){.how = GIL_OPEN};
}

static int64_t tick_instructions(const gil *lock) {
  const struct run *run = run_of(lock);
  return run ? run->tick_instructions : 0;
}

/* ---------------------------------------------------------------- coming into force, and going ----------------- */

static void make_types(lua_State *L, struct run *run) {
  static const luaL_Reg thread_events[] = {{"__index", thread_index}, {"__newindex", thread_newindex}, {NULL, NULL}};
  static const luaL_Reg lock_methods[] = {
      {"first", lock_first}, {"waiters", lock_waiters}, {"ask", lock_ask}, {"set_tick", lock_set_tick}, {NULL, NULL}};
  luaL_newmetatable(L, THREAD_TYPE);
  luaL_setfuncs(L, thread_events, 0);
  lua_pushliteral(L, THREAD_TYPE);
  lua_setfield(L, -2, "__metatable");
  luaL_newmetatable(L, LOCK_TYPE);
  lua_pushliteral(L, LOCK_TYPE);
  lua_setfield(L, -2, "__metatable");
  luaL_newlibtable(L, lock_methods);
  lua_pushlightuserdata(L, run);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, next_waiter, 1);
  luaL_setfuncs(L, lock_methods, 2);
  lua_pushcclosure(L, lock_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &threads_key);
}

static void push_lock(lua_State *L, struct run *run, const struct policy_file *file) {
  struct run **handle = lua_newuserdatauv(L, sizeof *handle, 1);
  *handle = run;
  luaL_setmetatable(L, LOCK_TYPE);
  lua_newtable(L);
  for (size_t i = 0; file->params[i].name; i++) {
    lua_pushinteger(L, gil_param_value(run->lock, i));
    lua_setfield(L, -2, file->params[i].name);
  }
  lua_setiuservalue(L, -2, 1);
}

/* Leaves run_event, with all that it needs, on the stack. Called protected. */
static int prepare(lua_State *L) {
  struct run *run = lua_touserdata(L, 1);
  const struct policy_file *file = gil_policy_data(run->lock);
  make_types(L, run);
  vm_policy_run_file(L, file);
  int table = lua_gettop(L);
  push_lock(L, run, file);
  for (int i = 0; i < POLICY_EVENT_COUNT; i++) lua_getfield(L, table, vm_policy_event_names[i]);
  lua_pushcclosure(L, run_event, 1 + POLICY_EVENT_COUNT);
  return 1;
}

static void starts(gil *lock, int64_t now) {
  const struct gil_policy *policy = &((const struct policy_file *)gil_policy_data(lock))->policy;
  struct run *run = calloc(1, sizeof *run);
  if (!run || !(run->L = vm_policy_state(&run->used))) {
    free(run);
    gil_policy_fails(lock, gil_strerror(GIL_E_MEMORY));
    return;
  }
  run->lock = lock;
  *(struct run **)gil_lock_slot(lock) = run;
  lua_State *L = run->L;
  vm_policy_limit(L);
  lua_pushcfunction(L, vm_message_handler);
  lua_pushcfunction(L, prepare);
  lua_pushlightuserdata(L, run);
  int status = lua_pcall(L, 1, 1, STACK_HANDLER);
  if (status != LUA_OK) {
    gil_policy_fails(lock, vm_policy_error(L, status));
    return;
  }
  struct call ticks = {.event = POLICY_TICK_INSTRUCTIONS, .now_ns = now},
              call = {.event = POLICY_STARTS, .now_ns = now};
  if (policy->tick_instructions && send(lock, &ticks)) run->tick_instructions = ticks.number;
  lua_pushvalue(L, STACK_RUN_EVENT);
  bool has_starts = lua_getupvalue(L, -1, UPVALUE_FUNCTIONS + POLICY_STARTS) && lua_isfunction(L, -1);
  lua_settop(L, STACK_TOP);
  if (has_starts) send(lock, &call);
}

static void ends(gil *lock) {
  struct run *run = run_of(lock);
  if (!run) return;
  lua_close(run->L);
  free(run);
}

void vm_policy_set_functions(struct policy_file *file, const bool has[POLICY_EVENT_COUNT]) {
  struct gil_policy *policy = &file->policy;
  policy->starts = starts;
  policy->ends = ends;
  policy->lets_go = lets_go;
  policy->waits = has[POLICY_WAITS] ? waits : waits_for_ever;
  policy->patience_ends = has[POLICY_PATIENCE_ENDS] ? patience_ends : NULL;
  policy->tick = has[POLICY_TICK] ? tick : NULL;
  policy->takes = has[POLICY_TAKES] ? takes : NULL;
  policy->yields = has[POLICY_YIELDS] ? yields : NULL;
  policy->tick_instructions = has[POLICY_TICK_INSTRUCTIONS] ? tick_instructions : NULL;
}
