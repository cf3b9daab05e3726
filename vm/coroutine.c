/* vm/coroutine.c - coroutine.create, resume, wrap and close that know of OS threads. Room: vm/. Runs with the GIL held.
 *
 * Hooks belong to a Lua state, not to an OS thread: a kick that armed the root state of a thread would miss the coroutine
 * that runs in it. So these functions keep `running` up to date, two stores around lua_resume; all else is as in
 * lcorolib.c, messages included. A C module that calls lua_resume by itself is not preemptible inside.
 *
 * A coroutine may be created in one thread and resumed in another. While it runs in one, the others find it "normal".
 */
#include <lauxlib.h>
#include <lualib.h>

#include "vm_internal.h"

static lua_State *check_coroutine(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "coroutine");
  return co;
}

/* L takes over from a coroutine that it has resumed or closed. A kick that came in there and was not obeyed any more
   holds for L. */
static inline void run_again(vm_thread *self, lua_State *L) {
  self->running = L;
  atomic_signal_fence(memory_order_seq_cst);
  if (atomic_load_explicit(&self->kicked, memory_order_relaxed)) vm_arm(self, L);
}

/* Moves `nargs` arguments over, resumes, moves the results back. Returns their number, or -1 with the error on top. */
static int resume(lua_State *L, lua_State *co, int nargs) {
  if (!lua_checkstack(co, nargs)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, nargs);
  vm_thread *self = vm_current;
  if (self->counts && !lua_gethook(co)) vm_disarm(self, co); /* it was made before the policy was set */
  int nresults;
  self->running = co;
  int status = lua_resume(co, L, nargs, &nresults);
  run_again(self, L);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    return -1;
  }
  if (!lua_checkstack(L, nresults + 1)) {
    lua_pop(co, nresults);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, nresults);
  return nresults;
}

/* Closes the pending to-be-closed variables of a dead or suspended coroutine, whose code runs on it. */
static int reset(lua_State *L, lua_State *co) {
  vm_thread *self = vm_current;
  self->running = co;
#if LUA_VERSION_RELEASE_NUM >= 50406
  int status = lua_closethread(co, L);
#else
  int status = lua_resetthread(co);
#endif
  run_again(self, L);
  return status;
}

static int co_resume(lua_State *L) {
  lua_State *co = check_coroutine(L);
  int count = resume(L, co, lua_gettop(L) - 1);
  if (count < 0) {
    if (vm_is_unwinding()) return lua_error(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
  }
  lua_pushboolean(L, 1);
  lua_insert(L, -(count + 1));
  return count + 1;
}

static int wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int count = resume(L, co, lua_gettop(L));
  if (count >= 0) return count;
  int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD) { /* an error in the coroutine, not in resuming it */
    status = reset(L, co);
    lua_xmove(co, L, 1);
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) { /* an error message: add where it passes by */
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int co_create(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  /* A new state inherits its maker's hook, which may be armed; a script's hook is not inherited (as with stock Lua, whose
     debug library finds no function for it). Under a policy of ticks it gets one of its own. */
  if (lua_gethook(co)) {
    lua_sethook(co, NULL, 0, 0);
    vm_disarm(vm_current, co);
  }
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

static int co_wrap(lua_State *L) {
  co_create(L);
  lua_pushcclosure(L, wrapped, 1);
  return 1;
}

/* What coroutine.status says of a coroutine other than the running one, or NULL if it may be closed. */
static const char *why_not_closable(lua_State *L, lua_State *co) {
  lua_Debug ar;
  if (L == co) return "running";
  return lua_status(co) == LUA_OK && lua_getstack(co, 0, &ar) ? "normal" : NULL;
}

static int co_close(lua_State *L) {
  lua_State *co = check_coroutine(L);
  const char *status = why_not_closable(L, co);
  if (status) return luaL_error(L, "cannot close a %s coroutine", status);
  if (reset(L, co) == LUA_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushboolean(L, 0);
  lua_xmove(co, L, 1);
  if (vm_is_unwinding()) return lua_error(L);
  return 2;
}

void vm_open_coroutine(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"create", co_create}, {"resume", co_resume}, {"wrap", co_wrap}, {"close", co_close}, {NULL, NULL}};
  lua_getglobal(L, LUA_COLIBNAME);
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}
