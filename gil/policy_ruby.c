/* gil/policy_ruby.c - the GVL of Ruby's MRI. Room: gil/. Runs under the lock's mutex.
 *
 * A timer thread beats every 10 ms, but only while somebody queues for the lock. With each beat the thread that runs
 * is interrupted, and its time grows by a whole 10 ms, however long it has really run; when that time reaches its
 * quantum it yields. The quantum is 100 ms, shifted by the thread's priority: doubled for each step up, halved for
 * each step down, from -3 (12.5 ms, which the beats make 20) to 3 (800 ms).
 *
 * The queue is first come, first served, and the lock is handed to its head before that thread has woken up. Nobody
 * comes between. A thread's time starts anew when it gets the lock from another thread.
 *
 * So priority does not say who is next; it says how long a thread may go on. The unit of the count is the beat, which
 * charges whoever happens to run: a thread that always blocks before the beat is never charged at all.
 *
 * Known to do badly: 25 threads that compute make each other wait 2.5 s for a turn (Sidekiq's default, and a famous
 * source of timeouts); a thread that comes back from I/O waits up to 100 ms per busy thread before it.
 */
#include "gil_internal.h"

enum { QUANTUM, TICK };

static const struct gil_param params[] = {
    {"quantum", GIL_PARAM_TIME, 100000000, 1000, 3600000000000, "a thread's time at priority 0"},
    {"tick", GIL_PARAM_TIME, 10000000, 1000, 3600000000000, "the timer's beat, by which time is counted"},
    {NULL, 0, 0, 0, 0, NULL},
};

enum { PRIORITY_MIN = -3, PRIORITY_MAX = 3 };

struct runner {
  int64_t time_ns; /* so much has been charged since it got the lock from another thread */
  uint64_t turn;   /* the switch number then */
};

/* A step outside the range counts as the nearest inside, as Ruby has it. */
static int64_t quantum(const gil *lock, const gil_thread *thread) {
  int priority = gil_thread_priority(thread);
  if (priority < PRIORITY_MIN) priority = PRIORITY_MIN;
  if (priority > PRIORITY_MAX) priority = PRIORITY_MAX;
  int64_t ns = gil_param_value(lock, QUANTUM);
  return priority > 0 ? ns << priority : ns >> -priority;
}

/* The timer starts with the first that queues, and beats on through changes of hands until nobody does. */
static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  bool *beats = gil_lock_slot(lock);
  (void)thread;
  if (!*beats) gil_set_tick(lock, now + gil_param_value(lock, TICK));
  *beats = true;
  return GIL_NEVER;
}

static int64_t tick(gil *lock, int64_t now) {
  bool *beats = gil_lock_slot(lock);
  gil_thread *holder = gil_holder(lock);
  *beats = gil_first_waiter(lock);
  if (!*beats) return GIL_NEVER;
  if (holder) {
    struct runner *runner = gil_thread_slot(holder);
    runner->time_ns += gil_param_value(lock, TICK);
    if (runner->time_ns >= quantum(lock, holder)) gil_ask(lock, NULL);
  }
  return now + gil_param_value(lock, TICK);
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  struct runner *runner = gil_thread_slot(thread);
  (void)now;
  if (runner->turn != gil_switch_number(lock)) runner->time_ns = 0;
  runner->turn = gil_switch_number(lock);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = gil_first_waiter(lock)};
}

const struct gil_policy gil_policy_ruby = {
    .abi = GIL_POLICY_ABI,
    .name = "ruby",
    .models = "Ruby (MRI) 3.3",
    .summary = "The lock is handed to the longest waiter. While threads queue a timer charges the holder a tick at a "
               "time, and at its quantum, doubled for each step of priority (-3 to 3), it yields.",
    .badly = "The quantum is long: with n threads that compute, each waits (n - 1) x 100 ms for its turn.",
    .source = "Ruby 3.3, thread.c and thread_pthread.c",
    .params = params,
    .waits = waits,
    .tick = tick,
    .takes = takes,
    .lets_go = lets_go,
};
