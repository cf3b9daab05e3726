/* gil/policy_bfs.c - Nir Aides' GIL after the BFS scheduler. Room: gil/. Runs under the lock's mutex.
 *
 * Offered to CPython in 2010 against the convoy effect (bpo-7946, bfs.patch), after Con Kolivas' Brain Fuck Scheduler
 * for Linux. There is one queue and one rule: the earliest virtual deadline runs.
 *
 *   - A thread has a slice of time and a deadline: the moment at which it got the slice plus its priority's ratio
 *     times the slice. Only when the slice is used up does it get a new one, and with it a new deadline. So deadlines
 *     of threads that compute move on, and those of threads that sleep do not: they have it sooner than all who
 *     computed meanwhile when they come back.
 *   - A waiter whose deadline is before the holder's asks at once. When the holder's slice ends it goes on if its new
 *     deadline is still the earliest.
 *   - The lock is handed to the one chosen.
 *
 * The ratio is Kolivas': 1 at priority 0, a tenth less for each step up, a tenth more for each step down. (The patch
 * itself gave all threads the same priority.)
 *
 * Known to do badly: each change of hands reads the clock, and needs a good one; a thread that sleeps long and then
 * computes keeps everybody else out for a whole slice; and of many that wake at once the last waits for all slices.
 */
#include "gil_internal.h"

enum { SLICE };

static const struct gil_param params[] = {
    {"slice", GIL_PARAM_TIME, 6000000, 1000, 3600000000000, "how long a thread may run for each deadline"},
    {NULL, 0, 0, 0, 0, NULL},
};

struct entry {
  struct gil_heap_node node; /* key: the deadline */
  int64_t deadline_ns;       /* 0: none yet */
  int64_t left_ns;           /* of the slice */
};

struct schedule {
  struct gil_heap heap;
  int64_t began_ns; /* the holder has been charged up to then */
};

static void renew(const gil *lock, gil_thread *thread, int64_t now) {
  struct entry *entry = gil_thread_slot(thread);
  int priority = gil_thread_priority(thread);
  int64_t offset = entry->left_ns = gil_param_value(lock, SLICE);
  for (int step = 0; step < priority && step < 20; step++) offset = offset * 10 / 11;
  for (int step = 0; step > priority && step > -20; step--) offset = offset * 11 / 10;
  entry->deadline_ns = now + offset;
}

static void charge(gil *lock, gil_thread *holder, int64_t now) {
  struct schedule *schedule = gil_lock_slot(lock);
  struct entry *entry = gil_thread_slot(holder);
  entry->left_ns -= now - schedule->began_ns;
  schedule->began_ns = now;
  if (entry->left_ns <= 0) renew(lock, holder, now);
}

static void starts(gil *lock, int64_t now) {
  struct schedule *schedule = gil_lock_slot(lock);
  schedule->began_ns = now;
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  struct schedule *schedule = gil_lock_slot(lock);
  struct entry *entry = gil_thread_slot(thread);
  gil_thread *holder = gil_holder(lock);
  if (!entry->deadline_ns) renew(lock, thread, now);
  if (!gil_heap_has(thread)) gil_heap_add(&schedule->heap, thread, entry->deadline_ns);
  if (!holder) return GIL_NEVER;
  const struct entry *held_by = gil_thread_slot(holder);
  charge(lock, holder, now);
  if (entry->deadline_ns < held_by->deadline_ns) gil_ask(lock, thread);
  if (gil_first_waiter(lock) == thread) gil_set_tick(lock, now + held_by->left_ns);
  return GIL_NEVER;
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  struct schedule *schedule = gil_lock_slot(lock);
  const struct entry *entry = gil_thread_slot(thread);
  gil_heap_remove(&schedule->heap, thread);
  schedule->began_ns = now;
  if (!entry->deadline_ns) renew(lock, thread, now);
  gil_set_tick(lock, gil_first_waiter(lock) ? now + entry->left_ns : GIL_NEVER);
}

/* The holder's slice has ended, or a waiter that has asked needs to ask again. */
static int64_t tick(gil *lock, int64_t now) {
  const struct schedule *schedule = gil_lock_slot(lock);
  gil_thread *holder = gil_holder(lock), *first = schedule->heap.first;
  if (!gil_first_waiter(lock)) return GIL_NEVER;
  if (!holder) return now + gil_param_value(lock, SLICE);
  const struct entry *entry = gil_thread_slot(holder);
  charge(lock, holder, now);
  if (first && gil_heap_key(first) < entry->deadline_ns) gil_ask(lock, first);
  return now + entry->left_ns;
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  const struct schedule *schedule = gil_lock_slot(lock);
  (void)cause;
  charge(lock, thread, now);
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = schedule->heap.first};
}

const struct gil_policy gil_policy_bfs = {
    .abi = GIL_POLICY_ABI,
    .name = "bfs",
    .models = "N. Aides' BFS GIL for CPython, 2010",
    .summary = "The earliest virtual deadline runs. A deadline is given with each slice of time and kept until the "
               "slice is used up, so one that slept comes first; higher priority means earlier deadlines.",
    .badly = "A thread that slept long and then computes keeps all others out for a whole slice.",
    .source = "bpo-7946, bfs.patch; C. Kolivas, BFS",
    .params = params,
    .starts = starts,
    .waits = waits,
    .tick = tick,
    .takes = takes,
    .lets_go = lets_go,
};
