/* vm/oslib.c - what of the os library waits, or ends the program. Room: vm/. Every thread of a universe, with the GIL
 * held. The rest of the library is stock. */
#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>

#include "child.h"
#include "vm_internal.h"

static int os_execute(lua_State *L) {
  const char *command = luaL_optstring(L, 1, NULL);
  int status = vm_child_system(command);
  if (command) return luaL_execresult(L, status);
  lua_pushboolean(L, status);
  return 1;
}

/* The end of the process, called by any of its threads. Nobody else runs in this universe from now on; libc's exit
   writes out what C code has in its own FILEs. */
static _Noreturn void end_process(vm_thread *self, int status, bool closes_state) GIL_TRUSTED {
  vm *universe = self->universe;
  vm_seal(self);
  if (closes_state) lua_close(universe->main_state);
  if (vm_streams_finish(universe) != 0 && status == EXIT_SUCCESS) status = EXIT_FAILURE;
  exit(status);
}

static int os_exit(lua_State *L) {
  int status;
  if (lua_isboolean(L, 1))
    status = lua_toboolean(L, 1) ? EXIT_SUCCESS : EXIT_FAILURE;
  else
    status = (int)luaL_optinteger(L, 1, EXIT_SUCCESS);
  if (vm_current->universe->options.exit_ends_copy) vm_raise_exit(L, status);
  end_process(vm_current, status, lua_toboolean(L, 2));
}

void vm_open_os(lua_State *L) {
  lua_getglobal(L, "os");
  lua_pushcfunction(L, os_execute);
  lua_setfield(L, -2, "execute");
  lua_pushcfunction(L, os_exit);
  lua_setfield(L, -2, "exit");
  lua_pop(L, 1);
}
