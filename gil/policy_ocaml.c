/* gil/policy_ocaml.c - the master lock of OCaml 4.14, and of each domain of OCaml 5. Room: gil/. Runs under the
 * lock's mutex.
 *
 * The repair of what policy_ocaml4.c tells (issue 2112). The tick thread still beats every 50 ms, on its own drum:
 * a thread that took the lock just before the beat is asked like any other. But st_thread_yield now
 *
 *   - returns at once if nobody waits;
 *   - otherwise frees the lock, signals one waiter and waits on the same condition itself, whatever happens, until it
 *     is signalled in its turn and finds the lock free.
 *
 * So one who yields always gives way to somebody. To whom, is left to the race: the lock is free until a thread takes
 * it, and one that comes out of a blocking section at that moment may take it before the one that was signalled. Who
 * blocks signals one waiter and waits for nobody.
 *
 * A condition variable wakes some waiter. On Linux that is nearly always the longest waiting, and here it always is.
 *
 * Known to do badly: latency. A thread that comes back from I/O waits for the next beat, 25 ms on average, behind
 * each thread that computes.
 */
#include "gil_internal.h"

enum { TICK };

static const struct gil_param params[] = {
    {"tick", GIL_PARAM_TIME, 50000000, 1000, 3600000000000, "how often the running thread yields, if others wait"},
    {NULL, 0, 0, 0, 0, NULL},
};

static void starts(gil *lock, int64_t now) { gil_set_tick(lock, now + gil_param_value(lock, TICK)); }

static int64_t tick(gil *lock, int64_t now) {
  if (gil_first_waiter(lock)) gil_ask(lock, NULL);
  return now + gil_param_value(lock, TICK);
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  (void)lock, (void)thread, (void)now;
  return GIL_NEVER;
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)now;
  bool yields = cause == GIL_CAUSE_INTERVAL || cause == GIL_CAUSE_YIELD || cause == GIL_CAUSE_TICKS;
  return (struct gil_choice){.how = GIL_OPEN, .thread = gil_first_waiter(lock), .forced = yields};
}

const struct gil_policy gil_policy_ocaml = {
    .abi = GIL_POLICY_ABI,
    .name = "ocaml",
    .models = "OCaml 4.14, and each domain of OCaml 5",
    .summary = "Every tick the holder yields if somebody waits, and may not come back before somebody else has had "
               "the lock; which of them is left to the race.",
    .badly = "A thread that comes back from I/O waits for the next tick, up to 50 ms.",
    .source = "OCaml 4.14, otherlibs/systhreads/st_posix.h: st_thread_yield; issue 2112",
    .params = params,
    .starts = starts,
    .tick = tick,
    .waits = waits,
    .lets_go = lets_go,
};
