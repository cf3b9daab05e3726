/* gil/policy_cooperative.c - green threads' manners: nobody is ever asked to yield. Room: gil/. Runs under the lock's
 * mutex.
 *
 * The holder keeps the lock until it blocks or says gil.yield(). What it lets go of is handed to the longest waiter, so
 * that a yield always means another thread's turn. This is how coroutines, Ruby 1.8's and Node's world work, here with
 * OS threads under it: no data race can strike between two yields, and one thread that never yields freezes all others.
 *
 * Known to do badly: a single busy loop starves the whole program.
 */
#include "gil_internal.h"

static const struct gil_param params[] = {{NULL, 0, 0, 0, 0, NULL}};

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  (void)lock, (void)thread, (void)now;
  return GIL_NEVER;
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = gil_first_waiter(lock)};
}

const struct gil_policy gil_policy_cooperative = {
    .abi = GIL_POLICY_ABI,
    .name = "cooperative",
    .models = "green threads, event loops",
    .summary = "The holder is never asked to yield; the lock passes on, to the longest waiter, only when the holder "
               "blocks or calls gil.yield().",
    .badly = "One busy loop starves every other thread.",
    .source = "textbook",
    .params = params,
    .waits = waits,
    .lets_go = lets_go,
};
