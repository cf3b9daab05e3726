/* gil/policy_cpython.c - the "new GIL" of CPython 3.2 and later. Room: gil/. Runs under the lock's mutex.
 *
 * Antoine Pitrou's design (2009), which replaced counting bytecodes by a clock. Read in Python/ceval_gil.c:
 *
 *   take_gil  If the lock is free, grab it, whoever else waits. Otherwise wait for `interval`. If the whole interval
 *             passed, the lock is still held and it has not changed hands meanwhile, set gil_drop_request. Then wait
 *             again.
 *   drop_gil  Free the lock and wake one waiter. If a drop had been requested, wait until somebody else has taken the
 *             lock: "forced switching". Without it, on several cores, the thread that lets go is still running while
 *             the woken one is on its way, and wins its own lock back nearly always.
 *
 * Three quirks are part of the model and of many a puzzling measurement:
 *   - A waiter's clock starts again after any switch, its own or not: with many threads one waits several intervals.
 *   - The request is a single flag. Who asked is not who gets: any thread that comes by may satisfy it.
 *   - Forced switching follows the request and not the reason: a thread that lets go to do I/O while a request stands
 *     waits for its successor as well.
 *
 * Known to do badly: a thread with short I/O must wait a whole interval each time it comes back to a lock that a
 * CPU-bound thread holds (the convoy effect, bpo-7946).
 */
#include "gil_internal.h"

enum { INTERVAL };

static const struct gil_param params[] = {
    {"interval", GIL_PARAM_TIME, 5000000, 1000, 3600000000000, "how long a waiter is patient (sys.setswitchinterval)"},
    {NULL, 0, 0, 0, 0, NULL},
};

struct waiter {
  uint64_t seen; /* the switch number when the waiter's clock last started */
};

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  struct waiter *waiter = gil_thread_slot(thread);
  waiter->seen = gil_switch_number(lock);
  return now + gil_param_value(lock, INTERVAL);
}

static int64_t patience_ends(gil *lock, gil_thread *thread, int64_t now) {
  struct waiter *waiter = gil_thread_slot(thread);
  if (gil_holder(lock) && waiter->seen == gil_switch_number(lock)) gil_ask(lock, thread);
  return waits(lock, thread, now);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  return (struct gil_choice){.how = GIL_OPEN, .thread = gil_first_waiter(lock), .forced = gil_is_asked(lock)};
}

const struct gil_policy gil_policy_cpython = {
    .abi = GIL_POLICY_ABI,
    .name = "cpython",
    .models = "CPython 3.2 and later",
    .summary = "A waiter that has waited for a whole interval without a switch asks the holder to let go; the holder "
               "then waits until somebody else has taken the lock. A free lock goes to whoever comes first.",
    .badly = "Convoy: beside one CPU-bound thread, every short I/O costs its thread a whole interval.",
    .source = "CPython, Python/ceval_gil.c: take_gil, drop_gil",
    .params = params,
    .waits = waits,
    .patience_ends = patience_ends,
    .lets_go = lets_go,
};
