/* workers/thread_lib.c - `gilvm.thread`, what scripts see of threads. Room: workers/. Runs on any thread of a
 * universe, with the GIL held; everything here may switch where it waits, and nowhere else.
 *
 *   thread.start(f, ...)                          a thread that runs f(...)
 *   thread.new{target=, args=, name=, daemon=,    the same, not started yet
 *              priority=, tickets=}
 *   t:start()
 *   t:join([timeout])                             true, results... | nil, error, traceback | nil, "timeout"
 *   t:is_alive()  t.name  t.ident  t.daemon  t.priority  t.tickets
 *   thread.current()  thread.main()  thread.list()
 *   thread.excepthook(error, traceback, t)        settable; told of errors that nobody joins for
 *   thread.lock([name])                           see lock_lib.c
 */
#include <string.h>

#include "workers_internal.h"

static struct thread *check_thread(lua_State *L, int arg) { return luaL_checkudata(L, arg, WORKERS_THREAD_TYPE); }

static void check_callable(lua_State *L, int index, const char *what) {
  if (lua_isfunction(L, index)) return;
  if (luaL_getmetafield(L, index, "__call") == LUA_TNIL)
    luaL_error(L, "%s must be a function, not %s", what, luaL_typename(L, index));
  lua_pop(L, 1);
}

/* ---------------------------------------------------------------- making and starting -------------------------- */

static int thread_lib_start(lua_State *L) {
  if (lua_isnone(L, 1)) luaL_argerror(L, 1, "function expected, got no value");
  check_callable(L, 1, "what a thread runs");
  int nargs = lua_gettop(L) - 1;
  lua_pushnil(L);
  struct thread *thread = thread_new(L, lua_gettop(L));
  lua_replace(L, -2);
  lua_insert(L, 1);
  thread_start(L, 1, thread, nargs);
  lua_settop(L, 1);
  return 1;
}

/* A misspelt field would be ignored without a word. */
static void check_fields(lua_State *L, int table) {
  static const char *const known[] = {"target", "args", "name", "daemon", "priority", "tickets"};
  for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
    size_t i = 0, count = sizeof known / sizeof known[0];
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : luaL_tolstring(L, -2, NULL);
    while (i < count && strcmp(key, known[i]) != 0) i++;
    if (i == count)
      luaL_error(L, "thread.new has no field '%s'; it has: target, args, name, daemon, priority, tickets", key);
  }
}

enum { PRIORITY_MIN = -20, PRIORITY_MAX = 20, TICKETS_MAX = 1000000 };

/* The whole number at `index`, which is to be the field `name`. Raises what is none, or out of range. */
static int check_number(lua_State *L, int index, const char *name, int min, int max) {
  int is_whole;
  lua_Integer value = lua_tointegerx(L, index, &is_whole);
  if (lua_type(L, index) != LUA_TNUMBER || !is_whole)
    luaL_error(L, "field '%s' must be a whole number, not %s", name,
               lua_type(L, index) == LUA_TNUMBER ? luaL_tolstring(L, index, NULL) : luaL_typename(L, index));
  if (value < min || value > max)
    luaL_error(L, "field '%s' is %I, outside the range %d to %d", name, (LUAI_UACINT)value, min, max);
  return (int)value;
}

static int check_priority(lua_State *L, int index) {
  return check_number(L, index, "priority", PRIORITY_MIN, PRIORITY_MAX);
}

static int check_tickets(lua_State *L, int index) { return check_number(L, index, "tickets", 1, TICKETS_MAX); }

static int thread_lib_new(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  check_fields(L, 1);
  lua_getfield(L, 1, "target"); /* 2 */
  check_callable(L, 2, "field 'target'");
  lua_getfield(L, 1, "args"); /* 3 */
  if (!lua_isnil(L, 3) && !lua_istable(L, 3))
    return luaL_error(L, "field 'args' must be a table of arguments, not %s", luaL_typename(L, 3));
  lua_getfield(L, 1, "name"); /* 4 */
  if (!lua_isnil(L, 4) && lua_type(L, 4) != LUA_TSTRING)
    return luaL_error(L, "field 'name' must be a string, not %s", luaL_typename(L, 4));
  lua_getfield(L, 1, "daemon"); /* 5 */
  if (!lua_isnil(L, 5) && !lua_isboolean(L, 5))
    return luaL_error(L, "field 'daemon' must be true or false, not %s", luaL_typename(L, 5));
  lua_getfield(L, 1, "priority"); /* 6 */
  int priority = lua_isnil(L, 6) ? 0 : check_priority(L, 6);
  lua_getfield(L, 1, "tickets"); /* 7 */
  int tickets = lua_isnil(L, 7) ? GIL_TICKETS_STANDARD : check_tickets(L, 7);
  struct thread *thread = thread_new(L, 4);
  if (!lua_isnil(L, 5)) thread->daemon = lua_toboolean(L, 5);
  thread->priority = priority;
  thread->tickets = tickets;
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, THREAD_OUTCOME);
  lua_pushvalue(L, 3);
  lua_setiuservalue(L, -2, THREAD_DETAIL);
  return 1;
}

/* Pushes the elements of the table of arguments at `args` (nil: none), returns how many. */
static int push_arguments(lua_State *L, int args) {
  if (lua_isnil(L, args)) return 0;
  lua_Integer count = lua_getfield(L, args, "n") == LUA_TNUMBER ? lua_tointeger(L, -1) : luaL_len(L, args);
  lua_pop(L, 1);
  if (count < 0 || count > 250000) luaL_error(L, "field 'args' has %I arguments", (LUAI_UACINT)count);
  luaL_checkstack(L, (int)count, "too many arguments for a thread");
  for (lua_Integer i = 1; i <= count; i++) lua_geti(L, args, i);
  return (int)count;
}

static int method_start(lua_State *L) {
  struct thread *thread = check_thread(L, 1);
  lua_settop(L, 1);
  lua_getiuservalue(L, 1, THREAD_DETAIL); /* 2: may be a table with metamethods, so the state is looked at last */
  lua_getiuservalue(L, 1, THREAD_OUTCOME);
  int nargs = thread->state == THREAD_NEW ? push_arguments(L, 2) : 0;
  if (thread->state != THREAD_NEW)
    return luaL_error(L, "thread '%s' has been started already: a thread can be started once", thread->name);
  thread_start(L, 1, thread, nargs);
  for (int value = THREAD_OUTCOME; value <= THREAD_DETAIL; value++) {
    lua_pushnil(L);
    lua_setiuservalue(L, 1, value);
  }
  lua_settop(L, 1);
  return 1;
}

/* ---------------------------------------------------------------- joining -------------------------------------- */

static void check_joinable(lua_State *L, const struct thread *thread) {
  if (thread == thread_self())
    luaL_error(L, "thread '%s' cannot join itself: it would wait for ever", thread->name);
  if (thread->state == THREAD_NEW) luaL_error(L, "thread '%s' cannot be joined before it is started", thread->name);
  if (thread->vm && vm_thread_is_main(thread->vm))
    luaL_error(L, "the main thread cannot be joined: it ends after all others");
}

/* Pushes true and the results of the thread at 1, which has finished. */
static int push_results(lua_State *L, int count) {
  luaL_checkstack(L, count + 2, "too many results of a thread");
  lua_pushboolean(L, 1);
  if (count == 0) return 1;
  lua_getiuservalue(L, 1, THREAD_OUTCOME);
  if (count == 1) return 2;
  int table = lua_gettop(L);
  for (int i = 1; i <= count; i++) lua_rawgeti(L, table, i);
  lua_remove(L, table);
  return count + 1;
}

static int method_join(lua_State *L) {
  struct thread *thread = check_thread(L, 1);
  int64_t deadline_ns = wait_check_timeout(L, 2);
  lua_settop(L, 1);
  check_joinable(L, thread);
  int result = thread_wait(L, 1, thread, deadline_ns);
  if (result == WAIT_INTERRUPTED) wait_raise(L);
  if (result == WAIT_TIMEOUT) return wait_push_timeout(L);
  if (thread->state == THREAD_FINISHED) return push_results(L, thread->result_count);
  report_told(thread);
  lua_pushnil(L);
  lua_getiuservalue(L, 1, THREAD_OUTCOME);
  lua_getiuservalue(L, 1, THREAD_DETAIL);
  return 3;
}

/* ---------------------------------------------------------------- properties ----------------------------------- */

static int method_is_alive(lua_State *L) {
  lua_pushboolean(L, check_thread(L, 1)->state == THREAD_RUNNING);
  return 1;
}

/* Upvalue 1: the methods. */
static int thread_index(lua_State *L) {
  struct thread *thread = check_thread(L, 1);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  lua_settop(L, 2);
  if (strcmp(key, "name") == 0)
    lua_getiuservalue(L, 1, THREAD_NAME);
  else if (strcmp(key, "ident") == 0 && thread->ident)
    lua_pushinteger(L, thread->ident);
  else if (strcmp(key, "daemon") == 0)
    lua_pushboolean(L, thread->daemon);
  else if (strcmp(key, "priority") == 0)
    lua_pushinteger(L, thread->priority);
  else if (strcmp(key, "tickets") == 0)
    lua_pushinteger(L, thread->tickets);
  else
    lua_pushnil(L);
  return 1;
}

static int thread_newindex(lua_State *L) {
  struct thread *thread = check_thread(L, 1);
  const char *key = luaL_checkstring(L, 2);
  lua_settop(L, 3);
  if (strcmp(key, "name") == 0) {
    luaL_checktype(L, 3, LUA_TSTRING);
    thread_set_name(L, 1, thread);
  } else if (strcmp(key, "daemon") == 0) {
    luaL_checktype(L, 3, LUA_TBOOLEAN);
    if (thread->state != THREAD_NEW)
      return luaL_error(L, "thread '%s': daemon can only be set before the start", thread->name);
    thread->daemon = lua_toboolean(L, 3);
  } else if (strcmp(key, "priority") == 0) {
    thread->priority = check_priority(L, 3);
    if (thread->vm) gil_thread_set_priority(vm_thread_gil(thread->vm), thread->priority);
  } else if (strcmp(key, "tickets") == 0) {
    thread->tickets = check_tickets(L, 3);
    if (thread->vm) gil_thread_set_tickets(vm_thread_gil(thread->vm), thread->tickets);
  } else {
    return luaL_error(L, "a thread has no field '%s' that can be set; it has: name, daemon, priority, tickets", key);
  }
  return 0;
}

static int thread_tostring(lua_State *L) {
  static const char *const states[] = {"not started", "running", "finished", "failed"};
  const struct thread *thread = check_thread(L, 1);
  lua_pushfstring(L, "thread: '%s' (%s%s)", thread->name, states[thread->state], thread->daemon ? ", daemon" : "");
  return 1;
}

/* Nobody can join any more. */
static int thread_gc(lua_State *L) {
  struct thread *thread = check_thread(L, 1);
  if (thread->untold && thread->state == THREAD_FAILED) report_now(L, 1, thread);
  return 0;
}

void thread_lib_make_type(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"start", method_start}, {"join", method_join}, {"is_alive", method_is_alive}, {NULL, NULL}};
  static const luaL_Reg meta[] = {
      {"__newindex", thread_newindex}, {"__tostring", thread_tostring}, {"__gc", thread_gc}, {NULL, NULL}};
  luaL_newmetatable(L, WORKERS_THREAD_TYPE);
  luaL_setfuncs(L, meta, 0);
  luaL_newlib(L, methods);
  lua_pushcclosure(L, thread_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "gilvm.thread");
  lua_setfield(L, -2, "__metatable"); /* a script that got hold of __gc could call it */
  lua_pop(L, 1);
}

/* ---------------------------------------------------------------- who is there --------------------------------- */

static int thread_lib_current(lua_State *L) {
  thread_push(L, thread_self());
  return 1;
}

static int thread_lib_main(lua_State *L) {
  thread_push(L, roster_self()->running.first);
  return 1;
}

static int thread_lib_list(lua_State *L) {
  const struct roster *roster = roster_self();
  unsigned room;
  lua_settop(L, 0);
  do { /* making the table can run finalizers, and those could start threads */
    lua_settop(L, 0);
    room = roster->running_count;
    lua_createtable(L, (int)room, 0);
  } while (roster->running_count > room);
  lua_Integer i = 0;
  for (const struct thread *t = roster->running.first; t; t = t->next) {
    thread_push(L, t);
    lua_rawseti(L, 1, ++i);
  }
  return 1;
}

int luaopen_gilvm_thread(lua_State *L) {
  static const luaL_Reg functions[] = {{"start", thread_lib_start},
                                       {"new", thread_lib_new},
                                       {"current", thread_lib_current},
                                       {"main", thread_lib_main},
                                       {"list", thread_lib_list},
                                       {"lock", lock_lib_new},
                                       {"excepthook", report_standard_hook},
                                       {NULL, NULL}};
  lock_lib_make_type(L);
  luaL_newlib(L, functions);
  report_set_module(L);
  return 1;
}
