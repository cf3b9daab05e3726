/* gil/policy_stride.c - stride scheduling. Room: gil/. Runs under the lock's mutex.
 *
 * Waldspurger and Weihl (1995): lottery scheduling without the luck. A thread's stride is inverse to its tickets.
 * Each thread has a pass, which grows by its stride for each quantum that it has the lock, or by a part of it for a
 * part of a quantum; the smallest pass is next. So after any time each thread has had its share to within one
 * quantum.
 *
 * At the end of a quantum the holder goes on if no waiter's pass is smaller. Whoever is chosen is handed the lock.
 *
 * A thread that was away would come back with a pass from long ago, and keep all others out until it has caught up.
 * So there is a global pass, that of the last one chosen, and nobody's is smaller: time that a thread did not want is
 * not saved up. (The paper also lets a thread that is ahead when it leaves be ahead when it comes back; so does
 * this.)
 *
 * Known to do badly: latency. A thread with a small share waits for long even if it wants the lock for a moment only;
 * all it can do is to have more tickets.
 */
#include "gil_internal.h"

enum { QUANTUM };

static const struct gil_param params[] = {
    {"quantum", GIL_PARAM_TIME, 5000000, 1000, 3600000000000, "the time between two decisions"},
    {NULL, 0, 0, 0, 0, NULL},
};

struct entry {
  struct gil_heap_node node; /* key: the pass */
  int64_t pass;
};

struct strides {
  struct gil_heap heap;
  int64_t began_ns; /* the holder has been charged up to then */
  int64_t pass;     /* the global one */
};

enum { STRIDE_UNIT = 1000 }; /* pass for each nanosecond with one ticket: enough for three months of it */

static struct entry *charge(gil *lock, gil_thread *holder, int64_t now) {
  struct strides *strides = gil_lock_slot(lock);
  struct entry *entry = gil_thread_slot(holder);
  entry->pass += (now - strides->began_ns) * STRIDE_UNIT / gil_thread_tickets(holder);
  strides->began_ns = now;
  return entry;
}

static void starts(gil *lock, int64_t now) {
  struct strides *strides = gil_lock_slot(lock);
  strides->began_ns = now;
}

/* A holder that nobody waited for has moved on alone, and the global pass with it. */
static void catch_up(gil *lock, gil_thread *holder, int64_t now) {
  struct strides *strides = gil_lock_slot(lock);
  const struct entry *entry = charge(lock, holder, now);
  if (!strides->heap.first && strides->pass < entry->pass) strides->pass = entry->pass;
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  struct strides *strides = gil_lock_slot(lock);
  struct entry *entry = gil_thread_slot(thread);
  int64_t quantum = gil_param_value(lock, QUANTUM);
  int64_t ends = strides->began_ns + quantum;
  if (gil_holder(lock)) catch_up(lock, gil_holder(lock), now);
  if (entry->pass < strides->pass) entry->pass = strides->pass;
  if (!gil_heap_has(thread)) gil_heap_add(&strides->heap, thread, entry->pass);
  if (gil_first_waiter(lock) == thread) gil_set_tick(lock, ends > now ? ends : now);
  return GIL_NEVER;
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  struct strides *strides = gil_lock_slot(lock);
  struct entry *entry = gil_thread_slot(thread);
  gil_heap_remove(&strides->heap, thread);
  strides->began_ns = now;
  if (entry->pass < strides->pass) entry->pass = strides->pass;
  gil_set_tick(lock, gil_first_waiter(lock) ? now + gil_param_value(lock, QUANTUM) : GIL_NEVER);
}

static int64_t tick(gil *lock, int64_t now) {
  const struct strides *strides = gil_lock_slot(lock);
  gil_thread *holder = gil_holder(lock), *first = strides->heap.first;
  if (!gil_first_waiter(lock)) return GIL_NEVER;
  if (holder && first && charge(lock, holder, now)->pass > gil_heap_key(first)) gil_ask(lock, first);
  return now + gil_param_value(lock, QUANTUM);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  struct strides *strides = gil_lock_slot(lock);
  gil_thread *next = strides->heap.first;
  (void)cause;
  catch_up(lock, thread, now);
  if (next && strides->pass < gil_heap_key(next)) strides->pass = gil_heap_key(next);
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = next};
}

const struct gil_policy gil_policy_stride = {
    .abi = GIL_POLICY_ABI,
    .name = "stride",
    .models = "stride scheduling (no language's GIL)",
    .summary = "Each thread's pass grows with its time divided by its tickets (100 unless set), and the smallest "
               "pass is next: shares are exact to within a quantum.",
    .badly = "A thread with few tickets waits long, even if it wants the lock for a moment only.",
    .source = "C. Waldspurger and W. Weihl, Stride Scheduling, MIT/LCS/TM-528, 1995",
    .params = params,
    .starts = starts,
    .waits = waits,
    .tick = tick,
    .takes = takes,
    .lets_go = lets_go,
};
