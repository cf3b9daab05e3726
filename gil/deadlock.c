/* gil/deadlock.c - the wait-for graph: who is blocked on what only another thread can end, and when that can never
 * be. Room: gil/. Runs on any thread that holds the GIL; knows threads, reasons and owners, and nothing of Lua.
 *
 * THE EDGES. A thread is blocked, and has an edge, from gil_block_begin to gil_block_end for a reason that names a
 * thing (`on`) and no deadline. Sleep, I/O and native code end by themselves, and a wait with a deadline does too: no
 * edge. The edge leads to the thing and from there to its present owner, so that it follows a lock that is handed
 * over while somebody waits. A thread that has been woken is about to look for itself, and has no edge until it waits
 * again; an interrupted one is woken too.
 *
 * WHEN. A thread waits for one thing at a time, and a thing has one owner: so from each thread leads one path, and a
 * new deadlock can only lie on the path of the thread that is about to block. It walks that path just before it
 * blocks, with the GIL in its hand. Nobody can become blocked or be handed anything without the GIL, so the path
 * stands still; the only change that may come from outside is a wake-up, which takes an edge away from a thread that
 * will soon run and look again. Hence no deadlock is missed, none is seen that is not there, and a wait that nobody
 * can see costs one comparison.
 *
 * The path ends at a thread that can run (all is well), at the walker (a cycle), at a thing whose owner has gone for
 * good (lost), or at a thing of which nobody can say who will end the waits for it, such as an empty queue. Then
 * anybody may who can still run; if there is nobody, all are stuck. A thread in a sleep or in the system can still
 * run.
 *
 * After gil_seal none but its keeper ever runs again: whatever others have is lost.
 */
#include "gil_internal.h"

/* ---------------------------------------------------------------- edges ---------------------------------------- */

static bool has_edge(const struct gil_reason *reason) { return reason->on && reason->deadline_ns == GIL_NEVER; }

void gil_graph_enter(gil_thread *thread, const struct gil_reason *reason) {
  if (has_edge(reason)) thread->blocked_for = reason;
}

void gil_graph_leave(gil_thread *thread) {
  thread->blocked_for = NULL;
  atomic_store_explicit(&thread->is_woken, false, memory_order_relaxed);
}

/* Relaxed: wakers that have an answer hold the GIL, which orders it; and an interrupter has no more to say than that
   the thread is going to look. */
void gil_graph_note_wake(gil_thread *thread) {
  atomic_store_explicit(&thread->is_woken, true, memory_order_relaxed);
}

void gil_wait_is_over(gil_thread *thread) {
  gil_graph_note_wake(thread);
  thread->told_on = NULL;
}

const struct gil_reason *gil_blocked_for(const gil_thread *thread) {
  return atomic_load_explicit(&thread->is_woken, memory_order_relaxed) ? NULL : thread->blocked_for;
}

size_t gil_blocked_threads(gil *lock, const gil_thread *but, gil_thread **out, size_t max) GIL_TRUSTED {
  size_t count = 0;
  gil_mutex_lock(&lock->mutex); /* threads that leave do so without the GIL */
  for (gil_thread *t = lock->threads.first; t; t = t->all.next) {
    if (t == but || !gil_blocked_for(t)) continue;
    if (count < max) out[count] = t;
    count++;
  }
  gil_mutex_unlock(&lock->mutex);
  return count;
}

/* ---------------------------------------------------------------- the walk ------------------------------------- */

static bool nobody_else_can_run(gil *lock, const gil_thread *thread) GIL_TRUSTED {
  gil_mutex_lock(&lock->mutex);
  const gil_thread *t = lock->keeper ? NULL : lock->threads.first;
  while (t && (t == thread || gil_blocked_for(t))) t = t->all.next;
  gil_mutex_unlock(&lock->mutex);
  return !t;
}

static bool will_never_run(const gil_thread *thread) {
  const gil_thread *keeper = thread->lock->keeper; /* written with the GIL held, as well as under the mutex */
  return keeper && keeper != thread;
}

gil_deadlock gil_find_deadlock(gil_thread *thread, const struct gil_reason *reason) {
  if (!has_edge(reason) || thread->told_on == reason->on) return GIL_DEADLOCK_NONE;
  /* Brent's tortoise: a cycle that others are in, and that nobody looked for, must not hold us as well. */
  const gil_thread *tortoise = thread;
  for (size_t step = 1, jump = 2;; step++) {
    if (reason->on->is_lost) return GIL_DEADLOCK_LOST;
    const gil_thread *owner = reason->on->owner;
    if (!owner) return nobody_else_can_run(thread->lock, thread) ? GIL_DEADLOCK_STUCK : GIL_DEADLOCK_NONE;
    if (owner == thread || owner == tortoise) return GIL_DEADLOCK_CYCLE;
    if (will_never_run(owner)) return GIL_DEADLOCK_LOST;
    reason = gil_blocked_for(owner);
    if (!reason || owner->told_on == reason->on) return GIL_DEADLOCK_NONE;
    if (step == jump) {
      tortoise = owner;
      jump *= 2;
    }
  }
}

void gil_deadlock_told(gil_thread *thread, const struct gil_reason *reason, gil_deadlock found) GIL_TRUSTED {
  thread->told_on = reason->on;
  for (gil_thread *t = reason->on->owner; t && (reason = gil_blocked_for(t)) && t->told_on != reason->on;
       t = reason->on->owner)
    t->told_on = reason->on;
  if (found != GIL_DEADLOCK_STUCK) return;
  gil_mutex_lock(&thread->lock->mutex);
  for (gil_thread *t = thread->lock->threads.first; t; t = t->all.next)
    if (gil_blocked_for(t)) t->told_on = t->blocked_for->on;
  gil_mutex_unlock(&thread->lock->mutex);
}
