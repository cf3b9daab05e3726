/* gil/fallback.c - policies come into force, and a policy that fails is replaced by a safe one. Room: gil/. Runs on
 * any thread of an interpreter and on the timekeeper, under the lock's mutex.
 *
 * A policy that a user has written can fail: it says so itself (gil_policy_fails), or it is caught picking nobody.
 * The program that runs under it must not hang for that. So the lock goes on under `fifo`, which cannot fail, with
 * every waiter carried over. The change cannot be made at once, since the failing function is still running: it
 * leaves a mark, and whoever has called the policy looks for the mark afterwards (gil_fell_back).
 *
 * PICKING NOBODY is this: `lets_go` names no waiter although some wait, and for a whole second after that it names
 * none either, nor does a waiter get the lock in any other way. It does not matter who runs meanwhile: a holder that
 * takes the lock back at once starves the others just as a lock that stays free does.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gil_internal.h"

void gil_start_patience(gil *lock, gil_thread *thread, int64_t now) {
  int64_t ends = lock->choice.policy->waits(lock, thread, now);
  if (!gil_fell_back(lock, now)) gil_timer_set(lock, thread, ends); /* otherwise that has been done */
}

static bool is_built_in(const struct gil_policy *policy) {
  for (size_t i = 0; gil_policy_at(i); i++)
    if (gil_policy_at(i) == policy) return true;
  return false;
}

/* A lock that is free has woken somebody under the old policy, or nobody: the new one does not know. */
void gil_wake_if_free(gil *lock) {
  gil_thread *first = lock->holder ? NULL : lock->waiters.first;
  while (first && first->held_back) first = first->queue.next;
  if (first) gil_unpark(&first->lock_parker);
}

void gil_put_in_force(gil *lock, const struct gil_policy_choice *choice, int64_t now) {
  if (lock->choice.policy && lock->choice.policy->ends) lock->choice.policy->ends(lock);
  lock->choice = *choice;
  lock->policy_failed = false;
  lock->watched = !is_built_in(choice->policy);
  lock->tick_ns = lock->must_pick_by_ns = GIL_NEVER;
  memset(lock->slot, 0, sizeof lock->slot);
  for (gil_thread *t = lock->threads.first; t; t = t->all.next) memset(t->slot, 0, sizeof t->slot);
  if (choice->policy->starts) choice->policy->starts(lock, now);
  if (gil_fell_back(lock, now)) return; /* which has done the rest */
  for (gil_thread *t = lock->waiters.first; t; t = t->queue.next) {
    gil_timer_clear(lock, t);
    if (!t->held_back) gil_start_patience(lock, t, now);
  }
  gil_wake_if_free(lock);
}

/* In one piece and past stdio, whose locks a thread may hold that waits for this lock's mutex. */
static void print_failure(const char *name, const char *why) {
  char text[4096];
  int length = snprintf(text, sizeof text, "gilvm: policy '%s' has failed, and the lock goes on under 'fifo': %s\n",
                        name, why);
  if (length >= (int)sizeof text) {
    length = sizeof text - 1;
    text[length - 1] = '\n';
  }
  if (write(STDERR_FILENO, text, (size_t)length) < 0) return; /* then there is nobody to be told */
}

void gil_policy_fails(gil *lock, const char *why) GIL_TRUSTED {
  if (lock->policy_failed) return;
  lock->policy_failed = true;
  print_failure(lock->choice.policy->name, why);
}

bool gil_fell_back(gil *lock, int64_t now) {
  if (!lock->policy_failed) return false;
  struct gil_policy_choice safe = {.policy = &gil_policy_fifo};
  for (size_t i = 0; safe.policy->params[i].name; i++) safe.values[i] = safe.policy->params[i].standard;
  gil_put_in_force(lock, &safe, now);
  return true;
}

/* ---------------------------------------------------------------- picking nobody ------------------------------- */

void gil_watch_choice(gil *lock, const gil_thread *named, int64_t now) {
  if (!lock->watched || named || !lock->waiters.first || lock->keeper) {
    lock->must_pick_by_ns = GIL_NEVER;
  } else if (lock->must_pick_by_ns == GIL_NEVER) {
    lock->must_pick_by_ns = now + GIL_MUST_PICK_WITHIN_NS;
    gil_timekeeper_alarm(lock, lock->must_pick_by_ns);
  }
}

void gil_picks_nobody(gil *lock, int64_t now) {
  char why[256];
  snprintf(why, sizeof why,
           "it picks nobody: threads wait, '%s' the longest, and for a second its 'lets_go' has named none of them",
           lock->waiters.first->stats.name);
  gil_policy_fails(lock, why);
  gil_fell_back(lock, now);
}
