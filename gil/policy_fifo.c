/* gil/policy_fifo.c - a ticket lock: first come, first served. Room: gil/. Runs under the lock's mutex.
 *
 * Each waiter stands in the queue in the order of arrival. Whoever lets go hands the lock to the head of the queue
 * before that thread has woken up, so nobody can barge in. A waiter at the head asks the holder to yield when the
 * holder has had the lock for `interval`; the clock is the holder's and not the waiter's, so that a queue of n moves on
 * every interval however long each has stood there.
 *
 * It is perfectly fair in the number of turns: each waiter gets in after as many turns as there were threads before it.
 * It models no language's lock; it is the textbook's end of the scale, to hold the others against.
 *
 * Known to do badly: throughput under short holds. Ownership passes to a thread that still sleeps, so each change of
 * hands costs a full wake-up during which nobody runs: the lock convoy in its original sense.
 */
#include "gil_internal.h"

enum { INTERVAL };

static const struct gil_param params[] = {
    {"interval", GIL_PARAM_TIME, 5000000, 1000, 3600000000000, "how long a holder may run while others queue"},
    {NULL, 0, 0, 0, 0, NULL},
};

struct turn {
  int64_t began_ns;
};

/* A holder that is there already begins its turn with the policy. */
static void starts(gil *lock, int64_t now) {
  struct turn *turn = gil_lock_slot(lock);
  turn->began_ns = now;
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  (void)thread;
  struct turn *turn = gil_lock_slot(lock);
  turn->began_ns = now;
  gil_set_tick(lock, gil_first_waiter(lock) ? now + gil_param_value(lock, INTERVAL) : GIL_NEVER);
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  const struct turn *turn = gil_lock_slot(lock);
  if (gil_first_waiter(lock) == thread && gil_holder(lock)) {
    int64_t ends = turn->began_ns + gil_param_value(lock, INTERVAL);
    gil_set_tick(lock, ends > now ? ends : now);
  }
  return GIL_NEVER;
}

/* The holder's turn is over. Asked again every interval, should it not have listened. */
static int64_t tick(gil *lock, int64_t now) {
  gil_thread *head = gil_first_waiter(lock);
  if (!head) return GIL_NEVER;
  gil_ask(lock, head);
  return now + gil_param_value(lock, INTERVAL);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = gil_first_waiter(lock)};
}

const struct gil_policy gil_policy_fifo = {
    .abi = GIL_POLICY_ABI,
    .name = "fifo",
    .models = "a ticket lock (no language's GIL)",
    .summary = "First come, first served: the lock is handed to the longest waiter, and a holder's turn lasts one "
               "interval while others queue.",
    .badly = "Convoys: each handoff goes to a thread that still sleeps, and nobody runs until it has woken up.",
    .source = "textbook; Mellor-Crummey and Scott, Algorithms for Scalable Synchronization, 1991",
    .params = params,
    .starts = starts,
    .takes = takes,
    .waits = waits,
    .tick = tick,
    .lets_go = lets_go,
};
