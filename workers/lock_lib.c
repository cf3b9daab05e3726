/* workers/lock_lib.c - the lock of scripts, thread.lock([name]). Room: workers/. Runs on any thread of a universe,
 * with the GIL held, which guards the lock's own state: so it needs neither atomics nor a mutex.
 *
 *   l:acquire([timeout])   true | nil, "timeout"
 *   l:try()                true | false
 *   l:release()
 *   l:with(f, ...)         f's results; released also when f fails
 *   l:guard()              acquires; `local _ <close> = l:guard()` releases at the end of the block
 *   l:locked()
 *
 * Who releases hands the lock to the first in the queue, so it is fair: nobody overtakes. It belongs to the thread
 * that acquired it, and only that one can release it.
 *
 * PLACES. The story of a deadlock says where each lock in it was acquired. To find out the script's line takes some
 * 20 ns, a quarter of acquire and release together, and most locks are never part of a deadlock: only one that is
 * held while its owner goes on to wait for something else can be. So the places of a lock's first acquisitions are
 * put down (PLACES_NOTED), and as many again each time when its owner, holding it, acquires another lock or waits for
 * anything. What remains unnoted is a lock that was used alone for very long and deadlocks the first time it is not:
 * there the story lacks the place.
 */
#include <string.h>

#include "workers_internal.h"

enum { ANSWER_YOURS = 1, ANSWER_LOOK_AGAIN = 2 };

#define PLACES_NOTED 1000

struct lock {
  struct gil_waitable on; /* the owner as the wait-for graph sees it; lost: locked, and the owner has finished */
  const char *name; /* the string in user value 1 */
  struct thread *owner;
  struct waiter_queue waiters;
  struct lock *next, *prev; /* in owner->held */
  unsigned places_to_note;         /* how many more acquisitions are put down */
  struct script_place place;       /* of the present one */
  char last_owner[GIL_NAME_BYTES]; /* of a lost one */
};

static struct lock *check_lock(lua_State *L, int arg) { return luaL_checkudata(L, arg, WORKERS_LOCK_TYPE); }

const struct script_place *lock_place(const struct gil_waitable *on) { return &((const struct lock *)on)->place; }
const char *lock_last_owner(const struct gil_waitable *on) { return ((const struct lock *)on)->last_owner; }

static void give_to(struct lock *lock, struct thread *owner) {
  lock->owner = owner;
  lock->on.owner = owner->end.owner;
  lock->place.line = 0;
  lock->prev = NULL;
  lock->next = owner->held;
  if (lock->next) lock->next->prev = lock;
  owner->held = lock;
}

static void take_from_owner(struct lock *lock) {
  *(lock->prev ? &lock->prev->next : &lock->owner->held) = lock->next;
  if (lock->next) lock->next->prev = lock->prev;
  lock->owner = NULL;
  lock->on.owner = NULL;
}

void locks_orphan(struct thread *owner) {
  for (struct lock *lock; (lock = owner->held);) {
    take_from_owner(lock);
    lock->on.is_lost = true;
    strncpy(lock->last_owner, owner->name, sizeof lock->last_owner - 1);
    wait_answer_all(&lock->waiters, ANSWER_LOOK_AGAIN);
  }
}

/* ---------------------------------------------------------------- acquire and release -------------------------- */

void locks_note_wait(const struct thread *owner) {
  /* The newest is enough: when it was acquired, this was done for the one before it. */
  if (owner->held && owner->roster->notes_places) owner->held->places_to_note = PLACES_NOTED;
}

/* The lock has just been acquired by the C function that runs on L. */
static void note_place(lua_State *L, struct lock *lock) {
  if (lock->places_to_note == 0) return;
  lock->places_to_note--;
  script_place_find(L, 1, &lock->place);
}

/* The lock is at 1 on the stack, which keeps it and its name alive. Returns whether it was acquired. May switch. */
static bool acquire(lua_State *L, struct lock *lock, int64_t deadline_ns) {
  struct thread *self = thread_self();
  locks_note_wait(self);
  for (;;) {
    if (!lock->owner && !lock->on.is_lost) {
      give_to(lock, self);
      note_place(L, lock);
      return true;
    }
    const struct gil_reason reason = {
        .cause = GIL_CAUSE_LOCK, .deadline_ns = deadline_ns, .what = lock->name, .on = &lock->on};
    int answer = wait_in_queue(&lock->waiters, self, &reason);
    if (answer == WAIT_TIMEOUT) return false;
    if (answer == WAIT_INTERRUPTED) wait_raise(L);
    if (answer == ANSWER_YOURS) {
      note_place(L, lock);
      return true;
    }
  }
}

static void check_owned(lua_State *L, const struct lock *lock, const struct thread *self) {
  if (lock->owner == self) return;
  const char *holder = lock->owner ? lock->owner->name : lock->last_owner;
  if (lock->owner || lock->on.is_lost)
    luaL_error(L, "lock '%s' cannot be released by thread '%s': it is held by thread '%s'", lock->name, self->name,
               holder);
  luaL_error(L, "lock '%s' cannot be released by thread '%s': nobody holds it", lock->name, self->name);
}

static void release(lua_State *L, struct lock *lock) {
  check_owned(L, lock, thread_self());
  take_from_owner(lock);
  struct waiter *next = lock->waiters.first;
  if (!next) return;
  give_to(lock, next->who);
  wait_answer(&lock->waiters, next, ANSWER_YOURS);
}

/* ---------------------------------------------------------------- methods -------------------------------------- */

static int lock_acquire(lua_State *L) {
  struct lock *lock = check_lock(L, 1);
  int64_t deadline_ns = wait_check_timeout(L, 2);
  if (!acquire(L, lock, deadline_ns)) return wait_push_timeout(L);
  lua_pushboolean(L, 1);
  return 1;
}

static int lock_try(lua_State *L) {
  lua_pushboolean(L, acquire(L, check_lock(L, 1), gil_now_ns()));
  return 1;
}

static int lock_release(lua_State *L) {
  release(L, check_lock(L, 1));
  return 0;
}

static int lock_locked(lua_State *L) {
  const struct lock *lock = check_lock(L, 1);
  lua_pushboolean(L, lock->owner || lock->on.is_lost);
  return 1;
}

/* The lock is its own guard: to close it is to release it. */
static int lock_guard(lua_State *L) {
  acquire(L, check_lock(L, 1), GIL_NEVER);
  lua_settop(L, 1);
  return 1;
}

static int with_results(lua_State *L, int status, lua_KContext context) {
  (void)status;
  (void)context;
  return lua_gettop(L) - 1;
}

/* The lock becomes a to-be-closed variable of this function instead of catching the error and raising it again: so
   the error is raised once, where it happened, and a traceback shows that place. */
static int lock_with(lua_State *L) {
  struct lock *lock = check_lock(L, 1);
  luaL_checkany(L, 2);
  acquire(L, lock, GIL_NEVER);
  lua_toclose(L, 1);
  lua_callk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, with_results);
  return with_results(L, LUA_OK, 0);
}

static int lock_tostring(lua_State *L) {
  const struct lock *lock = check_lock(L, 1);
  if (lock->owner)
    lua_pushfstring(L, "lock: '%s' (held by thread '%s')", lock->name, lock->owner->name);
  else if (lock->on.is_lost)
    lua_pushfstring(L, "lock: '%s' (held by finished thread '%s')", lock->name, lock->last_owner);
  else
    lua_pushfstring(L, "lock: '%s' (free)", lock->name);
  return 1;
}

/* A lock that nobody can reach any more while it is held. */
static int lock_gc(lua_State *L) {
  struct lock *lock = check_lock(L, 1);
  if (lock->owner) take_from_owner(lock);
  return 0;
}

int lock_lib_new(lua_State *L) {
  if (!lua_isnoneornil(L, 1)) luaL_checktype(L, 1, LUA_TSTRING);
  lua_settop(L, 1);
  struct lock *lock = lua_newuserdatauv(L, sizeof *lock, 1);
  memset(lock, 0, sizeof *lock);
  if (lua_isnil(L, 1)) {
    lua_pushfstring(L, "lock-%d", (int)++roster_self()->locks_made);
    lua_replace(L, 1);
  }
  lock->name = lua_tostring(L, 1);
  lock->places_to_note = roster_self()->notes_places ? PLACES_NOTED : 0;
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, 2, 1);
  luaL_setmetatable(L, WORKERS_LOCK_TYPE);
  return 1;
}

void lock_lib_make_type(lua_State *L) {
  static const luaL_Reg methods[] = {{"acquire", lock_acquire}, {"try", lock_try},   {"release", lock_release},
                                     {"with", lock_with},       {"guard", lock_guard}, {"locked", lock_locked},
                                     {NULL, NULL}};
  static const luaL_Reg meta[] = {
      {"__close", lock_release}, {"__tostring", lock_tostring}, {"__gc", lock_gc}, {NULL, NULL}};
  luaL_newmetatable(L, WORKERS_LOCK_TYPE);
  luaL_setfuncs(L, meta, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "gilvm.lock");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
