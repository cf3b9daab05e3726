/* workers/deadlock_report.c - the story of a deadlock: who waits for what, where, and where it got what it has. Room:
 * workers/. Called on the thread that is about to wait, with the GIL held. gil/deadlock.c finds deadlocks; this file
 * puts them into words.
 *
 *   deadlock: 'a' waits for lock 'y' (s.lua:12), held by 'b' since s.lua:21, who waits for lock 'x' (s.lua:22),
 *   held by 'a' since s.lua:11
 *
 * The text is made of C memory alone: an allocation in Lua could run a finalizer, that could let other threads run,
 * and the graph would change under our feet. Where a thread waits is read off its Lua stack, which stands still while
 * it is blocked: so waiting costs nothing extra. Where a lock was acquired must be put down in time (lock_lib.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workers_internal.h"

#define EDGES_TOLD 16  /* of a long path; the rest is counted */
#define OTHERS_TOLD 16 /* threads that wait beside the path, when all are stuck */

void script_place_find(lua_State *L, int level, struct script_place *out) {
  lua_Debug frame;
  out->line = 0;
  for (; lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline <= 0) continue; /* a C function, such as pcall */
    out->line = frame.currentline;
    memcpy(out->source, frame.short_src, sizeof out->source);
    return;
  }
}

static void tell_place(FILE *out, const char *before, const struct script_place *place, const char *after) {
  if (place->line > 0) fprintf(out, "%s%s:%d%s", before, place->source, place->line, after);
}

static const char *name_of(const gil_thread *thread) {
  const struct thread *record = vm_thread_user(gil_thread_user(thread));
  return record ? record->name : gil_thread_name(thread);
}

static const char *word_for(gil_cause cause) {
  switch (cause) {
    case GIL_CAUSE_JOIN:
      return "the end of";
    case GIL_CAUSE_IO:
      return "stream";
    default:
      return gil_cause_name(cause);
  }
}

/* waits for lock 'x' (s.lua:12) */
static void tell_wait(FILE *out, const gil_thread *thread, const struct gil_reason *reason) {
  struct script_place place;
  script_place_find(vm_thread_running_state(gil_thread_user(thread)), 0, &place);
  fprintf(out, "waits for %s '%s'", word_for(reason->cause), reason->what ? reason->what : "?");
  tell_place(out, " (", &place, ")");
}

/* , held by 'b' since s.lua:21 */
static void tell_owner(FILE *out, const gil_thread *waiter, const struct gil_reason *reason) {
  const gil_thread *owner = reason->on->owner;
  if (reason->cause == GIL_CAUSE_LOCK) {
    fprintf(out, ", held by '%s'%s", owner ? name_of(owner) : lock_last_owner(reason->on),
            owner == waiter ? " itself" : "");
    tell_place(out, " since ", lock_place(reason->on), "");
  } else if (reason->cause != GIL_CAUSE_JOIN && owner) {
    fprintf(out, ", in use by '%s'", name_of(owner));
  }
}

/* The path from `first`, until it comes back there or ends. */
static void tell_path(FILE *out, const gil_thread *first, const struct gil_reason *reason) GIL_TRUSTED {
  const gil_thread *thread = first;
  fprintf(out, "'%s' ", name_of(first));
  for (unsigned edges = 1; reason; edges++) {
    tell_wait(out, thread, reason);
    tell_owner(out, thread, reason);
    thread = reason->on->owner;
    if (reason->on->is_lost) fputs(", who has finished", out);
    if (!thread || thread == first) return;
    reason = gil_blocked_for(thread);
    fputs(reason ? ", who " : ", who was left behind at the end of the program", out);
    if (reason && edges == EDGES_TOLD) {
      fputs("waits for others in turn", out);
      return;
    }
  }
}

/* Everybody else, where the path has ended at something that anybody could provide. */
static void tell_others(FILE *out, gil_thread *first) GIL_TRUSTED {
  gil_thread *others[OTHERS_TOLD];
  size_t count = gil_blocked_threads(gil_of(first), first, others, OTHERS_TOLD);
  fputs("; nobody is left who could wake anybody", out);
  for (size_t i = 0; i < count && i < OTHERS_TOLD; i++) {
    const struct gil_reason *reason = gil_blocked_for(others[i]);
    if (!reason) continue; /* Ctrl-C is waking it at this moment */
    fprintf(out, "%s'%s' ", i == 0 ? ": " : "; ", name_of(others[i]));
    tell_wait(out, others[i], reason);
  }
  if (count > OTHERS_TOLD) fprintf(out, "; and so do %zu more", count - OTHERS_TOLD);
}

char *deadlock_story(gil_thread *thread, const struct gil_reason *reason, gil_deadlock found) {
  char *text = NULL;
  size_t bytes = 0;
  FILE *out = open_memstream(&text, &bytes);
  if (!out) return NULL;
  fputs("deadlock: ", out);
  tell_path(out, thread, reason);
  if (found == GIL_DEADLOCK_STUCK) tell_others(out, thread);
  bool failed = ferror(out);
  if (fclose(out) == 0 && !failed) return text;
  free(text);
  return NULL;
}
