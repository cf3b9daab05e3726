/* tests/vm/native.c - a C module with one long native call, keeping the GIL and letting it go. */
#include <lauxlib.h>
#include <time.h>

#include "vm/gilvm.h"

static void work(double seconds) {
  struct timespec time = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
  nanosleep(&time, NULL);
}

static int keeping(lua_State *L) {
  work(luaL_checknumber(L, 1));
  return 0;
}

static int releasing(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  gilvm_blocking_begin(L);
  work(seconds);
  gilvm_blocking_end(L);
  return 0;
}

__attribute__((visibility("default"))) int luaopen_native(lua_State *L);
int luaopen_native(lua_State *L) {
  static const luaL_Reg functions[] = {{"keeping", keeping}, {"releasing", releasing}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
