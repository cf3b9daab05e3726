/* vm/base.c - pcall and xpcall that let pass what no script may catch. Room: vm/. Runs with the GIL held.
 *
 * As in lbaselib.c, messages included, but that the error of an unwinding thread (Ctrl-C, or os.exit in a copy) is raised
 * again instead of being returned. The success path is the same, instruction for instruction.
 */
#include <lauxlib.h>

#include "vm_internal.h"

/* Also the continuation after a yield inside the protected call. `extra`: values below the results. */
static int finish_protected_call(lua_State *L, int status, lua_KContext extra) {
  if (status != LUA_OK && status != LUA_YIELD) {
    if (vm_is_unwinding()) return lua_error(L);
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
  }
  return lua_gettop(L) - (int)extra;
}

static int base_pcall(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_protected_call);
  return finish_protected_call(L, status, 0);
}

static int base_xpcall(lua_State *L) {
  int n = lua_gettop(L);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_pushboolean(L, 1);
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2);
  int status = lua_pcallk(L, n - 2, LUA_MULTRET, 2, 2, finish_protected_call);
  return finish_protected_call(L, status, 2);
}

void vm_open_base(lua_State *L) {
  lua_register(L, "pcall", base_pcall);
  lua_register(L, "xpcall", base_xpcall);
}
