/* gil/gil.c - the lock: who holds it, who waits, and the two doors. Room: gil/. Every thread of an interpreter comes
 * through here; libc only, nothing of Lua.
 *
 * The GIL is not a mutex but a word, `holder`, under a mutex that is held for moments. So a thread that wants the GIL
 * sleeps on a parker of its own, the one who lets go can choose whom to wake, and the choice is the policy's:
 *
 *   direct handoff    `holder` is set to the chosen waiter before it wakes. Nobody can come between; but until the
 *                     waiter's CPU has woken up the lock is held by a thread that sleeps: convoys.
 *   open competition  `holder` is NULL, one waiter is woken, and whoever finds the lock free first has it, be it a
 *                     passer-by who never waited (barging): fast, and unfair to the point of starvation.
 *
 * Forced switching stands between the two: open competition, in which the one who lets go may not take part before
 * somebody else has had the lock.
 *
 * Wake-ups happen after the mutex is released, so that the woken does not run into it.
 */
#include <stdlib.h>
#include <string.h>

#include "gil_internal.h"

struct gil_token gil_held;

/* ---------------------------------------------------------------- taking --------------------------------------- */

static bool may_take(const gil *lock, const gil_thread *thread) {
  return !lock->holder && !thread->held_back && (!lock->keeper || lock->keeper == thread);
}

/* Somebody else than `lock->last_holder_id` takes the lock: those whom forced switching held back are free again. */
static void end_forced_switch(gil *lock, const gil_thread *taker, int64_t now) GIL_REQUIRES(lock->mutex) {
  if (lock->awaits_taker && lock->awaits_taker != taker) {
    gil_unpark(&lock->awaits_taker->lock_parker);
    lock->awaits_taker = NULL;
  }
  for (gil_thread *t = lock->waiters.first; lock->held_back_count > 0 && t; t = t->queue.next) {
    if (!t->held_back) continue;
    t->held_back = false;
    lock->held_back_count--;
    gil_start_patience(lock, t, now);
  }
}

/* `thread` becomes the holder. Under direct handoff this runs on the thread of the one who lets go. */
static void take(gil *lock, gil_thread *thread, int64_t now) GIL_REQUIRES(lock->mutex) {
  lock->holder = thread;
  lock->held_since_ns = now;
  atomic_store_explicit(&lock->asked, false, memory_order_relaxed); /* a request is for one hold */
  thread->stats.acquisitions++;
  lock->stats.acquisitions++;
  gil_report(lock, GIL_EVENT_TAKE, thread, lock->last_holder_id, lock->last_cause, thread->wait_since_ns, now);
  if (lock->last_holder_id != thread->stats.id) {
    if (lock->last_holder_id) {
      lock->switch_number++;
      lock->stats.switches++;
      lock->stats.by_cause[lock->last_cause]++;
    }
    lock->last_holder_id = thread->stats.id;
    end_forced_switch(lock, thread, now);
  }
  if (lock->choice.policy->takes) lock->choice.policy->takes(lock, thread, now);
  gil_fell_back(lock, now);
}

static void enqueue(gil *lock, gil_thread *thread, int64_t now) GIL_REQUIRES(lock->mutex) {
  thread->wait_since_ns = now;
  thread->patience_ns = GIL_NEVER;
  thread->woken_early = false;
  gil_list_append(&lock->waiters, thread, GIL_LINK_QUEUE);
  gil_report(lock, GIL_EVENT_WAIT, thread, lock->holder ? lock->holder->stats.id : 0, lock->last_cause, 0, now);
  if (!thread->held_back) gil_start_patience(lock, thread, now);
}

static void dequeue(gil *lock, gil_thread *thread) GIL_REQUIRES(lock->mutex) {
  gil_timer_clear(lock, thread);
  gil_list_remove(&lock->waiters, thread, GIL_LINK_QUEUE);
  lock->must_pick_by_ns = GIL_NEVER;
}

/* Waits in the queue until the thread holds the lock. The mutex is let go meanwhile; `wake` (NULL: nobody) is woken
   as soon as it is. */
static void wait_in_queue(gil *lock, gil_thread *thread, gil_thread *wake) GIL_TRUSTED {
  for (;;) {
    gil_mutex_unlock(&lock->mutex);
    if (wake) gil_unpark(&wake->lock_parker);
    wake = NULL;
    gil_park(&thread->lock_parker, GIL_NEVER);
    gil_mutex_lock(&lock->mutex);
    int64_t now = gil_now_ns();
    if (lock->holder == thread) { /* handed over; the one who let go has done the rest */
      lock->held_since_ns = now;  /* the time to wake up was wait, and must not count as hold as well */
      gil_account_start(lock, now);
      break;
    }
    if (may_take(lock, thread)) {
      dequeue(lock, thread);
      take(lock, thread, now);
      gil_account_start(lock, now);
      break;
    }
    if (!lock->holder) continue; /* held back, or the lock is sealed */
    if (thread->woken_early) { /* so it is no race that was lost */
      thread->woken_early = false;
      continue;
    }
    thread->stats.lost_races++;
    lock->stats.lost_races++;
    gil_report(lock, GIL_EVENT_LOST_RACE, thread, lock->holder->stats.id, lock->last_cause, 0, now);
    gil_timer_clear(lock, thread);
    gil_start_patience(lock, thread, now);
  }
  gil_account_wait(lock, thread, gil_now_ns());
}

static void acquire(gil *lock, gil_thread *thread, int64_t now) GIL_REQUIRES(lock->mutex) {
  if (may_take(lock, thread)) {
    take(lock, thread, now);
    gil_account_start(lock, now);
    return;
  }
  enqueue(lock, thread, now);
  wait_in_queue(lock, thread, NULL);
}

/* ---------------------------------------------------------------- letting go ----------------------------------- */

struct departure {
  gil_thread *wake; /* to be unparked once the mutex is released */
  bool forced;
  int64_t pause_ns;
};

static struct departure let_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now)
    GIL_REQUIRES(lock->mutex) {
  bool asked = gil_is_asked(lock);
  gil_report(lock, GIL_EVENT_LET_GO, thread, asked ? lock->asker_id : 0, cause, asked ? lock->asked_ns : 0, now);
  gil_account_hold(lock, thread, cause, now);
  struct gil_choice next = lock->choice.policy->lets_go(lock, thread, cause, now);
  if (gil_fell_back(lock, now)) next = lock->choice.policy->lets_go(lock, thread, cause, now);
  gil_watch_choice(lock, next.thread, now);
  lock->last_cause = cause;
  lock->holder = NULL;
  lock->vacant_since_ns = lock->waiters.first ? now : 0;
  if (next.how == GIL_HANDOFF && next.thread && !lock->keeper) {
    dequeue(lock, next.thread);
    take(lock, next.thread, now);
  }
  /* Without a waiter nobody would ever end a forced switch; nor would those whom gil_seal shuts out. */
  bool forced = next.forced && lock->waiters.first && !lock->holder && !lock->keeper;
  return (struct departure){next.thread, forced, next.pause_ns};
}

/* Releases the mutex, then wakes. */
static void unlock_and_wake(gil *lock, struct departure departure) GIL_RELEASE(lock->mutex);
static void unlock_and_wake(gil *lock, struct departure departure) GIL_TRUSTED {
  gil_mutex_unlock(&lock->mutex);
  if (departure.wake) gil_unpark(&departure.wake->lock_parker);
}

/* The request to yield, as flag, count and event; without the kick. */
static void put_request(gil *lock, const gil_thread *asker) GIL_REQUIRES(lock->mutex) {
  if (gil_is_asked(lock)) return;
  lock->asker_id = asker ? asker->stats.id : 0;
  lock->asked_ns = gil_now_ns();
  lock->stats.asks++;
  atomic_store_explicit(&lock->asked, true, memory_order_relaxed);
  gil_report(lock, GIL_EVENT_ASK, lock->holder, lock->asker_id, GIL_CAUSE_INTERVAL, 0, lock->asked_ns);
}

/* The stress build switches at every checkpoint at which somebody waits, under every policy that ever asks. */
#ifdef GILVM_STRESS
static bool nobody_asks(gil *lock) {
  (void)lock;
  return false;
}

static void ask_for_stress(gil *lock) GIL_REQUIRES(lock->mutex) {
  const struct gil_policy *policy = lock->choice.policy;
  if (lock->waiters.first && (policy->patience_ends || policy->tick)) put_request(lock, lock->waiters.first);
}
#else
static bool nobody_asks(gil *lock) { return !gil_is_asked(lock); }
static void ask_for_stress(gil *lock) { (void)lock; }
#endif

static bool must_yield(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) GIL_REQUIRES(lock->mutex) {
  const struct gil_policy *policy = lock->choice.policy;
  /* Ticks are counted whether or not anybody waits: that is what the policies that have them do. An interpreter
     may still count them for a policy that has failed; then they are as good as a kick, and no more. */
  if (cause == GIL_CAUSE_TICKS && !policy->tick_instructions) cause = GIL_CAUSE_INTERVAL;
  if (cause != GIL_CAUSE_TICKS && !lock->waiters.first && !policy->unwaited) return false;
  if (cause == GIL_CAUSE_INTERVAL && !gil_is_asked(lock)) return false;
  bool yields = !policy->yields || policy->yields(lock, thread, cause, now);
  return gil_fell_back(lock, now) || yields;
}

/* On a parker that nobody knows, so that no wake-up meant for something else cuts the pause short. */
static void pause_for(int64_t ns) {
  gil_parker parker = {0};
  gil_park(&parker, gil_now_ns() + ns);
}

bool gil_checkpoint(gil_thread *thread, gil_cause cause) GIL_TRUSTED {
  gil *lock = thread->lock;
  if (cause == GIL_CAUSE_INTERVAL && nobody_asks(lock)) return false;
  gil_mutex_lock(&lock->mutex);
  ask_for_stress(lock);
  int64_t now = gil_now_ns();
  if (!must_yield(lock, thread, cause, now)) {
    gil_mutex_unlock(&lock->mutex);
    return false;
  }
  uint64_t before = lock->switch_number;
  struct departure departure = let_go(lock, thread, cause, now);
  if (departure.forced || lock->holder) {
    /* It cannot have the lock at once. Into the queue while the mutex is still held: one wake-up fewer than if it
       first waited for somebody to take the lock, and then for the lock. */
    thread->held_back = departure.forced;
    lock->held_back_count += departure.forced;
    enqueue(lock, thread, now);
    wait_in_queue(lock, thread, departure.wake);
  } else {
    unlock_and_wake(lock, departure);
    if (departure.pause_ns > 0) pause_for(departure.pause_ns);
    gil_mutex_lock(&lock->mutex);
    acquire(lock, thread, gil_now_ns());
  }
  bool switched = lock->switch_number != before;
  gil_mutex_unlock(&lock->mutex);
  return switched;
}

/* Forced switching at door 2: the thread may not go about its business before somebody else has taken the lock. */
static void await_taker(gil *lock, gil_thread *thread, struct departure departure) GIL_TRUSTED {
  lock->awaits_taker = thread;
  unlock_and_wake(lock, departure);
  for (;;) {
    gil_park(&thread->lock_parker, GIL_NEVER);
    gil_mutex_lock(&lock->mutex);
    bool taken = lock->awaits_taker != thread;
    gil_mutex_unlock(&lock->mutex);
    if (taken) return;
  }
}

void gil_block_begin(gil_thread *thread, const struct gil_reason *reason) GIL_TRUSTED {
  gil *lock = thread->lock;
  uint32_t owner_id = reason->on && reason->on->owner ? reason->on->owner->stats.id : 0;
  gil_graph_enter(thread, reason);
  gil_mutex_lock(&lock->mutex);
  int64_t now = gil_now_ns();
  struct departure departure = let_go(lock, thread, reason->cause, now);
  thread->blocked_since_ns = now;
  thread->blocked_cause = reason->cause;
  gil_report(lock, GIL_EVENT_BLOCK, thread, owner_id, reason->cause, reason->deadline_ns, now);
  if (departure.forced)
    await_taker(lock, thread, departure);
  else
    unlock_and_wake(lock, departure);
}

void gil_block_end(gil_thread *thread) GIL_TRUSTED {
  gil *lock = thread->lock;
  gil_mutex_lock(&lock->mutex);
  int64_t now = gil_now_ns();
  thread->stats.blocked_ns[thread->blocked_cause] += now - thread->blocked_since_ns;
  thread->blocked_since_ns = 0;
  gil_report(lock, GIL_EVENT_UNBLOCK, thread, 0, thread->blocked_cause, 0, now);
  acquire(lock, thread, now);
  gil_mutex_unlock(&lock->mutex);
  gil_graph_leave(thread);
}

int gil_wait(gil_thread *thread, const struct gil_reason *reason) GIL_TRUSTED {
  gil_block_begin(thread, reason);
  int result = gil_park(&thread->wait_parker, reason->deadline_ns);
  gil_block_end(thread);
  return result;
}

/* The flag first: a thread that will find its parker woken must not count as blocked any more. */
void gil_wake(gil_thread *thread) {
  gil_graph_note_wake(thread);
  gil_unpark(&thread->wait_parker);
}

/* ---------------------------------------------------------------- what a policy may use ------------------------ */

void gil_ask(gil *lock, gil_thread *asker) GIL_TRUSTED {
  gil_thread *holder = lock->holder;
  if (!holder) return;
  put_request(lock, asker);
  /* Again with every call: a kick can be lost on its way into the interpreter. */
  if (lock->callbacks.kick) lock->callbacks.kick(lock->callbacks.user, holder);
}

/* Relaxed: the flag is a hint that brings the holder to the mutex, which orders everything else. */
bool gil_is_asked(const gil *lock) { return atomic_load_explicit(&lock->asked, memory_order_relaxed); }

gil_thread *gil_first_waiter(const gil *lock) { return lock->waiters.first; }
gil_thread *gil_next_waiter(const gil_thread *waiter) { return waiter->queue.next; }
/* A thread that was handed the lock counts as waiting until it has woken up; but it is out of the queue. */
bool gil_is_waiting(const gil_thread *thread) { return thread->wait_since_ns != 0 && thread->lock->holder != thread; }
gil_thread *gil_holder(const gil *lock) { return lock->holder; }
uint64_t gil_switch_number(const gil *lock) { return lock->switch_number; }
void *gil_lock_slot(const gil *lock) { return (void *)lock->slot; }
void *gil_thread_slot(const gil_thread *thread) { return (void *)thread->slot; }
int64_t gil_param_value(const gil *lock, size_t index) { return lock->choice.values[index]; }
int gil_thread_priority(const gil_thread *thread) { return thread->priority; }
int gil_thread_tickets(const gil_thread *thread) { return thread->tickets; }
const void *gil_policy_data(const gil *lock) { return lock->choice.policy->data; }

/* ---------------------------------------------------------------- lives of threads ----------------------------- */

int gil_attach(gil *lock, const char *name, void *user, gil_thread **out) GIL_TRUSTED {
  gil_mutex_lock(&lock->mutex);
  gil_thread *thread = lock->spare;
  bool needs_timekeeper = lock->thread_count > 0 || lock->tick_ns != GIL_NEVER;
  int error = needs_timekeeper ? gil_timekeeper_start(lock) : GIL_OK;
  if (!error && thread)
    lock->spare = thread->all.next;
  else if (!error && !(thread = calloc(1, sizeof *thread)))
    error = GIL_E_MEMORY;
  if (!error) {
    /* The parkers of a reused thread are left as they are: a late wake may be on its way, and is harmless. */
    thread->lock = lock;
    thread->user = user;
    thread->priority = 0;
    thread->tickets = GIL_TICKETS_STANDARD;
    thread->entered_ns = thread->wait_since_ns = thread->blocked_since_ns = 0;
    thread->patience_ns = GIL_NEVER;
    thread->held_back = false;
    thread->told_on = NULL;
    memset(&thread->stats, 0, sizeof thread->stats);
    atomic_store_explicit(&thread->work, 0, memory_order_relaxed);
    memset(thread->slot, 0, sizeof thread->slot);
    thread->stats.id = ++lock->next_thread_id;
    gil_list_append(&lock->threads, thread, GIL_LINK_ALL);
    lock->thread_count++;
    *out = thread;
  }
  gil_mutex_unlock(&lock->mutex);
  if (!error) gil_thread_rename(thread, name);
  return error;
}

/* Takes the thread off the list of the living; its memory waits for the next. */
static void detach(gil *lock, gil_thread *thread) GIL_REQUIRES(lock->mutex) {
  gil_list_remove(&lock->threads, thread, GIL_LINK_ALL);
  lock->thread_count--;
  thread->all.next = lock->spare;
  lock->spare = thread;
}

void gil_detach_unentered(gil_thread *thread) GIL_TRUSTED {
  gil *lock = thread->lock;
  gil_mutex_lock(&lock->mutex);
  detach(lock, thread);
  gil_mutex_unlock(&lock->mutex);
}

void gil_enter(gil_thread *thread) GIL_TRUSTED {
  gil *lock = thread->lock;
  gil_mutex_lock(&lock->mutex);
  int64_t now = gil_now_ns();
  thread->entered_ns = now;
  gil_report(lock, GIL_EVENT_ATTACH, thread, 0, GIL_CAUSE_EXIT, 0, now);
  acquire(lock, thread, now);
  gil_mutex_unlock(&lock->mutex);
}

void gil_leave(gil_thread *thread) GIL_TRUSTED {
  gil *lock = thread->lock;
  struct gil_finished *record = malloc(sizeof *record); /* NULL is well: it is folded then */
  gil_mutex_lock(&lock->mutex);
  int64_t now = gil_now_ns();
  struct departure departure = let_go(lock, thread, GIL_CAUSE_EXIT, now);
  gil_report(lock, GIL_EVENT_DETACH, thread, 0, GIL_CAUSE_EXIT, 0, now);
  gil_account_leave(lock, thread, record, now);
  detach(lock, thread);
  /* Here, and only here, the wake comes first: once the mutex is released the last one out may destroy the lock, and
     with it the memory of the thread to be woken. */
  if (departure.wake) gil_unpark(&departure.wake->lock_parker);
  gil_mutex_unlock(&lock->mutex);
}

gil *gil_of(const gil_thread *thread) { return thread->lock; }
void *gil_thread_user(const gil_thread *thread) { return thread->user; }
uint32_t gil_thread_id(const gil_thread *thread) { return thread->stats.id; }
const char *gil_thread_name(const gil_thread *thread) { return thread->stats.name; }

void gil_thread_rename(gil_thread *thread, const char *name) GIL_TRUSTED {
  gil_mutex_lock(&thread->lock->mutex);
  size_t length = strnlen(name, GIL_NAME_BYTES - 1);
  memcpy(thread->stats.name, name, length);
  thread->stats.name[length] = '\0';
  gil_mutex_unlock(&thread->lock->mutex);
}

void gil_thread_set_priority(gil_thread *thread, int priority) GIL_TRUSTED {
  gil_mutex_lock(&thread->lock->mutex);
  thread->priority = priority;
  gil_mutex_unlock(&thread->lock->mutex);
}

void gil_thread_set_tickets(gil_thread *thread, int tickets) GIL_TRUSTED {
  gil_mutex_lock(&thread->lock->mutex);
  thread->tickets = tickets;
  gil_mutex_unlock(&thread->lock->mutex);
}

/* ---------------------------------------------------------------- the life of a lock --------------------------- */

gil *gil_create(const struct gil_policy_choice *choice, const struct gil_callbacks *callbacks) GIL_TRUSTED {
  static _Atomic uint32_t last_id;
  gil *lock = calloc(1, sizeof *lock);
  if (!lock) return NULL;
  int error = pthread_mutex_init(&lock->mutex.pthread, NULL);
  if (error) gil_fatal("pthread_mutex_init", error);
  lock->id = lock->stats.id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
  if (callbacks) lock->callbacks = *callbacks;
  lock->tick_ns = lock->timekeeper_until_ns = GIL_NEVER;
  lock->created_ns = gil_now_ns();
  gil_mutex_lock(&lock->mutex);
  gil_put_in_force(lock, choice, lock->created_ns);
  gil_mutex_unlock(&lock->mutex);
  return lock;
}

void gil_destroy(gil *lock) GIL_TRUSTED {
  if (!lock) return;
  gil_timekeeper_stop(lock);
  if (lock->thread_count > 0) { /* sealed: some are parked in there for ever, or still on their way to it */
    gil_mutex_lock(&lock->mutex);
    memset(&lock->callbacks, 0, sizeof lock->callbacks); /* whose owner is going away */
    gil_mutex_unlock(&lock->mutex);
    return;
  }
  if (lock->choice.policy->ends) lock->choice.policy->ends(lock);
  while (lock->spare) {
    gil_thread *thread = lock->spare;
    lock->spare = thread->all.next;
    free(thread);
  }
  gil_free_finished(lock);
  gil_free_latencies(lock);
  pthread_mutex_destroy(&lock->mutex.pthread);
  free(lock);
}

uint32_t gil_id(const gil *lock) { return lock->id; }

void gil_seal(gil_thread *keeper) GIL_TRUSTED {
  gil *lock = keeper->lock;
  gil_mutex_lock(&lock->mutex);
  lock->keeper = keeper;
  lock->must_pick_by_ns = GIL_NEVER; /* nobody else is to be picked any more */
  gil_mutex_unlock(&lock->mutex);
}

void gil_get_policy(gil *lock, struct gil_policy_choice *out) GIL_TRUSTED {
  gil_mutex_lock(&lock->mutex);
  *out = lock->choice;
  gil_mutex_unlock(&lock->mutex);
}

int64_t gil_tick_instructions(gil *lock) GIL_TRUSTED {
  gil_mutex_lock(&lock->mutex);
  const struct gil_policy *policy = lock->choice.policy;
  int64_t instructions = policy->tick_instructions ? policy->tick_instructions(lock) : 0;
  gil_mutex_unlock(&lock->mutex);
  return instructions;
}

void gil_set_policy(gil *lock, const struct gil_policy_choice *choice) GIL_TRUSTED {
  gil_mutex_lock(&lock->mutex);
  gil_put_in_force(lock, choice, gil_now_ns());
  gil_mutex_unlock(&lock->mutex);
}
