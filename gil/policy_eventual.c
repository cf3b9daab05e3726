/* gil/policy_eventual.c - eventual fairness: WebKit's ParkingLot. Room: gil/. Runs under the lock's mutex.
 *
 * WTF::Lock is open to whoever comes by, since that is fast. So that nobody starves, every queue has a time at which
 * it is to be fair. A release before that time frees the lock and wakes the longest waiter to compete; the first
 * release after it hands the lock over, and the next such time is drawn: 0 to 1 ms from now, at random, so that no
 * program can fall into step with it (genericDequeue, `nextFairTime`).
 *
 * The bound: a waiter at the head of the queue gets the lock at the first release that comes 1 ms or more after the
 * last fair one. It is a bound in time for locks that are released often. A GIL is not, so a waiter here also asks,
 * after `interval`, as in CPython; an interval above `fair` makes each release that was asked for a fair one.
 *
 * Known to do badly: a fair release now and then hands the lock to a thread that still sleeps, at a moment that is as
 * good or bad as any; and the lock cannot tell a long wait from a short one.
 */
#include "gil_internal.h"

enum { INTERVAL, FAIR, SEED };

static const struct gil_param params[] = {
    {"interval", GIL_PARAM_TIME, 5000000, 1000, 3600000000000, "how long a waiter is patient before it asks"},
    {"fair", GIL_PARAM_TIME, 1000000, 0, 3600000000000, "a fair release comes after a random time of up to so much"},
    {"seed", GIL_PARAM_COUNT, 1, 0, INT32_MAX, "of the random numbers"},
    {NULL, 0, 0, 0, 0, NULL},
};

struct fairness {
  uint64_t dice;
  int64_t due_ns;
};

static void set_due(gil *lock, int64_t now) {
  struct fairness *fairness = gil_lock_slot(lock);
  fairness->due_ns = now + gil_dice_below(&fairness->dice, gil_param_value(lock, FAIR) + 1);
}

static void starts(gil *lock, int64_t now) {
  struct fairness *fairness = gil_lock_slot(lock);
  fairness->dice = gil_dice_seed(gil_param_value(lock, SEED));
  set_due(lock, now);
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  (void)thread;
  return now + gil_param_value(lock, INTERVAL);
}

static int64_t patience_ends(gil *lock, gil_thread *thread, int64_t now) {
  gil_ask(lock, thread);
  return waits(lock, thread, now);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  const struct fairness *fairness = gil_lock_slot(lock);
  gil_thread *first = gil_first_waiter(lock);
  (void)thread, (void)cause;
  if (!first || now < fairness->due_ns) return (struct gil_choice){.how = GIL_OPEN, .thread = first};
  set_due(lock, now);
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = first};
}

const struct gil_policy gil_policy_eventual = {
    .abi = GIL_POLICY_ABI,
    .name = "eventual",
    .models = "WebKit's WTF::Lock (no language's GIL)",
    .summary = "A free lock goes to whoever comes first; but when a random time of up to 1 ms has passed since the "
               "last fair release, the next one hands it to the longest waiter.",
    .badly = "Fair at random moments: some handoffs wait for a sleeper to wake, however short its wait was.",
    .source = "WebKit, Source/WTF/wtf/ParkingLot.cpp: genericDequeue",
    .params = params,
    .starts = starts,
    .waits = waits,
    .patience_ends = patience_ends,
    .lets_go = lets_go,
};
