/* gil/policy_fair.c - earliest eligible virtual deadline first. Room: gil/. Runs under the lock's mutex.
 *
 * Stoica and Abdel-Wahab's EEVDF (1995), which schedules Linux since 6.6 (kernel/sched/fair.c), with the lock as the
 * one CPU. Each thread has a weight. Its virtual time grows by the time for which it has the lock, divided by its
 * weight; the lock's virtual time grows by the same time divided by the weights of all that want it: so much each
 * would have had on an ideal machine that serves all at once.
 *
 *   eligible   a thread that has not had more than on the ideal machine: its virtual time is not past the lock's
 *   deadline   when, in virtual time, it should have had the slice that it asks for: its virtual time at the slice's
 *              start plus slice/weight. When a slice is used up the next begins.
 *
 * Among the eligible the earliest deadline runs, for a slice, unless a thread comes that is eligible and has an
 * earlier one. The lock is handed over. A thread that goes away takes its lag with it (how much it is behind or
 * ahead, at most a slice) and has it still when it comes back: to sleep gains nothing, and loses nothing.
 *
 * Weights are of priorities, as Linux has them of nice values: 1024 at 0, a quarter more for each step up. The slice
 * is Linux' on eight CPUs and more, 0.75 ms x (1 + log2 of the CPUs), and here it is the same on every machine.
 *
 * Known to do badly: short slices among threads that compute cost many changes of hands, each of them a sleeper to be
 * woken, which on a GIL is no matter of a microsecond; and a thread that sleeps mostly has no right to come first,
 * only to its share.
 */
#include "gil_internal.h"

enum { SLICE };

static const struct gil_param params[] = {
    {"slice", GIL_PARAM_TIME, 3000000, 1000, 3600000000000, "how long a thread may run for each deadline"},
    {NULL, 0, 0, 0, 0, NULL},
};

enum { WEIGHT_STANDARD = 1024 };

struct entry {
  struct gil_heap_node node; /* key: the deadline among the eligible, the virtual time among the others */
  int64_t virtual_ns;        /* of one that is away: relative to the lock's, which is its lag, negated */
  int64_t deadline_ns;
  int32_t weight;
  bool wants;    /* counts in the lock's weight: waits or holds */
  bool is_early; /* waits among those that are not eligible */
};

struct fairness {
  struct gil_heap eligible, early;
  int64_t virtual_ns;
  int64_t weight;   /* of all that want the lock */
  int64_t began_ns; /* the holder has been charged up to then */
};

_Static_assert(sizeof(struct entry) <= GIL_THREAD_SLOT_BYTES, "an entry fits its slot");

static int64_t scaled(int64_t ns, int64_t weight) { return ns * WEIGHT_STANDARD / weight; }

static int32_t weight_of(const gil_thread *thread) {
  int priority = gil_thread_priority(thread);
  int32_t weight = WEIGHT_STANDARD;
  for (int step = 0; step < priority && step < 20; step++) weight = weight * 5 / 4;
  for (int step = 0; step > priority && step > -20; step--) weight = weight * 4 / 5;
  return weight;
}

static void begin_slice(const gil *lock, struct entry *entry) {
  entry->deadline_ns = entry->virtual_ns + scaled(gil_param_value(lock, SLICE), entry->weight);
}

/* A thread begins to want the lock, with the lag that it left with. */
static void join(gil *lock, gil_thread *thread) {
  struct fairness *fairness = gil_lock_slot(lock);
  struct entry *entry = gil_thread_slot(thread);
  if (entry->wants) return;
  entry->wants = true;
  entry->weight = weight_of(thread);
  int64_t most = scaled(gil_param_value(lock, SLICE), entry->weight), lead = entry->virtual_ns;
  entry->virtual_ns = fairness->virtual_ns + (lead > most ? most : lead < -most ? -most : lead);
  begin_slice(lock, entry);
  fairness->weight += entry->weight;
}

static void leave(gil *lock, gil_thread *thread) {
  struct fairness *fairness = gil_lock_slot(lock);
  struct entry *entry = gil_thread_slot(thread);
  entry->wants = false;
  entry->virtual_ns -= fairness->virtual_ns;
  fairness->weight -= entry->weight;
}

/* Both clocks go on. A slice that is used up is followed by the next, and a new priority counts from there. */
static struct entry *charge(gil *lock, gil_thread *holder, int64_t now) {
  struct fairness *fairness = gil_lock_slot(lock);
  struct entry *entry = gil_thread_slot(holder);
  entry->virtual_ns += scaled(now - fairness->began_ns, entry->weight);
  fairness->virtual_ns += scaled(now - fairness->began_ns, fairness->weight);
  fairness->began_ns = now;
  if (entry->virtual_ns < entry->deadline_ns) return entry;
  fairness->weight -= entry->weight;
  entry->weight = weight_of(holder);
  fairness->weight += entry->weight;
  begin_slice(lock, entry);
  return entry;
}

static bool is_eligible(const struct fairness *fairness, const struct entry *entry) {
  return entry->virtual_ns <= fairness->virtual_ns;
}

static void add(struct fairness *fairness, gil_thread *thread) {
  struct entry *entry = gil_thread_slot(thread);
  entry->is_early = !is_eligible(fairness, entry);
  if (entry->is_early)
    gil_heap_add(&fairness->early, thread, entry->virtual_ns);
  else
    gil_heap_add(&fairness->eligible, thread, entry->deadline_ns);
}

static void drop(struct fairness *fairness, gil_thread *thread) {
  const struct entry *entry = gil_thread_slot(thread);
  gil_heap_remove(entry->is_early ? &fairness->early : &fairness->eligible, thread);
}

/* The lock's virtual time never runs backwards: who is eligible stays so for as long as it waits. If nobody is, which
   can be since lags are cut off, the one that will be next. */
static gil_thread *pick(struct fairness *fairness) {
  for (gil_thread *t; (t = fairness->early.first) && is_eligible(fairness, gil_thread_slot(t));) {
    drop(fairness, t);
    add(fairness, t);
  }
  return fairness->eligible.first ? fairness->eligible.first : fairness->early.first;
}

/* Whether `a` is to run rather than `b`. */
static bool is_before(const struct fairness *fairness, const struct entry *a, const struct entry *b) {
  if (is_eligible(fairness, a) != is_eligible(fairness, b)) return is_eligible(fairness, a);
  return is_eligible(fairness, a) ? a->deadline_ns < b->deadline_ns : a->virtual_ns < b->virtual_ns;
}

static int64_t slice_ends(const struct entry *holder, int64_t now) {
  int64_t left = (holder->deadline_ns - holder->virtual_ns) * holder->weight / WEIGHT_STANDARD;
  return now + (left > 0 ? left : 0) + 1; /* both divisions round down */
}

static void starts(gil *lock, int64_t now) {
  struct fairness *fairness = gil_lock_slot(lock);
  fairness->began_ns = now;
  if (gil_holder(lock)) join(lock, gil_holder(lock));
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  struct fairness *fairness = gil_lock_slot(lock);
  gil_thread *holder = gil_holder(lock);
  const struct entry *held_by = holder ? charge(lock, holder, now) : NULL;
  join(lock, thread);
  if (!gil_heap_has(thread)) add(fairness, thread);
  if (!holder) return GIL_NEVER;
  const struct entry *entry = gil_thread_slot(thread);
  if (is_eligible(fairness, entry) && entry->deadline_ns < held_by->deadline_ns) gil_ask(lock, thread);
  if (gil_first_waiter(lock) == thread) gil_set_tick(lock, slice_ends(held_by, now));
  return GIL_NEVER;
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  struct fairness *fairness = gil_lock_slot(lock);
  drop(fairness, thread);
  join(lock, thread);
  fairness->began_ns = now;
  gil_set_tick(lock, gil_first_waiter(lock) ? slice_ends(gil_thread_slot(thread), now) : GIL_NEVER);
}

static int64_t tick(gil *lock, int64_t now) {
  struct fairness *fairness = gil_lock_slot(lock);
  gil_thread *holder = gil_holder(lock);
  if (!gil_first_waiter(lock)) return GIL_NEVER;
  if (!holder) return now + gil_param_value(lock, SLICE);
  const struct entry *entry = charge(lock, holder, now);
  gil_thread *first = pick(fairness);
  if (first && (gil_is_asked(lock) || is_before(fairness, gil_thread_slot(first), entry))) gil_ask(lock, first);
  return slice_ends(entry, now);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  charge(lock, thread, now);
  bool stays = cause == GIL_CAUSE_INTERVAL || cause == GIL_CAUSE_YIELD || cause == GIL_CAUSE_TICKS;
  if (!stays) leave(lock, thread);
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = pick(gil_lock_slot(lock))};
}

const struct gil_policy gil_policy_fair = {
    .abi = GIL_POLICY_ABI,
    .name = "fair",
    .models = "EEVDF, as in Linux 6.6 and later (no language's GIL)",
    .summary = "Among the threads that have not had more than their share, the one with the earliest virtual "
               "deadline runs; a step of priority is a quarter more.",
    .badly = "Many changes of hands, and no advantage for a thread that mostly sleeps.",
    .source = "I. Stoica and H. Abdel-Wahab, Earliest Eligible Virtual Deadline First, 1995; Linux, "
              "kernel/sched/fair.c",
    .params = params,
    .starts = starts,
    .waits = waits,
    .tick = tick,
    .takes = takes,
    .lets_go = lets_go,
};
