/* mine.c - a policy for gilvm as a shared library. Copy this folder, change what you like, build, and run
 *
 *     gilvm --policy build/mine.so:interval=1ms --stats -j 2 script.lua
 *     gilvm policies build/mine.so
 *
 * A policy is told what happens at the lock, and decides three things: when the holder is asked to yield, whether it
 * must, and who is next. As it stands this one is last come, first served, with turns: simple, and unfair on purpose.
 *
 * Every function runs with the lock's mutex held, on whatever thread comes by: it must be short, and must not block
 * or allocate. It calls nothing of gil.h but what stands there under "what a policy may use". What it wants to
 * remember goes into the slots: one for each lock, one for each thread, zeroed when the policy comes into force. It
 * has no other memory, since several locks may be under the same policy at the same time.
 */
#include <gil/gil.h>

/* ---------------------------------------------------------------- parameters ----------------------------------- */

enum { INTERVAL };

/* Name, kind, standard value, least, most, help. Times are nanoseconds here; people type 5ms. */
static const struct gil_param params[] = {
    [INTERVAL] = {"interval", GIL_PARAM_TIME, 5000000, 1000, 1000000000,
                  "how long a holder may run while others wait"},
    {NULL, 0, 0, 0, 0, NULL},
};

/* ---------------------------------------------------------------- what is remembered --------------------------- */

struct lock_memory {
  int64_t turn_began_ns;
};
_Static_assert(sizeof(struct lock_memory) <= GIL_LOCK_SLOT_BYTES, "a lock's slot is too small");

/* ---------------------------------------------------------------- events --------------------------------------- */

/* Somebody becomes the holder: a turn begins. The policy's own clock strikes at its end. */
static void takes(gil *lock, gil_thread *thread, int64_t now_ns) {
  (void)thread;
  struct lock_memory *memory = gil_lock_slot(lock);
  memory->turn_began_ns = now_ns;
  gil_set_tick(lock, gil_first_waiter(lock) ? now_ns + gil_param_value(lock, INTERVAL) : GIL_NEVER);
}

/* The lock is taken and `thread` waits. With the first waiter the clock starts. */
static int64_t waits(gil *lock, gil_thread *thread, int64_t now_ns) {
  (void)now_ns;
  const struct lock_memory *memory = gil_lock_slot(lock);
  if (gil_first_waiter(lock) == thread) gil_set_tick(lock, memory->turn_began_ns + gil_param_value(lock, INTERVAL));
  return GIL_NEVER; /* its own patience is not what this policy goes by */
}

/* The turn is over: the holder is asked to yield, and again after another interval, should it not have listened. */
static int64_t tick(gil *lock, int64_t now_ns) {
  if (!gil_first_waiter(lock)) return GIL_NEVER;
  gil_ask(lock, NULL);
  return now_ns + gil_param_value(lock, INTERVAL);
}

/* The holder lets go. The one that came last is handed the lock. */
static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now_ns) {
  (void)thread, (void)cause, (void)now_ns;
  gil_thread *last = gil_first_waiter(lock);
  while (last && gil_next_waiter(last)) last = gil_next_waiter(last);
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = last};
}

/* ---------------------------------------------------------------- the policy ----------------------------------- */

/* gilvm looks for this name. `abi` says for which version of the interface this was compiled. */
extern const struct gil_policy gil_policy;

const struct gil_policy gil_policy = {
    .abi = GIL_POLICY_ABI,
    .name = "mine",
    .models = "nothing; a template",
    .summary = "Last come, first served, one interval each.",
    .badly = "Starvation: who came first waits until nobody else does.",
    .source = "docs/policy-template",
    .params = params,
    .takes = takes,
    .waits = waits,
    .tick = tick,
    .lets_go = lets_go,
};
