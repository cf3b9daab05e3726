/* workers/report.c - the errors of threads: none is silent, and none is told twice. Room: workers/. Runs on any
 * thread of a universe, with the GIL held.
 *
 * A thread that fails keeps its error for whoever joins it. As long as somebody can reach its handle, somebody may
 * still join; so the error is told through thread.excepthook when that is certain not to happen any more: when the
 * handle is collected, or when the program ends. A program whose thread failed in this way ends with status 1, unless
 * it has a hook of its own that took care of it.
 *
 * A thread that Ctrl-C ends is reported at once: nobody is going to join.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "workers_internal.h"

#define INTERRUPTED_IN_FULL 4 /* threads whose traceback is printed when Ctrl-C ends them */

static const char module_key, failed_key; /* registry[&key]; failed: weak, [address of struct thread] = handle */

void report_write(const char *text, size_t length) {
  while (length > 0) {
    ssize_t written = write(STDERR_FILENO, text, length);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return; /* there is nowhere left to complain to */
    text += written;
    length -= (size_t)written;
  }
}

/* ---------------------------------------------------------------- the hook ------------------------------------- */

/* What lua.c would print of an error object. Pushes a string. */
static void push_message(lua_State *L, int error) {
  if (lua_type(L, error) == LUA_TSTRING || luaL_getmetafield(L, error, "__tostring") != LUA_TNIL)
    luaL_tolstring(L, error, NULL);
  else
    lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, error));
}

int report_standard_hook(lua_State *L) {
  lua_settop(L, 3);
  const struct thread *thread = luaL_testudata(L, 3, WORKERS_THREAD_TYPE);
  roster_self()->has_reported = true;
  push_message(L, 1);
  const char *message = lua_tostring(L, -1), *traceback = lua_tostring(L, 2);
  lua_pushfstring(L, "gilvm: thread '%s': %s\n%s%s", thread ? thread->name : "?", message, traceback ? traceback : "",
                  traceback ? "\n" : "");
  size_t length;
  const char *text = lua_tolstring(L, -1, &length);
  report_write(text, length);
  return 0;
}

void report_set_module(lua_State *L) {
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &module_key);
}

/* Pushes thread.excepthook if a script has set it to something of its own. */
static bool push_own_hook(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &module_key) == LUA_TTABLE) {
    lua_pushliteral(L, "excepthook");
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (!lua_isnil(L, -1) && lua_tocfunction(L, -1) != report_standard_hook) return true;
  }
  lua_pop(L, 1);
  return false;
}

/* Calls the hook on top of the stack, and pops it. Returns false and pushes the error if it fails. */
static bool call_hook(lua_State *L, int handle) {
  lua_getiuservalue(L, handle, THREAD_OUTCOME);
  lua_getiuservalue(L, handle, THREAD_DETAIL);
  lua_pushvalue(L, handle);
  return lua_pcall(L, 3, 0, 0) == LUA_OK;
}

/* The error object on top, which is popped, without anything that needs memory or calls a script. */
static void print_in_short(lua_State *L, const char *what, const struct thread *thread) {
  char text[512];
  const char *why = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : luaL_typename(L, -1);
  int length = snprintf(text, sizeof text, "gilvm: %s '%.64s': %.384s\n", what, thread->name, why);
  report_write(text, (size_t)length);
  lua_pop(L, 1);
}

static void print(lua_State *L, int handle, const struct thread *thread) {
  lua_pushcfunction(L, report_standard_hook);
  if (call_hook(L, handle)) return;
  lua_pop(L, 1); /* why that failed (no memory, or an error in a __tostring) matters less than what happened */
  lua_getiuservalue(L, handle, THREAD_OUTCOME);
  print_in_short(L, "thread", thread);
  thread->roster->has_reported = true;
}

void report_now(lua_State *L, int handle, struct thread *thread) {
  report_told(thread);
  if (push_own_hook(L)) {
    if (call_hook(L, handle)) return;
    print_in_short(L, "thread.excepthook failed for thread", thread);
  }
  print(L, handle, thread);
}

/* ---------------------------------------------------------------- who failed ----------------------------------- */

int report_keep_traceback(lua_State *L) {
  thread_push(L, thread_self());
  luaL_traceback(L, L, NULL, 1);
  lua_setiuservalue(L, -2, THREAD_DETAIL);
  lua_settop(L, 1);
  return 1;
}

/* handle -> ; makes it findable for report_all without keeping it alive. */
static int remember(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &failed_key) == LUA_TNIL) {
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &failed_key);
    lua_replace(L, 2);
    lua_settop(L, 2);
  }
  lua_pushvalue(L, 1);
  lua_rawsetp(L, 2, lua_touserdata(L, 1));
  return 0;
}

void report_failed(lua_State *L, int handle, struct thread *thread) {
  lua_pushcfunction(L, remember);
  lua_pushvalue(L, handle);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    lua_pop(L, 1); /* no memory for that: so it stays among the living, and is told at the end */
    thread->kept = true;
  }
  thread->untold = true;
}

void report_told(struct thread *thread) {
  if (thread->untold && thread->state == THREAD_FAILED) thread_list_remove(&thread->roster->failed, thread);
  thread->untold = false;
}

void report_push(lua_State *L, const struct thread *thread) {
  if (thread->kept) {
    thread_push(L, thread);
    return;
  }
  lua_rawgetp(L, LUA_REGISTRYINDEX, &failed_key);
  lua_rawgetp(L, -1, thread);
  lua_remove(L, -2);
}

void report_all(lua_State *L) {
  struct roster *roster = roster_self();
  while (roster->failed.first) {
    struct thread *thread = roster->failed.first;
    report_push(L, thread);
    if (lua_isnil(L, -1))
      lua_gc(L, LUA_GCCOLLECT); /* its finalizer is due: it reports, and takes it off the list */
    else
      report_now(L, lua_gettop(L), thread);
    lua_pop(L, 1);
  }
}

/* ---------------------------------------------------------------- Ctrl-C --------------------------------------- */

void report_interrupted(lua_State *L, int handle, const struct thread *thread) {
  if (++thread->roster->interrupted <= INTERRUPTED_IN_FULL) print(L, handle, thread);
}

void report_interrupted_rest(const struct roster *roster) {
  if (roster->interrupted <= INTERRUPTED_IN_FULL) return;
  char text[96];
  int length = snprintf(text, sizeof text, "gilvm: threads interrupted besides these: %u\n",
                        roster->interrupted - INTERRUPTED_IN_FULL);
  report_write(text, (size_t)length);
}
