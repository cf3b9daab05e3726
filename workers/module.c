/* workers/module.c - the module `gilvm`: what a script gets from `require "gilvm"`. Room: workers/. Runs with the GIL
 * held. No globals: a script that does not ask for it sees plain Lua. */
#include "workers_internal.h"

/* gilvm.worker(): which copy of the script this is, and of how many. */
static int module_worker(lua_State *L) {
  lua_pushinteger(L, vm_thread_copy(vm_self()));
  lua_pushinteger(L, vm_get_options(vm_thread_vm(vm_self()))->copies);
  return 2;
}

static const luaL_Reg parts[] = {{"thread", luaopen_gilvm_thread},
                                 {"time", luaopen_gilvm_time},
                                 {"gil", luaopen_gilvm_gil},
                                 {NULL, NULL}};

int luaopen_gilvm(lua_State *L) {
  lua_createtable(L, 0, 5);
  int module = lua_gettop(L);
  for (const luaL_Reg *part = parts; part->name; part++) {
    luaL_requiref(L, lua_pushfstring(L, "gilvm.%s", part->name), part->func, 0);
    lua_setfield(L, module, part->name);
    lua_settop(L, module);
  }
  lua_pushcfunction(L, module_worker);
  lua_setfield(L, module, "worker");
  lua_pushliteral(L, GILVM_VERSION);
  lua_setfield(L, module, "version");
  return 1;
}

void workers_open(lua_State *L) {
  luaL_checkstack(L, 8, "gilvm");
  threads_open(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_gilvm);
  lua_setfield(L, -2, "gilvm");
  for (const luaL_Reg *part = parts; part->name; part++) {
    lua_pushfstring(L, "gilvm.%s", part->name);
    lua_pushcfunction(L, part->func);
    lua_rawset(L, -3);
  }
  lua_pop(L, 1);
}
