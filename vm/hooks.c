/* vm/hooks.c - debug.sethook and debug.gethook of scripts, beside the hook by which we preempt. Room: vm/. Runs with the
 * GIL held.
 *
 * A Lua state has one hook. On a state where a script has set one, ours steps back: vm_user_hook is installed, with the
 * script's mask and count; arming adds our events to the mask (checkpoint.c), and each event is handed to whom it
 * concerns: to the checkpoint, to the script's function, or to both. What the script asked for is kept in a table
 * of the registry, weak in the states, so that it can be put back and told.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "vm_internal.h"

static const char hooks_key = 'h'; /* its address: registry key of the table state -> {wish}, the function its uservalue */

enum { COUNT_PERIOD_MAX = 10000 }; /* instructions for which a kick may wait: some 100 us */

/* What a script asked for on one state. */
struct wish {
  int mask, count;
  int period;       /* count given to Lua: the script's, or a part of it */
  int64_t counted;  /* towards `count`, when `period` is shorter */
  int64_t ticked;   /* towards the permanent hook's count */
};

/* Pushes the wish for `co`, or nil, on L's stack. */
static struct wish *push_wish(lua_State *L, lua_State *co) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &hooks_key);
  lua_pushthread(co);
  if (co != L) lua_xmove(co, L, 1);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  return lua_touserdata(L, -1);
}

/* lua_sethook starts the count anew, and Lua does not tell how far it was: each call would cost the script some of its
   count events, and a long count would never come to its end between two kicks. So where a script counts, its hook is
   left alone: a kick waits for the next count event, of which there are enough (COUNT_PERIOD_MAX), and line boundaries
   are watched all the time, instead of being armed. */
static void install(vm_thread *self, lua_State *co, struct wish *wish) {
  int64_t poll = vm_poll_instructions(self->universe), ticks = self->universe->ticks;
  bool counts = wish->mask & LUA_MASKCOUNT;
  int64_t period = counts ? wish->count : poll;
  if (counts && period > COUNT_PERIOD_MAX) period = COUNT_PERIOD_MAX;
  if (ticks && ticks < period) period = ticks;
  wish->period = (int)period;
  int mask = wish->mask | (poll ? LUA_MASKCOUNT : 0);
  if (mask & LUA_MASKCOUNT && vm_boundary_mask(self->universe) != LUA_MASKCOUNT)
    mask |= vm_boundary_mask(self->universe);
  if (lua_gethook(co) == vm_user_hook && lua_gethookmask(co) == mask && lua_gethookcount(co) == wish->period) return;
  vm_sethook(self, co, vm_user_hook, mask, wish->period);
}

void vm_restore_user_hook(vm_thread *self, lua_State *L) {
  luaL_checkstack(L, 3, NULL);
  struct wish *wish = push_wish(L, L);
  if (wish) install(self, L, wish);
  lua_pop(L, 1);
}

/* ---------------------------------------------------------------- events --------------------------------------- */

static int mask_of(int event) {
  switch (event) {
    case LUA_HOOKCALL:
    case LUA_HOOKTAILCALL:
      return LUA_MASKCALL;
    case LUA_HOOKRET:
      return LUA_MASKRET;
    case LUA_HOOKLINE:
      return LUA_MASKLINE;
    default:
      return LUA_MASKCOUNT;
  }
}

/* Whether this event is one that the script asked for. */
static bool is_wished(lua_State *L, struct wish *wish, int event) {
  if (!(wish->mask & mask_of(event))) return false;
  if (event != LUA_HOOKCOUNT) return true;
  if (lua_gethookcount(L) != wish->period) return false; /* the stride of a kick */
  wish->counted += wish->period;
  if (wish->counted < wish->count) return false;
  wish->counted -= wish->count;
  return true;
}

/* Whether this event is one that the checkpoint waits for. */
static bool is_ours(vm_thread *self, struct wish *wish, int event, bool armed) {
  if (vm_is_interrupted()) return true;
  if (event == LUA_HOOKCOUNT && !armed) {
    int64_t poll = vm_poll_instructions(self->universe);
    wish->ticked += wish->period;
    if (!poll || wish->ticked < poll) return false;
    wish->ticked = 0;
    return true;
  }
  if (!armed && !self->tick_due) return false;
  return self->universe->options.checkpoint == VM_CHECKPOINT_LINE
             ? event == LUA_HOOKLINE || event == LUA_HOOKCALL || event == LUA_HOOKTAILCALL
             : event == LUA_HOOKCOUNT;
}

static void call_script(lua_State *L, lua_Debug *ar) {
  static const char *const names[] = {"call", "return", "line", "count", "tail call"};
  lua_getiuservalue(L, -1, 1);
  lua_pushstring(L, names[ar->event]);
  if (ar->currentline >= 0)
    lua_pushinteger(L, ar->currentline);
  else
    lua_pushnil(L);
  lua_call(L, 2, 0);
}

void vm_user_hook(lua_State *L, lua_Debug *ar) {
  vm_thread *self = vm_current;
  struct wish *wish = push_wish(L, L);
  if (!wish) { /* inherited by a state that a C module has made */
    lua_pop(L, 1);
    vm_sethook(self, L, NULL, 0, 0);
    return;
  }
  bool armed = atomic_load_explicit(&self->kicked, memory_order_relaxed);
  bool wished = is_wished(L, wish, ar->event);
  if (is_ours(self, wish, ar->event, armed)) vm_hook_event(L, self, ar->event);
  if (wished) call_script(L, ar); /* the wish on top keeps the function alive, whatever another thread has set */
  lua_pop(L, 1);
}

/* ---------------------------------------------------------------- the library ---------------------------------- */

/* The state that a function of the debug library is about: its optional first argument. */
static lua_State *target(lua_State *L, int *arg) {
  *arg = lua_isthread(L, 1);
  return *arg ? lua_tothread(L, 1) : L;
}

static int parse_mask(const char *text, int count) {
  int mask = count > 0 ? LUA_MASKCOUNT : 0;
  if (strchr(text, 'c')) mask |= LUA_MASKCALL;
  if (strchr(text, 'r')) mask |= LUA_MASKRET;
  if (strchr(text, 'l')) mask |= LUA_MASKLINE;
  return mask;
}

/* Sets the table's entry for `co` to the value on top of L's stack, which it pops. */
static void store_wish(lua_State *L, lua_State *co) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &hooks_key);
  luaL_checkstack(co, 1, "stack overflow");
  lua_pushthread(co);
  if (co != L) lua_xmove(co, L, 1);
  lua_pushvalue(L, -3);
  lua_rawset(L, -3);
  lua_pop(L, 2);
}

static int debug_sethook(lua_State *L) {
  int arg;
  lua_State *co = target(L, &arg);
  struct wish wish = {0};
  if (!lua_isnoneornil(L, arg + 1)) {
    const char *mask = luaL_checkstring(L, arg + 2);
    luaL_checktype(L, arg + 1, LUA_TFUNCTION);
    wish.count = (int)luaL_optinteger(L, arg + 3, 0);
    wish.mask = parse_mask(mask, wish.count);
  }
  if (wish.mask) {
    struct wish *kept = lua_newuserdatauv(L, sizeof *kept, 1);
    *kept = wish;
    lua_pushvalue(L, arg + 1);
    lua_setiuservalue(L, -2, 1);
    store_wish(L, co);
    vm_sethook(vm_current, co, NULL, 0, 0); /* a new wish starts a new count */
    install(vm_current, co, kept);
  } else {
    lua_pushnil(L);
    store_wish(L, co);
    vm_sethook(vm_current, co, NULL, 0, 0);
    vm_disarm(vm_current, co);
  }
  return 0;
}

static int debug_gethook(lua_State *L) {
  int arg;
  lua_State *co = target(L, &arg);
  luaL_checkstack(co, 1, "stack overflow");
  const struct wish *wish = push_wish(L, co);
  if (!wish) {
    luaL_pushfail(L);
    return 1;
  }
  char mask[4], *end = mask;
  if (wish->mask & LUA_MASKCALL) *end++ = 'c';
  if (wish->mask & LUA_MASKRET) *end++ = 'r';
  if (wish->mask & LUA_MASKLINE) *end++ = 'l';
  int count = wish->count;
  lua_getiuservalue(L, -1, 1);
  lua_pushlstring(L, mask, (size_t)(end - mask));
  lua_pushinteger(L, count);
  return 3;
}

void vm_open_hooks(lua_State *L) {
  static const luaL_Reg functions[] = {{"sethook", debug_sethook}, {"gethook", debug_gethook}, {NULL, NULL}};
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &hooks_key);
  lua_getglobal(L, LUA_DBLIBNAME);
  luaL_setfuncs(L, functions, 0);
  lua_pop(L, 1);
}
