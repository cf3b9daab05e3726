/* gil/policy_lottery.c - lottery scheduling. Room: gil/. Runs under the lock's mutex.
 *
 * Waldspurger and Weihl (1994): each thread has tickets; whenever the lock is to be given away a ticket is drawn
 * among those of all who want it, and its owner has the lock for a quantum. A thread with t of T tickets gets t/T of
 * the time in the long run; no thread with a ticket starves; and whatever changes, the next draw takes it into
 * account.
 *
 * At the end of a quantum the holder takes part in the draw, and goes on if it wins. When it blocks or yields, the
 * others draw among themselves. The one who is drawn is handed the lock. (How a draw among a thousand costs no more
 * than one among two is told in dice.c.)
 *
 * Without the paper's compensation tickets: a thread that blocks before its quantum ends gets less than its share.
 * The quantum is CPython's interval, so that the two can be compared; the paper's was 100 ms.
 *
 * Known to do badly: the short run. With two equal threads a wait of ten quanta comes once in a thousand draws.
 */
#include "gil_internal.h"

enum { QUANTUM, SEED };

static const struct gil_param params[] = {
    {"quantum", GIL_PARAM_TIME, 5000000, 1000, 3600000000000, "the time between two draws"},
    {"seed", GIL_PARAM_COUNT, 1, 0, INT32_MAX, "of the random numbers"},
    {NULL, 0, 0, 0, 0, NULL},
};

struct lottery {
  struct gil_heap heap; /* key: when the thread's clock rings */
  uint64_t dice;
  int64_t clock;    /* when the last winner's did */
  int64_t began_ns; /* the holder's quantum */
};

/* A unit of the clock: fine enough for a million tickets, coarse enough for billions of draws. */
static const double CLOCK_UNITS = 0x1p32;

static int64_t draw(struct lottery *lottery, const gil_thread *thread) {
  return lottery->clock + (int64_t)(gil_dice_exponential(&lottery->dice) * CLOCK_UNITS / gil_thread_tickets(thread));
}

static void starts(gil *lock, int64_t now) {
  struct lottery *lottery = gil_lock_slot(lock);
  lottery->dice = gil_dice_seed(gil_param_value(lock, SEED));
  lottery->began_ns = now;
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  struct lottery *lottery = gil_lock_slot(lock);
  if (!gil_heap_has(thread)) gil_heap_add(&lottery->heap, thread, draw(lottery, thread));
  if (gil_first_waiter(lock) == thread) {
    int64_t ends = lottery->began_ns + gil_param_value(lock, QUANTUM);
    gil_set_tick(lock, ends > now ? ends : now);
  }
  return GIL_NEVER;
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  struct lottery *lottery = gil_lock_slot(lock);
  gil_heap_remove(&lottery->heap, thread);
  lottery->began_ns = now;
  gil_set_tick(lock, gil_first_waiter(lock) ? now + gil_param_value(lock, QUANTUM) : GIL_NEVER);
}

static int64_t tick(gil *lock, int64_t now) {
  struct lottery *lottery = gil_lock_slot(lock);
  gil_thread *holder = gil_holder(lock), *first = lottery->heap.first;
  if (!gil_first_waiter(lock)) return GIL_NEVER;
  lottery->began_ns = now;
  if (holder && first) {
    int64_t own = draw(lottery, holder);
    if (gil_is_asked(lock) || own > gil_heap_key(first)) /* drawn out once is enough, also if it did not listen */
      gil_ask(lock, first);
    else
      lottery->clock = own;
  }
  return now + gil_param_value(lock, QUANTUM);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  struct lottery *lottery = gil_lock_slot(lock);
  gil_thread *winner = lottery->heap.first;
  (void)thread, (void)cause, (void)now;
  if (winner) lottery->clock = gil_heap_key(winner);
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = winner};
}

const struct gil_policy gil_policy_lottery = {
    .abi = GIL_POLICY_ABI,
    .name = "lottery",
    .models = "lottery scheduling (no language's GIL)",
    .summary = "Every quantum a ticket is drawn among those of all who want the lock; a thread's tickets (100 unless "
               "set) are its share of the time in the long run.",
    .badly = "In the short run anything can happen: a thread may wait for many quanta.",
    .source = "C. Waldspurger and W. Weihl, Lottery Scheduling, OSDI 1994",
    .params = params,
    .starts = starts,
    .waits = waits,
    .tick = tick,
    .takes = takes,
    .lets_go = lets_go,
};
