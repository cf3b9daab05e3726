/* gil/policy_random.c - chance decides. Room: gil/. Runs under the lock's mutex.
 *
 * For finding what no orderly lock brings to light. The holder is asked after a time drawn evenly from 0 to twice the
 * mean interval, and hands the lock to one of the waiters, each as likely as the other. So short turns and long ones
 * are mixed, every order of threads comes up, and a program that is right only as long as threads take turns fails
 * soon. (How a waiter is drawn without a look at all of them is told in dice.c.)
 *
 * The same seed draws the same numbers. A run repeats as far as threads come to the lock in the same order and at the
 * same times, which real clocks do not promise.
 *
 * Known to do badly: everything but that. A waiter of n is passed over again and again with a chance of (n - 1)/n.
 */
#include "gil_internal.h"

enum { SEED, INTERVAL };

static const struct gil_param params[] = {
    {"seed", GIL_PARAM_COUNT, 1, 0, INT32_MAX, "of the random numbers"},
    {"interval", GIL_PARAM_TIME, 1000000, 1000, 3600000000000, "the mean time for which a holder may run"},
    {NULL, 0, 0, 0, 0, NULL},
};

struct chance {
  struct gil_heap heap; /* key: when the thread's clock rings */
  uint64_t dice;
  int64_t clock; /* when the last winner's did */
};

static int64_t draw_moment(gil *lock, int64_t now) {
  struct chance *chance = gil_lock_slot(lock);
  return now + gil_dice_below(&chance->dice, 2 * gil_param_value(lock, INTERVAL) + 1);
}

static void starts(gil *lock, int64_t now) {
  struct chance *chance = gil_lock_slot(lock);
  chance->dice = gil_dice_seed(gil_param_value(lock, SEED));
  (void)now;
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  struct chance *chance = gil_lock_slot(lock);
  if (!gil_heap_has(thread)) {
    double rings = gil_dice_exponential(&chance->dice) * 0x1p24; /* fine enough, for hundreds of billions of draws */
    gil_heap_add(&chance->heap, thread, chance->clock + (int64_t)rings);
  }
  if (gil_first_waiter(lock) == thread) gil_set_tick(lock, draw_moment(lock, now));
  return GIL_NEVER;
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  struct chance *chance = gil_lock_slot(lock);
  gil_heap_remove(&chance->heap, thread);
  gil_set_tick(lock, gil_first_waiter(lock) ? draw_moment(lock, now) : GIL_NEVER);
}

static int64_t tick(gil *lock, int64_t now) {
  if (!gil_first_waiter(lock)) return GIL_NEVER;
  gil_ask(lock, NULL);
  return draw_moment(lock, now);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  struct chance *chance = gil_lock_slot(lock);
  gil_thread *winner = chance->heap.first;
  (void)thread, (void)cause, (void)now;
  if (winner) chance->clock = gil_heap_key(winner);
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = winner};
}

const struct gil_policy gil_policy_random = {
    .abi = GIL_POLICY_ABI,
    .name = "random",
    .models = "a fuzzer (no language's GIL)",
    .summary = "The holder is asked after a random time, and hands the lock to a waiter drawn at random.",
    .badly = "Everything but finding errors: no bound on any wait, and handoffs at the worst moments.",
    .source = "textbook",
    .params = params,
    .starts = starts,
    .waits = waits,
    .tick = tick,
    .takes = takes,
    .lets_go = lets_go,
};
