/* gil/policy_micropython.c - the GIL of MicroPython. Room: gil/. Runs under the lock's mutex.
 *
 * py/vm.c looks for pending business at backward jumps only. Every 32 of them (MICROPY_PY_THREAD_GIL_VM_DIVISOR) it
 * says
 *
 *     MP_THREAD_GIL_EXIT();
 *     MP_THREAD_GIL_ENTER();
 *
 * which is to unlock and to lock a mutex, with nothing in between: the race of policy_cpython2.c, with the odds of
 * the platform's mutex. On a microcontroller with one core and an RTOS the scheduler decides; on several cores the
 * one who unlocks has locked again before anybody has woken up.
 *
 * What we count is instructions, since that is what our interpreter counts. `length` of them stand for one backward
 * jump, 8 being a loop with a short body. So a loop is treated as MicroPython would treat it within a small factor;
 * code without loops is not: MicroPython's counter starts anew with each call of a function, and straight code and
 * recursion never let go at all, while here they do.
 *
 * Known to do badly: as cpython2; and a long body between two backward jumps holds the lock for as long as it takes.
 */
#include "gil_internal.h"

enum { JUMPS, LENGTH };

static const struct gil_param params[] = {
    {"jumps", GIL_PARAM_COUNT, 32, 1, 1000000, "backward jumps between two releases (the GIL's VM divisor)"},
    {"length", GIL_PARAM_COUNT, 8, 1, 1000, "instructions that are counted as one backward jump: an approximation"},
    {NULL, 0, 0, 0, 0, NULL},
};

static int64_t tick_instructions(const gil *lock) {
  return gil_param_value(lock, JUMPS) * gil_param_value(lock, LENGTH);
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  (void)lock, (void)thread, (void)now;
  return GIL_NEVER;
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  return (struct gil_choice){.how = GIL_OPEN, .thread = gil_first_waiter(lock)};
}

const struct gil_policy gil_policy_micropython = {
    .abi = GIL_POLICY_ABI,
    .name = "micropython",
    .models = "MicroPython",
    .summary = "Every so many backward jumps, counted as instructions here, the holder unlocks and locks again with "
               "nothing in between.",
    .badly = "On several cores the one who unlocks wins again; a long loop body holds the lock as long as it takes.",
    .source = "MicroPython, py/vm.c: MICROPY_PY_THREAD_GIL_VM_DIVISOR",
    .params = params,
    .tick_instructions = tick_instructions,
    .waits = waits,
    .lets_go = lets_go,
};
