/* workers/marks_lib.c - what a script says of its own progress, for `gilvm lab` and the statistics. Room: workers/.
 * Runs on any thread of a universe, with the GIL held; never switches.
 *
 *   gil.tick([n])                     n (1) units of work are done
 *   gil.latency(name, seconds)        an operation of that name took so long
 *   local _ <close> = gil.measure(name)   measures from here to the end of the block
 */
#include "workers_internal.h"

#define MEASURE_TYPE "gilvm.measure"
#define LATENCY_MAX_SECONDS 1e9

static gil_thread *own_thread(void) { return vm_thread_gil(vm_self()); }

static int marks_tick(lua_State *L) GIL_TRUSTED {
  lua_Integer units = luaL_optinteger(L, 1, 1);
  luaL_argcheck(L, units >= 0, 1, "units of work are a whole number from 0");
  gil_mark_work(own_thread(), (uint64_t)units);
  return 0;
}

static const char *check_name(lua_State *L) {
  size_t length;
  const char *name = luaL_checklstring(L, 1, &length);
  luaL_argcheck(L, length > 0 && length < GIL_NAME_BYTES, 1, "a name of 1 to 31 bytes expected");
  return name;
}

static int record(lua_State *L, const char *name, int64_t ns) GIL_TRUSTED {
  int error = gil_mark_latency(own_thread(), name, ns);
  if (error == GIL_E_LATENCIES)
    return luaL_error(L, "latency '%s': there are %d names already; is the name made anew each time?", name,
                      GIL_LATENCIES_MAX);
  return error ? luaL_error(L, "latency '%s': %s", name, gil_strerror(error)) : 0;
}

static int marks_latency(lua_State *L) {
  const char *name = check_name(L);
  double seconds = wait_check_seconds(L, 2, "latency");
  luaL_argcheck(L, seconds <= LATENCY_MAX_SECONDS, 2, "a latency is at most 1e9 seconds");
  return record(L, name, (int64_t)(seconds * 1e9 + 0.5));
}

/* ---------------------------------------------------------------- gil.measure ---------------------------------- */

struct measure {
  int64_t begun_ns; /* 0: over */
};

/* The name is the object's user value. */
static int marks_measure(lua_State *L) {
  check_name(L);
  lua_settop(L, 1);
  struct measure *measure = lua_newuserdatauv(L, sizeof *measure, 1);
  luaL_setmetatable(L, MEASURE_TYPE);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, 1);
  measure->begun_ns = gil_now_ns(); /* last, so that making the object is not measured */
  return 1;
}

/* An operation that an error ends took its time as well. Closed twice, it counts once. */
static int measure_close(lua_State *L) {
  int64_t now = gil_now_ns();
  struct measure *measure = luaL_checkudata(L, 1, MEASURE_TYPE);
  if (!measure->begun_ns) return 0;
  int64_t ns = now - measure->begun_ns;
  measure->begun_ns = 0;
  lua_getiuservalue(L, 1, 1);
  return record(L, lua_tostring(L, -1), ns);
}

void marks_lib_add(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"tick", marks_tick}, {"latency", marks_latency}, {"measure", marks_measure}, {NULL, NULL}};
  luaL_setfuncs(L, functions, 0);
  if (luaL_newmetatable(L, MEASURE_TYPE)) {
    lua_pushcfunction(L, measure_close);
    lua_setfield(L, -2, "__close");
  }
  lua_pop(L, 1);
}
