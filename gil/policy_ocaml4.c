/* gil/policy_ocaml4.c - the master lock of OCaml up to 4.07. Room: gil/. Runs under the lock's mutex.
 *
 * A tick thread wakes every 50 ms and makes the running thread yield, on the beat of its own drum: a thread that has
 * taken the lock a moment ago is asked as well, and so is one that runs alone. To yield is, in otherlibs/systhreads,
 *
 *     enter_blocking_section();    release the master lock, signal one waiter
 *     nanosleep(1 ns);             "sched_yield() doesn't do what we want in Linux 2.6 and up (PR#2663)"
 *     leave_blocking_section();    acquire it again, in competition with whoever comes by
 *
 * The sleep is what gives the woken waiter its chance: a nanosecond, for which Linux takes some 50 us, the slack of
 * its timers. Whether the waiter is there by then is the system's business. The lock is not told who has waited how
 * long: nothing makes sure that the releaser does not win again (issue 2112).
 *
 * We sleep for the same nanosecond, through the seam, and the system rounds it up in the same way.
 *
 * Known to do badly: no fairness at all under load, and two system calls every tick for nobody's good in a program
 * whose other threads sleep.
 */
#include "gil_internal.h"

enum { TICK };

static const struct gil_param params[] = {
    {"tick", GIL_PARAM_TIME, 50000000, 1000, 3600000000000, "how often the running thread yields"},
    {NULL, 0, 0, 0, 0, NULL},
};

static void starts(gil *lock, int64_t now) { gil_set_tick(lock, now + gil_param_value(lock, TICK)); }

static int64_t tick(gil *lock, int64_t now) {
  gil_ask(lock, NULL);
  return now + gil_param_value(lock, TICK);
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  (void)lock, (void)thread, (void)now;
  return GIL_NEVER;
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  return (struct gil_choice){.how = GIL_OPEN, .thread = gil_first_waiter(lock), .pause_ns = 1};
}

const struct gil_policy gil_policy_ocaml4 = {
    .abi = GIL_POLICY_ABI,
    .name = "ocaml4",
    .models = "OCaml up to 4.07",
    .summary = "Every tick, whether or not anybody waits, the holder releases the lock, sleeps for a nanosecond "
               "(some 50 us on Linux) and competes for it again.",
    .badly = "Nothing keeps the releaser from winning its own lock back: waiters can starve.",
    .source = "OCaml 4.07, otherlibs/systhreads/st_posix.h: st_thread_yield",
    .params = params,
    .starts = starts,
    .tick = tick,
    .waits = waits,
    .lets_go = lets_go,
    .unwaited = true,
};
