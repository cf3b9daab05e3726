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
  int priority, tickets;
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

  /* the wait-for graph (deadlock.c); guarded by the GIL, but for `is_woken` */
  const struct gil_reason *blocked_for; /* while it is blocked on something that only another thread can end */
  const struct gil_waitable *told_on;   /* everybody knows already that its wait for this is a deadlock */
  _Atomic bool is_woken;                /* is on its way out of gil_wait; written by wakers from anywhere */

  _Atomic uint64_t work;         /* see marks.c; `stats.work` is filled from it */
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

  /* fallback.c */
  bool policy_failed;     /* it goes out of force as soon as its function that runs has returned */
  bool watched;           /* the policy comes from a file, and must pick somebody */
  int64_t must_pick_by_ns; /* GIL_NEVER: it has */

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
  int64_t vacant_since_ns; /* the last holder let go then, while others waited, and no other runs yet; 0: not so */
  struct gil_lock_stats stats;
  struct gil_latency *latencies[GIL_LATENCIES_MAX];
  uint32_t latency_count;
  struct gil_finished *finished; /* newest first */
  uint32_t finished_count;
  struct gil_thread_stats folded;

  _Alignas(16) unsigned char slot[GIL_LOCK_SLOT_BYTES];
};

/* fallback.c: if the lock is free, wakes the longest waiter of those that may take it. */
void gil_wake_if_free(gil *lock) GIL_REQUIRES(lock->mutex);

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

void gil_timekeeper_alarm(gil *lock, int64_t at_ns) GIL_REQUIRES(lock->mutex); /* it is awake at that time */

/* fallback.c: policies come into force, and fail. */
#define GIL_MUST_PICK_WITHIN_NS INT64_C(1000000000)

/* `thread`, in the queue, starts to wait: the policy says how long it is patient. */
void gil_start_patience(gil *lock, gil_thread *thread, int64_t now_ns) GIL_REQUIRES(lock->mutex);
void gil_put_in_force(gil *lock, const struct gil_policy_choice *choice, int64_t now_ns) GIL_REQUIRES(lock->mutex);
/* To be called after each function of a policy: whether the policy has failed in it, and another is in force now. */
bool gil_fell_back(gil *lock, int64_t now_ns) GIL_REQUIRES(lock->mutex);
/* The policy has named `named` (NULL: nobody) while the holder let go. */
void gil_watch_choice(gil *lock, const gil_thread *named, int64_t now_ns) GIL_REQUIRES(lock->mutex);
/* The time is over in which the policy should have picked somebody. */
void gil_picks_nobody(gil *lock, int64_t now_ns) GIL_REQUIRES(lock->mutex);

/* policy_load.c: a policy in a file. `out` stays valid for ever. */
int gil_policy_load(const char *path, const struct gil_policy **out, char *message, size_t message_bytes);

/* stats.c: accounting. All add to the records of thread and lock. */
void gil_account_wait(gil *lock, gil_thread *thread, int64_t now_ns) GIL_REQUIRES(lock->mutex);
void gil_account_hold(gil *lock, gil_thread *thread, gil_cause cause, int64_t now_ns) GIL_REQUIRES(lock->mutex);
void gil_account_leave(gil *lock, gil_thread *thread, struct gil_finished *record, int64_t now_ns)
    GIL_REQUIRES(lock->mutex);
void gil_free_finished(gil *lock);

/* The holder runs from now on: what the change of hands took is put down. */
void gil_account_start(gil *lock, int64_t now_ns) GIL_REQUIRES(lock->mutex);

/* marks.c */
void gil_free_latencies(gil *lock);

/* deadlock.c: the edges of the wait-for graph. The first two run on the thread itself, which holds the GIL. */
void gil_graph_enter(gil_thread *thread, const struct gil_reason *reason);
void gil_graph_leave(gil_thread *thread);
void gil_graph_note_wake(gil_thread *thread); /* async-signal-safe */

/* heap.c: waiters in the order of a key, for policies that keep one. A node is the first thing in a thread's slot, a
   heap lies in the lock's; all zero is empty. The least key is first; of equal keys the one that was added first. */
struct gil_heap {
  gil_thread *first;
  uint32_t added;
};

struct gil_heap_node {
  int64_t key;
  gil_thread *child, *next;
  gil_thread *prev; /* the sister before it, or the parent; itself if it is the root; NULL: in no heap */
  uint32_t number;  /* in the order of adding */
};

void gil_heap_add(struct gil_heap *heap, gil_thread *thread, int64_t key);
void gil_heap_remove(struct gil_heap *heap, gil_thread *thread); /* no-op if it is in none */
bool gil_heap_has(const gil_thread *thread);
int64_t gil_heap_key(const gil_thread *thread);

/* dice.c: random numbers that repeat with their seed. */
uint64_t gil_dice_seed(int64_t seed);
uint64_t gil_dice_draw(uint64_t *dice);
int64_t gil_dice_below(uint64_t *dice, int64_t bound); /* 0 to bound - 1 */
double gil_dice_exponential(uint64_t *dice);           /* exponentially distributed with mean 1 */

/* The built-in policies, one file each. */
extern const struct gil_policy gil_policy_beazley;
extern const struct gil_policy gil_policy_bfs;
extern const struct gil_policy gil_policy_bounded;
extern const struct gil_policy gil_policy_cooperative;
extern const struct gil_policy gil_policy_cpython;
extern const struct gil_policy gil_policy_cpython2;
extern const struct gil_policy gil_policy_eventual;
extern const struct gil_policy gil_policy_fair;
extern const struct gil_policy gil_policy_fifo;
extern const struct gil_policy gil_policy_lottery;
extern const struct gil_policy gil_policy_micropython;
extern const struct gil_policy gil_policy_mlfq;
extern const struct gil_policy gil_policy_ocaml;
extern const struct gil_policy gil_policy_ocaml4;
extern const struct gil_policy gil_policy_pypy;
extern const struct gil_policy gil_policy_random;
extern const struct gil_policy gil_policy_ruby;
extern const struct gil_policy gil_policy_stride;

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
