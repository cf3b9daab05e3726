/* gil/policy_mlfq.c - a multi-level feedback queue. Room: gil/. Runs under the lock's mutex.
 *
 * Corbato's idea of 1962, in the textbook's version (Arpaci-Dusseau, Operating Systems: Three Easy Pieces, chapter
 * 8):
 *
 *   1. A thread on a higher level runs first: a waiter asks a holder of a lower level at once.
 *   2. On one level threads take turns.
 *   3. A thread starts on the top level.
 *   4. When it has used up its allotment on a level it sinks to the next, however often it let go meanwhile: to block
 *      just before the end gains nothing. Level k (0 is the top) gives 2^k slices. On the lowest a new turn begins
 *      instead.
 *   5. Every `boost` all threads are lifted to the top, so that those at the bottom do not starve, and a thread that
 *      stopped computing is forgiven.
 *
 * The lock is handed over. A thread that was asked before its time goes to the tail of its level and keeps what is
 * left.
 *
 * Known to do badly: enough threads that block often starve the rest until the next boost; each boost is a moment of
 * round robin among all, in which short work waits for long; three numbers to tune, and no theory of how.
 */
#include "gil_internal.h"

enum { LEVELS, SLICE, BOOST };

static const struct gil_param params[] = {
    {"levels", GIL_PARAM_COUNT, 3, 1, 16, "how many levels there are"},
    {"slice", GIL_PARAM_TIME, 5000000, 1000, 3600000000000, "the time on the top level; doubled on each below"},
    {"boost", GIL_PARAM_TIME, 1000000000, 1000, 3600000000000, "how often all threads are lifted to the top level"},
    {NULL, 0, 0, 0, 0, NULL},
};

struct entry {
  struct gil_heap_node node; /* key: the level */
  int64_t used_ns;           /* of the allotment on this level */
  uint32_t boost;            /* the number of the boost since which the two others hold */
  int32_t level;
};

struct levels {
  struct gil_heap heap;
  int64_t began_ns; /* the holder has been charged up to then */
  int64_t next_boost_ns;
  uint32_t boost;
};

/* The thread's entry, lifted if there was a boost since it was last looked at. */
static struct entry *entry_of(const gil *lock, gil_thread *thread) {
  const struct levels *levels = gil_lock_slot(lock);
  struct entry *entry = gil_thread_slot(thread);
  if (entry->boost != levels->boost) {
    entry->boost = levels->boost;
    entry->used_ns = entry->level = 0;
  }
  return entry;
}

static int64_t allotment(const gil *lock, const struct entry *entry) {
  return gil_param_value(lock, SLICE) << entry->level;
}

/* Lifts all threads if it is time to. Those that neither wait nor hold are lifted when they come. */
static void boost_if_due(gil *lock, int64_t now) {
  struct levels *levels = gil_lock_slot(lock);
  if (now < levels->next_boost_ns) return;
  levels->next_boost_ns = now + gil_param_value(lock, BOOST);
  levels->boost++;
  for (gil_thread *t = gil_first_waiter(lock); t; t = gil_next_waiter(t)) {
    if (!gil_heap_has(t)) continue;
    gil_heap_remove(&levels->heap, t);
    gil_heap_add(&levels->heap, t, entry_of(lock, t)->level);
  }
}

/* Whether the holder's allotment is used up, for which it sinks. A boost comes after that: what was used before it
   does not count afterwards. */
static bool charge(gil *lock, gil_thread *holder, int64_t now) {
  struct levels *levels = gil_lock_slot(lock);
  struct entry *entry = entry_of(lock, holder);
  entry->used_ns += now - levels->began_ns;
  levels->began_ns = now;
  bool is_over = entry->used_ns >= allotment(lock, entry);
  if (is_over) {
    entry->used_ns = 0;
    if (entry->level + 1 < gil_param_value(lock, LEVELS)) entry->level++;
  }
  boost_if_due(lock, now);
  return is_over;
}

/* When the holder's allotment will be used up, or the next boost due. */
static int64_t next_event(const gil *lock, gil_thread *holder, int64_t now) {
  const struct levels *levels = gil_lock_slot(lock);
  const struct entry *entry = entry_of(lock, holder);
  int64_t ends = now + allotment(lock, entry) - entry->used_ns;
  return ends < levels->next_boost_ns ? ends : levels->next_boost_ns;
}

static void starts(gil *lock, int64_t now) {
  struct levels *levels = gil_lock_slot(lock);
  levels->began_ns = now;
  levels->next_boost_ns = now + gil_param_value(lock, BOOST);
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  struct levels *levels = gil_lock_slot(lock);
  gil_thread *holder = gil_holder(lock);
  bool is_over = holder && charge(lock, holder, now);
  const struct entry *entry = entry_of(lock, thread);
  if (!gil_heap_has(thread)) gil_heap_add(&levels->heap, thread, entry->level);
  if (!holder) return GIL_NEVER;
  if (entry->level < entry_of(lock, holder)->level + is_over) gil_ask(lock, thread);
  if (gil_first_waiter(lock) == thread) gil_set_tick(lock, next_event(lock, holder, now));
  return GIL_NEVER;
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  struct levels *levels = gil_lock_slot(lock);
  gil_heap_remove(&levels->heap, thread);
  levels->began_ns = now;
  gil_set_tick(lock, gil_first_waiter(lock) ? next_event(lock, thread, now) : GIL_NEVER);
}

/* The holder goes on if only threads of lower levels wait. One that was asked and did not listen is asked again. */
static int64_t tick(gil *lock, int64_t now) {
  const struct levels *levels = gil_lock_slot(lock);
  gil_thread *holder = gil_holder(lock);
  if (!gil_first_waiter(lock)) return GIL_NEVER;
  if (!holder) return now + gil_param_value(lock, SLICE);
  bool is_over = charge(lock, holder, now);
  gil_thread *first = levels->heap.first;
  int level = entry_of(lock, holder)->level;
  if (first && (gil_is_asked(lock) || gil_heap_key(first) < level + is_over)) gil_ask(lock, first);
  return next_event(lock, holder, now);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  const struct levels *levels = gil_lock_slot(lock);
  (void)cause;
  charge(lock, thread, now);
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = levels->heap.first};
}

const struct gil_policy gil_policy_mlfq = {
    .abi = GIL_POLICY_ABI,
    .name = "mlfq",
    .models = "a multi-level feedback queue (no language's GIL)",
    .summary = "A thread that uses up its time on a level sinks to the next, where turns are longer; higher levels "
               "run first; now and then all are lifted to the top.",
    .badly = "Threads that block often starve the others until the next boost.",
    .source = "R. and A. Arpaci-Dusseau, Operating Systems: Three Easy Pieces, chapter 8",
    .params = params,
    .starts = starts,
    .waits = waits,
    .tick = tick,
    .takes = takes,
    .lets_go = lets_go,
};
