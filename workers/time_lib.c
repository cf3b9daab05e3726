/* workers/time_lib.c - `gilvm.time`. Room: workers/. Runs on any thread of a universe, with the GIL held; sleep lets
 * it go. All time comes from the lock's clock, so that a virtual one can take its place; but for the time of day.
 *
 *   time.sleep(seconds)    0 lets the GIL go for a moment
 *   time.now()             time of day, seconds since 1970
 *   time.monotonic()       seconds since some moment; never goes back
 */
#include <time.h>

#include "workers_internal.h"

/* A sleep of no length is a blocking section that ends at once: others may have the lock meanwhile. */
static void let_go_for_a_moment(void) GIL_TRUSTED {
  const struct gil_reason reason = {.cause = GIL_CAUSE_SLEEP, .deadline_ns = gil_now_ns()};
  vm_block_begin(&reason);
  vm_block_end();
}

static int time_sleep(lua_State *L) {
  double seconds = wait_check_seconds(L, 1, "sleep length");
  const struct gil_reason reason = {.cause = GIL_CAUSE_SLEEP, .deadline_ns = gil_deadline_in(seconds)};
  if (seconds == 0) let_go_for_a_moment();
  /* A wake that was meant for a wait before this one ends nothing. */
  while (!vm_is_interrupted() && seconds > 0 && vm_wait_quietly(&reason) != GIL_E_TIMEOUT) continue;
  if (vm_is_interrupted()) wait_raise(L);
  return 0;
}

static int time_now(lua_State *L) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
  return 1;
}

static int time_monotonic(lua_State *L) {
  lua_pushnumber(L, (lua_Number)gil_now_ns() / 1e9);
  return 1;
}

int luaopen_gilvm_time(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"sleep", time_sleep}, {"now", time_now}, {"monotonic", time_monotonic}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
