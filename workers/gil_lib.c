/* workers/gil_lib.c - `gilvm.gil`: the lock as a script sees it. Room: workers/. Runs on any thread of a universe,
 * with the GIL held; only yield may switch.
 *
 *   gil.yield()                       the first door, on the script's own wish; whether another thread ran
 *   gil.stats()                       the figures of --stats-json, as a table
 *   gil.policy([text])                the policy in force, as it would be typed; with text: sets it
 *   gil.switch_interval([seconds])    the policy's interval, nil if it has none; with seconds: sets it
 *   gil.tick, latency, measure        marks for the laboratory: marks_lib.c
 */
#include <stdlib.h>

#include "workers_internal.h"

static gil *own_lock(void) { return vm_gil(vm_thread_vm(vm_self())); }

static int gil_lib_yield(lua_State *L) {
  lua_pushboolean(L, vm_yield(L));
  return 1;
}

/* ---------------------------------------------------------------- the policy ----------------------------------- */

static int push_policy(lua_State *L, const struct gil_policy_choice *choice) {
  const struct gil_param *param = choice->policy->params;
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  luaL_addstring(&text, choice->policy->name);
  for (size_t i = 0; param && param[i].name; i++) {
    char value[32];
    luaL_addchar(&text, i == 0 ? ':' : ',');
    luaL_addstring(&text, param[i].name);
    luaL_addchar(&text, '=');
    luaL_addstring(&text, gil_param_format(&param[i], choice->values[i], value, sizeof value));
  }
  luaL_pushresult(&text);
  return 1;
}

static int gil_lib_policy(lua_State *L) {
  struct gil_policy_choice choice;
  char message[512];
  if (lua_isnoneornil(L, 1)) {
    gil_get_policy(own_lock(), &choice);
    return push_policy(L, &choice);
  }
  if (gil_policy_parse(luaL_checkstring(L, 1), &choice, message, sizeof message) != GIL_OK)
    return luaL_error(L, "%s", message);
  vm_set_policy(vm_thread_vm(vm_self()), &choice);
  return push_policy(L, &choice);
}

static int gil_lib_switch_interval(lua_State *L) {
  struct gil_policy_choice choice;
  gil_get_policy(own_lock(), &choice);
  int index = gil_policy_param_index(choice.policy, "interval");
  if (lua_isnoneornil(L, 1)) {
    if (index < 0) return 0;
    lua_pushnumber(L, (lua_Number)choice.values[index] / 1e9);
    return 1;
  }
  double seconds = luaL_checknumber(L, 1), ns = seconds * 1e9;
  if (index < 0) return luaL_error(L, "policy '%s' has no interval to set", choice.policy->name);
  const struct gil_param *param = &choice.policy->params[index];
  if (!(ns >= (double)param->min && ns <= (double)param->max)) {
    char least[32], most[32];
    return luaL_error(L, "an interval of %f seconds is outside the range %s to %s", seconds,
                      gil_param_format(param, param->min, least, sizeof least),
                      gil_param_format(param, param->max, most, sizeof most));
  }
  choice.values[index] = (int64_t)(ns + 0.5);
  vm_set_policy(vm_thread_vm(vm_self()), &choice);
  return 0;
}

/* ---------------------------------------------------------------- statistics ----------------------------------- */

/* Owns a snapshot, so that it is freed also when making the table runs out of memory. */
static int snapshot_gc(lua_State *L) {
  struct gil_snapshot **box = lua_touserdata(L, 1);
  free(*box);
  *box = NULL;
  return 0;
}

static const struct gil_snapshot *push_snapshot(lua_State *L) {
  struct gil_snapshot **box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = NULL;
  if (luaL_newmetatable(L, "gilvm.snapshot")) {
    lua_pushcfunction(L, snapshot_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  *box = gil_snapshot_take(own_lock());
  if (!*box) luaL_error(L, "%s", gil_strerror(GIL_E_MEMORY));
  return *box;
}

static void set_integer(lua_State *L, const char *key, uint64_t value) {
  lua_pushinteger(L, (lua_Integer)value);
  lua_setfield(L, -2, key);
}

static void set_seconds(lua_State *L, const char *key, int64_t ns) {
  lua_pushnumber(L, (lua_Number)ns / 1e9);
  lua_setfield(L, -2, key);
}

static void push_histogram(lua_State *L, const struct gil_histogram *times) {
  lua_createtable(L, 0, 4);
  set_integer(L, "count", times->count);
  set_seconds(L, "p50_s", gil_histogram_quantile(times, 0.5));
  set_seconds(L, "p99_s", gil_histogram_quantile(times, 0.99));
  set_seconds(L, "max_s", times->max_ns);
}

static void push_latencies(lua_State *L, const struct gil_snapshot *snapshot) {
  const struct gil_latency *latencies = gil_snapshot_latencies(snapshot);
  lua_createtable(L, 0, (int)snapshot->latency_count);
  for (uint32_t i = 0; i < snapshot->latency_count; i++) {
    push_histogram(L, &latencies[i].times);
    lua_setfield(L, -2, latencies[i].name);
  }
}

static void push_lock_stats(lua_State *L, const struct gil_snapshot *snapshot) {
  const struct gil_lock_stats *stats = &snapshot->lock;
  lua_createtable(L, 0, 6);
  lua_pushstring(L, stats->policy);
  lua_setfield(L, -2, "policy");
  set_integer(L, "switches", stats->switches);
  lua_createtable(L, 0, GIL_CAUSE_COUNT);
  for (int cause = 0; cause < GIL_CAUSE_COUNT; cause++)
    set_integer(L, gil_cause_name((gil_cause)cause), stats->by_cause[cause]);
  lua_setfield(L, -2, "by_cause");
  set_seconds(L, "handover_s", stats->handover_ns);
  push_histogram(L, &stats->waits);
  lua_setfield(L, -2, "waits");
  push_latencies(L, snapshot);
  lua_setfield(L, -2, "latencies");
}

static void push_thread_stats(lua_State *L, const struct gil_snapshot *snapshot, uint32_t i) {
  const struct gil_thread_stats *stats = &snapshot->threads[i];
  lua_createtable(L, 0, 7);
  lua_pushstring(L, stats->name);
  lua_setfield(L, -2, "name");
  set_seconds(L, "hold_s", stats->hold_ns);
  set_seconds(L, "wait_s", stats->wait_ns);
  set_seconds(L, "longest_wait_s", stats->longest_wait_ns);
  set_integer(L, "acquisitions", stats->acquisitions);
  set_integer(L, "work", stats->work);
  lua_createtable(L, 0, (int)stats->waited_on_count);
  for (uint32_t k = 0; k < stats->waited_on_count; k++) {
    /* Threads may share a name. */
    const char *name = snapshot->threads[stats->waited_on[k].thread].name;
    lua_getfield(L, -1, name);
    lua_Number before = lua_tonumber(L, -1);
    lua_pop(L, 1);
    lua_pushnumber(L, before + (lua_Number)stats->waited_on[k].ns / 1e9);
    lua_setfield(L, -2, name);
  }
  lua_setfield(L, -2, "waited_on");
}

static int gil_lib_stats(lua_State *L) {
  const struct gil_snapshot *snapshot = push_snapshot(L);
  lua_createtable(L, 0, 2);
  lua_createtable(L, 1, 0);
  push_lock_stats(L, snapshot);
  lua_rawseti(L, -2, 1);
  lua_setfield(L, -2, "gils");
  lua_createtable(L, (int)snapshot->thread_count, 0);
  for (uint32_t i = 0; i < snapshot->thread_count; i++) {
    push_thread_stats(L, snapshot, i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "threads");
  return 1;
}

int luaopen_gilvm_gil(lua_State *L) {
  static const luaL_Reg functions[] = {{"yield", gil_lib_yield},
                                       {"stats", gil_lib_stats},
                                       {"policy", gil_lib_policy},
                                       {"switch_interval", gil_lib_switch_interval},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  marks_lib_add(L);
  return 1;
}
