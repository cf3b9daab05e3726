/* vm/gilvm.h - the door for C modules written for gilvm. Installed as <gilvm.h>.
 *
 * A C function that is about to do long work without touching Lua lets other threads run meanwhile, as a CPython extension
 * does with Py_BEGIN_ALLOW_THREADS and Py_END_ALLOW_THREADS:
 *
 *     gilvm_blocking_begin(L);
 *     compress(...);              // no lua_* call here, and no pointer into Lua's memory that is not anchored
 *     gilvm_blocking_end(L);      // may wait for the GIL; other threads have run
 *
 * The symbols are in the gilvm executable. A module that shall load into a stock lua too declares them weak and tests
 * them against NULL.
 */
#ifndef GILVM_H
#define GILVM_H

#include <lua.h>

__attribute__((visibility("default"))) void gilvm_blocking_begin(lua_State *L);
__attribute__((visibility("default"))) void gilvm_blocking_end(lua_State *L);

#endif
