/* gil/policy_bounded.c - barging with a bound: Go's sync.Mutex and CPython's PyMutex. Room: gil/. Runs under the
 * lock's mutex.
 *
 * The lock is in one of two modes. In normal mode it is open: a release wakes the longest waiter, which competes with
 * whoever comes by and mostly loses. When a waiter has waited for 1 ms without success the lock starves, and from
 * then on each release hands it to the longest waiter; newcomers queue up. It goes back to normal when a waiter that
 * gets the lock is the last one, or has waited for less than 1 ms.
 *
 * Who finds out? In Go it is the waiter, woken and beaten once more; in PyMutex it is the one who releases, and looks
 * at how old the head of the queue is. The queue is in the order of arrival, and the head is the oldest, so the
 * release sees all that the waiter would: here it is the release that looks.
 *
 * Go and CPython hold such locks for moments. As a GIL the lock needs somebody who asks a holder that computes: a
 * waiter does, after `interval`. With an interval above the bound each release that was asked for is a handoff.
 *
 * Known to do badly: under steady load from more threads than the bound has room for, it starves for good and is a
 * plain queue, convoy and all.
 */
#include "gil_internal.h"

enum { INTERVAL, BOUND };

static const struct gil_param params[] = {
    {"interval", GIL_PARAM_TIME, 5000000, 1000, 3600000000000, "how long a waiter is patient before it asks"},
    {"bound", GIL_PARAM_TIME, 1000000, 0, 3600000000000, "a waiter that is older gets the lock at the next release"},
    {NULL, 0, 0, 0, 0, NULL},
};

struct waiter {
  int64_t since_ns; /* 0: does not wait; a race that was lost does not start it anew */
};

static bool *is_starving(gil *lock) { return gil_lock_slot(lock); }

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  struct waiter *waiter = gil_thread_slot(thread);
  if (!waiter->since_ns) waiter->since_ns = now;
  return now + gil_param_value(lock, INTERVAL);
}

static int64_t patience_ends(gil *lock, gil_thread *thread, int64_t now) {
  gil_ask(lock, thread);
  return waits(lock, thread, now);
}

static bool is_old(const gil *lock, const gil_thread *thread, int64_t now) {
  const struct waiter *waiter = gil_thread_slot(thread);
  return waiter->since_ns && now - waiter->since_ns >= gil_param_value(lock, BOUND);
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  struct waiter *waiter = gil_thread_slot(thread);
  if (!gil_first_waiter(lock) || !is_old(lock, thread, now)) *is_starving(lock) = false;
  waiter->since_ns = 0;
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  gil_thread *first = gil_first_waiter(lock);
  (void)thread, (void)cause;
  if (first && is_old(lock, first, now)) *is_starving(lock) = true;
  return (struct gil_choice){.how = *is_starving(lock) ? GIL_HANDOFF : GIL_OPEN, .thread = first};
}

const struct gil_policy gil_policy_bounded = {
    .abi = GIL_POLICY_ABI,
    .name = "bounded",
    .models = "Go's sync.Mutex, CPython's PyMutex (no language's GIL)",
    .summary = "A free lock goes to whoever comes first, until a waiter is older than the bound: then it is handed "
               "from waiter to waiter, until one gets it that is the last or has waited for less.",
    .badly = "Under steady load it is a plain queue, with a sleeper to be woken at each handoff.",
    .source = "Go, sync/mutex.go; CPython, Python/lock.c",
    .params = params,
    .waits = waits,
    .patience_ends = patience_ends,
    .takes = takes,
    .lets_go = lets_go,
};
