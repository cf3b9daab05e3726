/* gil/timekeeper.c - one thread per contended lock that watches the clock for everybody who waits at it. Room: gil/.
 *
 * A policy wants to know when a waiter's patience ends, or when its own tick is due. If each waiter slept with a
 * timeout of its own, a thousand waiters would mean a thousand wake-ups an interval. So waiters sleep without one, and
 * the timekeeper sleeps until the earliest of their times, whoever's it is; then it tells the policy, on the waiter's
 * behalf. It starts with the second thread that attaches and is the only thread that never holds the GIL.
 *
 * It is woken for an earlier time than the one it sleeps to, never for a later one: when it finds that it has come too
 * early (the waiter has the lock by now) it goes back to sleep. In a busy program that is one wake-up per interval.
 */
#include <signal.h>
#include <sys/prctl.h>

#include "gil_internal.h"

void gil_timekeeper_alarm(gil *lock, int64_t at_ns) {
  if (at_ns >= lock->timekeeper_until_ns) return;
  lock->timekeeper_until_ns = at_ns;
  gil_unpark(&lock->timekeeper_parker);
}

void gil_timer_set(gil *lock, gil_thread *waiter, int64_t at_ns) {
  waiter->patience_ns = at_ns;
  if (at_ns == GIL_NEVER) return;
  /* From the tail: patience is nearly always the same length, so the newest is nearly always the last. */
  gil_thread *after = lock->timers.last;
  while (after && after->patience_ns > at_ns) after = after->timer.prev;
  gil_list_insert_after(&lock->timers, after, waiter, GIL_LINK_TIMER);
  gil_timekeeper_alarm(lock, at_ns);
}

void gil_timer_clear(gil *lock, gil_thread *waiter) {
  if (waiter->patience_ns == GIL_NEVER) return;
  gil_list_remove(&lock->timers, waiter, GIL_LINK_TIMER);
  waiter->patience_ns = GIL_NEVER;
}

void gil_set_tick(gil *lock, int64_t at_ns) GIL_TRUSTED {
  lock->tick_ns = at_ns;
  gil_timekeeper_alarm(lock, at_ns);
}

/* Tells the policy of every waiter whose patience has ended by now. */
static void end_patience(gil *lock, int64_t now) GIL_REQUIRES(lock->mutex) {
  for (gil_thread *waiter; (waiter = lock->timers.first) && waiter->patience_ns <= now;) {
    const struct gil_policy *policy = lock->choice.policy;
    gil_timer_clear(lock, waiter);
    int64_t next = policy->patience_ends ? policy->patience_ends(lock, waiter, now) : GIL_NEVER;
    if (gil_fell_back(lock, now)) continue; /* every waiter has new patience */
    /* A time that is not in the future would keep the timekeeper in this loop, with the mutex held. */
    gil_timer_set(lock, waiter, next > now ? next : now + 1);
    if (!lock->holder) gil_unpark(&waiter->lock_parker);
  }
}

static int64_t earliest(const gil *lock) {
  int64_t patience = lock->timers.first ? lock->timers.first->patience_ns : GIL_NEVER;
  int64_t own = lock->tick_ns < lock->must_pick_by_ns ? lock->tick_ns : lock->must_pick_by_ns;
  return patience < own ? patience : own;
}

/* If the holder has been asked to yield just now: the thread that waits longest, to be woken at once. It finds the
   lock taken and parks again; but now a CPU is awake for it, and the wake-up that matters, a few microseconds later,
   need not rouse one from idleness while nobody runs. Worth 15 us a switch on a virtual machine of two CPUs. */
static gil_thread *wake_early(gil *lock) GIL_REQUIRES(lock->mutex) {
  gil_thread *next = gil_is_asked(lock) ? lock->waiters.first : NULL;
  if (next) next->woken_early = true;
  return next;
}

static void *timekeeper(void *arg) {
  gil *lock = arg;
  /* Linux lets a timer be late by 50 us unless told otherwise: as long as the shortest intervals people try here. */
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  gil_mutex_lock(&lock->mutex);
  while (!lock->timekeeper_stops) {
    if (atomic_exchange_explicit(&lock->poked, false, memory_order_acquire) && lock->callbacks.poked)
      lock->callbacks.poked(lock->callbacks.user, lock->holder);
    bool was_asked = gil_is_asked(lock);
    int64_t now = gil_now_ns();
    if (lock->tick_ns <= now) {
      int64_t next = lock->choice.policy->tick ? lock->choice.policy->tick(lock, now) : GIL_NEVER;
      if (!gil_fell_back(lock, now)) lock->tick_ns = next > now ? next : now + 1;
      gil_wake_if_free(lock);
    }
    if (lock->must_pick_by_ns <= now) gil_picks_nobody(lock, now);
    end_patience(lock, now);
    int64_t until = lock->timekeeper_until_ns = earliest(lock);
    gil_thread *next = was_asked ? NULL : wake_early(lock);
    gil_mutex_unlock(&lock->mutex);
    if (next) gil_unpark(&next->lock_parker);
    gil_park(&lock->timekeeper_parker, until);
    gil_mutex_lock(&lock->mutex);
  }
  gil_mutex_unlock(&lock->mutex);
  return NULL;
}

int gil_timekeeper_start(gil *lock) {
  if (lock->timekeeper_runs) return GIL_OK;
  pthread_attr_t attr;
  int error = pthread_attr_init(&attr);
  if (error) gil_fatal("pthread_attr_init", error);
  /* A policy may be a program in an interpreter of its own. Only what is touched becomes memory. */
  pthread_attr_setstacksize(&attr, 2048 * 1024);
  /* No signal is ever this thread's: the interpreter's handlers expect one of the interpreter's threads. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(&lock->timekeeper, &attr, timekeeper, lock);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
  lock->timekeeper_runs = error == 0;
  return error ? GIL_E_THREADS : GIL_OK;
}

void gil_timekeeper_stop(gil *lock) {
  gil_mutex_lock(&lock->mutex);
  bool runs = lock->timekeeper_runs;
  lock->timekeeper_stops = true;
  gil_mutex_unlock(&lock->mutex);
  if (!runs) return;
  gil_unpark(&lock->timekeeper_parker);
  int error = pthread_join(lock->timekeeper, NULL);
  if (error) gil_fatal("pthread_join", error);
  lock->timekeeper_runs = false;
}

bool gil_poke(gil *lock) {
  /* Read without the mutex, since this runs in signal handlers. A timekeeper that starts at this moment is missed; the
     caller interrupts its own thread by other means then. */
  atomic_store_explicit(&lock->poked, true, memory_order_release);
  gil_unpark(&lock->timekeeper_parker);
  return lock->timekeeper_runs;
}
