/* gil/policy_beazley.c - David Beazley's new GIL with priorities. Room: gil/. Runs under the lock's mutex.
 *
 * Beazley's answer (PyCon 2010) to the convoy effect of CPython's new GIL (bpo-7946): the lock learns who computes
 * and who waits for the world. There are two classes. A thread starts as an I/O thread. One that had to be asked to
 * let go is a CPU thread from then on; one that lets go by itself, to block or to yield, is an I/O thread again.
 *
 *   - An I/O thread that finds a CPU thread holding the lock asks at once, and does not wait for the interval.
 *   - Otherwise, among equals and for a CPU thread behind an I/O thread, CPython's rule holds: a whole interval
 *     without a switch, then ask. (So an I/O thread that starts to compute is found out after one interval.)
 *   - Who lets go wakes an I/O thread rather than a CPU thread. The rest is CPython's: the lock is open to whoever
 *     comes by, and one who was asked waits until somebody else has had it.
 *
 * Known to do badly: the class is decided by the last release alone. A thread that computes but blocks for nothing
 * now and then passes for an I/O thread and takes the lock from honest CPU threads whenever it likes ("cpued",
 * bpo-7946); and many I/O threads together starve all that compute.
 */
#include "gil_internal.h"

enum { INTERVAL };

static const struct gil_param params[] = {
    {"interval", GIL_PARAM_TIME, 5000000, 1000, 3600000000000, "how long a waiter is patient with its own class"},
    {NULL, 0, 0, 0, 0, NULL},
};

struct waiter {
  struct gil_heap_node node; /* key: the class, I/O before CPU; within one, the order of arrival */
  uint64_t seen;             /* the switch number when the waiter's clock last started */
  bool is_cpu;
};

static int64_t wait_on(gil *lock, gil_thread *thread, int64_t now) {
  struct waiter *waiter = gil_thread_slot(thread);
  waiter->seen = gil_switch_number(lock);
  return now + gil_param_value(lock, INTERVAL);
}

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  const struct waiter *waiter = gil_thread_slot(thread);
  gil_thread *holder = gil_holder(lock);
  if (!gil_heap_has(thread)) gil_heap_add(gil_lock_slot(lock), thread, waiter->is_cpu);
  if (holder && !waiter->is_cpu) {
    const struct waiter *held_by = gil_thread_slot(holder);
    if (held_by->is_cpu) gil_ask(lock, thread);
  }
  return wait_on(lock, thread, now);
}

static int64_t patience_ends(gil *lock, gil_thread *thread, int64_t now) {
  const struct waiter *waiter = gil_thread_slot(thread);
  if (gil_holder(lock) && waiter->seen == gil_switch_number(lock)) gil_ask(lock, thread);
  return wait_on(lock, thread, now);
}

static void takes(gil *lock, gil_thread *thread, int64_t now) {
  (void)now;
  gil_heap_remove(gil_lock_slot(lock), thread);
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)now;
  const struct gil_heap *heap = gil_lock_slot(lock);
  struct waiter *leaver = gil_thread_slot(thread);
  leaver->is_cpu = cause == GIL_CAUSE_INTERVAL;
  return (struct gil_choice){.how = GIL_OPEN, .thread = heap->first, .forced = gil_is_asked(lock)};
}

const struct gil_policy gil_policy_beazley = {
    .abi = GIL_POLICY_ABI,
    .name = "beazley",
    .models = "D. Beazley's priority GIL for CPython, 2010",
    .summary = "As cpython, but a thread that had to be asked counts as a CPU thread until it lets go by itself, and "
               "an I/O thread asks a CPU thread at once.",
    .badly = "A thread that computes and blocks briefly now and then counts as I/O, and starves those that only "
             "compute.",
    .source = "D. Beazley, Understanding the Python GIL, PyCon 2010; V. Skvortsov, Python behind the scenes 13; "
              "bpo-7946",
    .params = params,
    .waits = waits,
    .patience_ends = patience_ends,
    .takes = takes,
    .lets_go = lets_go,
};
