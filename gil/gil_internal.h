/* gil/gil_internal.h - what the files of the room `gil/` share.
 *
 * INVARIANTS of struct gil, all under its mutex:
 *   - `holder` is NULL (free) or the one thread that may touch the interpreter.
 *   - `waiters` is the queue of threads that want the lock, longest waiting first. A thread leaves it only by taking
 *     the lock; nobody ever gives up. So a switch that is forced always comes.
 *   - `timers` holds those waiters whose patience ends some day, sorted by that time.
 *   - When the holder lets go, nobody is held back: whoever was, was set free when this holder took the lock.
 */
#ifndef GIL_INTERNAL_H
#define GIL_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "gil.h"

/* The mutex of a lock, as a capability of its own for the analysis. Held for some hundred nanoseconds at a time. */
struct GIL_CAPABILITY("mutex") gil_mutex {
  pthread_mutex_t pthread;
};

void gil_mutex_lock(struct gil_mutex *mutex) GIL_ACQUIRE(*mutex);
void gil_mutex_unlock(struct gil_mutex *mutex) GIL_RELEASE(*mutex);

struct gil_link {
  gil_thread *next, *prev;
};

struct gil_thread {
  gil *lock;
  void *user;
  int priority;
  gil_parker lock_parker; /* parked here while it wants the lock */
  gil_parker wait_parker; /* parked here inside gil_wait; two, so that neither steals the other's wake-up */

  /* while it waits for the lock */
  struct gil_link queue; /* place in gil.waiters */
  struct gil_link timer; /* place in gil.timers; meaningful while patience_ns != GIL_NEVER */
  int64_t wait_since_ns; /* 0: does not wait */
  int64_t patience_ns;
  bool woken_early; /* by the timekeeper, who has just asked the holder to yield: the lock is about to come */
  bool held_back; /* forced switching: may not take the lock before somebody else has */

  int64_t entered_ns;       /* 0: attached, but gil_enter has not been reached */
  int64_t blocked_since_ns; /* 0: not in a blocking section */
  gil_cause blocked_cause;

  struct gil_thread_stats stats; /* `waited_on[].thread` is an id here, and becomes an index in a snapshot */
  struct gil_link all;           /* place in gil.threads, or (next only) in gil.spare */
  _Alignas(16) unsigned char slot[GIL_THREAD_SLOT_BYTES];
};

/* A list through one of the links above. */
struct gil_list {
  gil_thread *first, *last;
};

/* The record of a thread that has left. */
struct gil_finished {
  struct gil_finished *next;
  struct gil_thread_stats stats;
};

#define GIL_FINISHED_MAX 4096 /* records kept one by one; of threads that finish later the sum is kept, in `folded` */
#define GIL_ATTRIBUTED_MAX 64 /* waiters, from the head of the queue, whose wait is attributed at each release */

struct gil {
  struct gil_mutex mutex;
  uint32_t id;
  struct gil_callbacks callbacks;
  struct gil_policy_choice choice;

  gil_thread *holder;
  uint32_t last_holder_id;
  gil_cause last_cause; /* why the last holder let go */
  int64_t held_since_ns; /* after a handoff: since the holder woke up */
  uint64_t switch_number;
  struct gil_list waiters;
  uint32_t held_back_count;
  gil_thread *awaits_taker; /* in door 2, parked until somebody else has the lock; there is one at most */

  _Atomic bool asked; /* the holder has been asked to yield; read without the mutex at checkpoints */
  uint32_t asker_id;
  int64_t asked_ns;

  gil_thread *keeper; /* after gil_seal: the only thread that may still take the lock */

  struct gil_list threads; /* all that are attached */
  uint32_t thread_count, next_thread_id;
  gil_thread *spare; /* detached, for the next attach: their memory is never freed before the lock is */

  /* the timekeeper; see timekeeper.c */
  struct gil_list timers;
  int64_t tick_ns; /* when policy->tick is due */
  int64_t timekeeper_until_ns; /* it sleeps until then */
  _Atomic bool timekeeper_runs; /* read without the mutex by gil_poke */
  bool timekeeper_stops;
  pthread_t timekeeper;
  gil_parker timekeeper_parker;
  _Atomic bool poked;

  int64_t created_ns;
  struct gil_lock_stats stats;
  struct gil_finished *finished; /* newest first */
  uint32_t finished_count;
  struct gil_thread_stats folded;

  _Alignas(16) unsigned char slot[GIL_LOCK_SLOT_BYTES];
};

/* list.c: links of threads. `offset` says which link. */
#define GIL_LINK_QUEUE offsetof(struct gil_thread, queue)
#define GIL_LINK_TIMER offsetof(struct gil_thread, timer)
#define GIL_LINK_ALL offsetof(struct gil_thread, all)
void gil_list_append(struct gil_list *list, gil_thread *thread, size_t offset);
void gil_list_insert_after(struct gil_list *list, gil_thread *after, gil_thread *thread, size_t offset);
void gil_list_remove(struct gil_list *list, gil_thread *thread, size_t offset);

/* timekeeper.c */
int gil_timekeeper_start(gil *lock) GIL_REQUIRES(lock->mutex);
void gil_timekeeper_stop(gil *lock);
void gil_timer_set(gil *lock, gil_thread *waiter, int64_t at_ns) GIL_REQUIRES(lock->mutex);
void gil_timer_clear(gil *lock, gil_thread *waiter) GIL_REQUIRES(lock->mutex);

/* stats.c: accounting. All add to the records of thread and lock. */
void gil_account_wait(gil *lock, gil_thread *thread, int64_t now_ns) GIL_REQUIRES(lock->mutex);
void gil_account_hold(gil *lock, gil_thread *thread, gil_cause cause, int64_t now_ns) GIL_REQUIRES(lock->mutex);
void gil_account_leave(gil *lock, gil_thread *thread, struct gil_finished *record, int64_t now_ns)
    GIL_REQUIRES(lock->mutex);
void gil_free_finished(gil *lock);

/* The built-in policies, one file each. */
extern const struct gil_policy gil_policy_cpython;
extern const struct gil_policy gil_policy_cpython2;
extern const struct gil_policy gil_policy_fifo;
extern const struct gil_policy gil_policy_cooperative;

/* Reports a change of state to the owner's hook, if there is one. */
static inline void gil_report(gil *lock, gil_event_kind kind, const gil_thread *thread, uint32_t other,
                              gil_cause cause, int64_t since_ns, int64_t now_ns) {
  if (!lock->callbacks.event) return;
  const struct gil_event event = {.time_ns = now_ns,
                                  .since_ns = since_ns,
                                  .lock = lock->id,
                                  .thread = thread->stats.id,
                                  .other = other,
                                  .kind = (uint8_t)kind,
                                  .cause = (uint8_t)cause};
  lock->callbacks.event(lock->callbacks.user, &event);
}

#endif
