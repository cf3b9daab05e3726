/* gil/policy_pypy.c - the GIL of PyPy. Room: gil/. Runs under the lock's mutex.
 *
 * PyPy releases the GIL around every call into C, and its JIT makes such calls cheap; so a release must cost nothing.
 * rpython/translator/c/src/thread_gil.c composes the GIL of two locks. One is a word: who calls out stores a zero
 * into it, and that is all; nobody is woken. The other is a mutex, which is only ever released to yield on purpose.
 *
 * Of those who wait, one is the "stealer": it looks at the word every 0.1 ms, and takes it when it finds a zero. The
 * others sleep behind it, in a queue for the office of stealer. And every so many bytecodes (sys.setcheckinterval,
 * 10,000 by default) a thread that computes gives the GIL to the stealer by way of the mutex, and queues up last.
 *
 * Here the timekeeper does the looking, every `poll` on behalf of the queue's head, which is spared a wake-up each
 * time the lock is not free. What threads see of the lock is the same. A call that is over before the next look has
 * never let anybody in.
 *
 * Known to do badly: a thread that makes many short calls into C keeps the lock although it releases it all the time,
 * since the word is zero at the moment of a look by luck alone (issue 2858: up to 20 ms); and a lock that is released
 * for good stays unused for half a poll on average.
 */
#include "gil_internal.h"

enum { POLL, CHECK };

static const struct gil_param params[] = {
    {"poll", GIL_PARAM_TIME, 100000, 1000, 3600000000000, "how often the first waiter looks if the lock is free"},
    {"check", GIL_PARAM_COUNT, 10000, 1, 1000000000, "instructions between two yields (sys.setcheckinterval)"},
    {NULL, 0, 0, 0, 0, NULL},
};

static int64_t tick_instructions(const gil *lock) { return gil_param_value(lock, CHECK); }

/* The stealer begins to look when it becomes the stealer: its first look comes a whole `poll` later. */
static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  if (gil_first_waiter(lock) == thread) gil_set_tick(lock, now + gil_param_value(lock, POLL));
  return GIL_NEVER;
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  (void)thread;
  gil_set_tick(lock, gil_first_waiter(lock) ? now + gil_param_value(lock, POLL) : GIL_NEVER);
}

/* A look. If the lock is free, the first waiter is woken: that is what a tick means. */
static int64_t tick(gil *lock, int64_t now) {
  return gil_first_waiter(lock) ? now + gil_param_value(lock, POLL) : GIL_NEVER;
}

/* RPyGilYieldThread does nothing if nobody waits. */
static bool yields(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  return gil_first_waiter(lock);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)now;
  bool on_purpose = cause == GIL_CAUSE_INTERVAL || cause == GIL_CAUSE_YIELD || cause == GIL_CAUSE_TICKS;
  if (on_purpose) return (struct gil_choice){.how = GIL_HANDOFF, .thread = gil_first_waiter(lock)};
  return (struct gil_choice){.how = GIL_OPEN};
}

const struct gil_policy gil_policy_pypy = {
    .abi = GIL_POLICY_ABI,
    .name = "pypy",
    .models = "PyPy",
    .summary = "Who blocks releases the lock without waking anybody; the first waiter looks every poll whether it is "
               "free, and every so many instructions the lock is handed to it.",
    .badly = "Bursts of short blocking calls keep the lock: nobody looks at the moments when it is free.",
    .source = "PyPy, rpython/translator/c/src/thread_gil.c; issue 2858",
    .params = params,
    .tick_instructions = tick_instructions,
    .waits = waits,
    .takes = takes,
    .tick = tick,
    .yields = yields,
    .lets_go = lets_go,
};
