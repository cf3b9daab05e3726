/* gil/stats.c - who held the lock, who waited, for how long and on whom. Room: gil/. The accounting runs under the
 * lock's mutex at every change of hands, so it costs a few dozen nanoseconds and allocates nothing; the snapshot is
 * for readers and may take its time.
 *
 * Attribution is exact: when a holder lets go, the length of its hold (or the part of it that the waiter was there for)
 * is put down in each waiter's table. Two limits keep that cheap, and both show as "elsewhere" instead of being lost:
 * only the first GIL_ATTRIBUTED_MAX of the queue are visited, and a waiter's table names GIL_WAITED_ON_MAX holders.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gil_internal.h"

static void put_down(struct gil_thread_stats *stats, uint32_t holder_id, int64_t ns) {
  uint32_t i = 0;
  while (i < stats->waited_on_count && stats->waited_on[i].thread != (int32_t)holder_id) i++;
  if (i == GIL_WAITED_ON_MAX) return;
  if (i == stats->waited_on_count) {
    stats->waited_on[i].thread = (int32_t)holder_id;
    stats->waited_on[i].ns = 0;
    stats->waited_on_count++;
  }
  stats->waited_on[i].ns += ns;
}

static void attribute(gil *lock, const gil_thread *holder, int64_t now) GIL_REQUIRES(lock->mutex) {
  int left = GIL_ATTRIBUTED_MAX;
  for (gil_thread *t = lock->waiters.first; t && left > 0; t = t->queue.next, left--) {
    int64_t from = t->wait_since_ns > lock->held_since_ns ? t->wait_since_ns : lock->held_since_ns;
    put_down(&t->stats, holder->stats.id, now - from);
  }
}

void gil_account_hold(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  int64_t held = now - lock->held_since_ns;
  thread->stats.hold_ns += held;
  lock->stats.held_ns += held;
  thread->stats.let_go[cause]++;
  attribute(lock, thread, now);
}

void gil_account_wait(gil *lock, gil_thread *thread, int64_t now) {
  int64_t waited = now - thread->wait_since_ns;
  thread->stats.wait_ns += waited;
  if (waited > thread->stats.longest_wait_ns) thread->stats.longest_wait_ns = waited;
  if (waited > lock->stats.longest_wait_ns) lock->stats.longest_wait_ns = waited;
  gil_histogram_add(&lock->stats.waits, waited);
  thread->wait_since_ns = 0;
}

void gil_account_start(gil *lock, int64_t now) {
  if (lock->vacant_since_ns) lock->stats.handover_ns += now - lock->vacant_since_ns;
  lock->vacant_since_ns = 0;
}

/* Adds the record of a finished thread to the sum of those that are not kept one by one. */
static void fold(struct gil_thread_stats *sum, const struct gil_thread_stats *stats) {
  sum->folded++;
  sum->finished = true;
  sum->life_ns += stats->life_ns;
  sum->hold_ns += stats->hold_ns;
  sum->wait_ns += stats->wait_ns;
  if (stats->longest_wait_ns > sum->longest_wait_ns) sum->longest_wait_ns = stats->longest_wait_ns;
  for (int cause = 0; cause < GIL_CAUSE_COUNT; cause++) {
    sum->blocked_ns[cause] += stats->blocked_ns[cause];
    sum->let_go[cause] += stats->let_go[cause];
  }
  sum->acquisitions += stats->acquisitions;
  sum->lost_races += stats->lost_races;
  sum->work += stats->work;
}

void gil_account_leave(gil *lock, gil_thread *thread, struct gil_finished *record, int64_t now) {
  thread->stats.finished = true;
  thread->stats.life_ns = now - thread->entered_ns;
  thread->stats.work = atomic_load_explicit(&thread->work, memory_order_relaxed);
  if (!record || lock->finished_count == GIL_FINISHED_MAX) {
    fold(&lock->folded, &thread->stats);
    free(record);
    return;
  }
  record->stats = thread->stats;
  record->next = lock->finished;
  lock->finished = record;
  lock->finished_count++;
}

void gil_free_finished(gil *lock) {
  while (lock->finished) {
    struct gil_finished *record = lock->finished;
    lock->finished = record->next;
    free(record);
  }
}

/* ---------------------------------------------------------------- snapshots ------------------------------------ */

/* The thread that holds the lock and is awake. One to whom it was handed over counts as waiting until it has woken. */
static const gil_thread *running_holder(const gil *lock) {
  return lock->holder && !lock->holder->wait_since_ns ? lock->holder : NULL;
}

/* The record of a thread that lives: its numbers so far, the present hold or wait included. */
static struct gil_thread_stats so_far(const gil *lock, const gil_thread *thread, int64_t now) {
  const gil_thread *holder = running_holder(lock);
  struct gil_thread_stats stats = thread->stats;
  stats.life_ns = thread->entered_ns ? now - thread->entered_ns : 0;
  stats.work = atomic_load_explicit(&thread->work, memory_order_relaxed);
  if (holder == thread) stats.hold_ns += now - lock->held_since_ns;
  if (thread->blocked_since_ns) stats.blocked_ns[thread->blocked_cause] += now - thread->blocked_since_ns;
  if (thread->wait_since_ns) {
    int64_t waited = now - thread->wait_since_ns;
    stats.wait_ns += waited;
    if (waited > stats.longest_wait_ns) stats.longest_wait_ns = waited;
    if (holder) {
      int64_t from = thread->wait_since_ns > lock->held_since_ns ? thread->wait_since_ns : lock->held_since_ns;
      put_down(&stats, holder->stats.id, now - from);
    }
  }
  return stats;
}

static int by_id(const void *a, const void *b) {
  uint32_t left = ((const struct gil_thread_stats *)a)->id, right = ((const struct gil_thread_stats *)b)->id;
  return left < right ? -1 : left > right;
}

/* Replaces ids by indices into the sorted threads; what cannot be named any more goes to "elsewhere". */
static void resolve_waited_on(struct gil_snapshot *snapshot, struct gil_thread_stats *stats) {
  uint32_t kept = 0;
  int64_t named_ns = 0;
  for (uint32_t i = 0; i < stats->waited_on_count; i++) {
    struct gil_thread_stats key = {.id = (uint32_t)stats->waited_on[i].thread};
    struct gil_thread_stats *found = bsearch(&key, snapshot->threads, snapshot->thread_count, sizeof key, by_id);
    if (!found) continue;
    stats->waited_on[kept].thread = (int32_t)(found - snapshot->threads);
    stats->waited_on[kept].ns = stats->waited_on[i].ns;
    named_ns += stats->waited_on[kept].ns;
    kept++;
  }
  stats->waited_on_count = kept;
  stats->waited_elsewhere_ns = stats->wait_ns > named_ns ? stats->wait_ns - named_ns : 0;
}

static void describe_policy(const struct gil_policy_choice *choice, char *text, size_t bytes) {
  int used = snprintf(text, bytes, "%s", choice->policy->name);
  const struct gil_param *param = choice->policy->params;
  for (size_t i = 0; param && param[i].name && (size_t)used < bytes; i++) {
    char value[32];
    used += snprintf(text + used, bytes - (size_t)used, "%c%s=%s", i == 0 ? ':' : ',', param[i].name,
                     gil_param_format(&param[i], choice->values[i], value, sizeof value));
  }
}

static struct gil_latency *latencies_of(struct gil_snapshot *snapshot) {
  return (struct gil_latency *)&snapshot->threads[snapshot->thread_count];
}

const struct gil_latency *gil_snapshot_latencies(const struct gil_snapshot *snapshot) {
  return (const struct gil_latency *)&snapshot->threads[snapshot->thread_count];
}

struct gil_snapshot *gil_snapshot_take(gil *lock) GIL_TRUSTED {
  struct gil_snapshot *snapshot = NULL;
  gil_mutex_lock(&lock->mutex);
  size_t count = lock->thread_count + lock->finished_count + (lock->folded.folded > 0);
  snapshot = calloc(1, sizeof *snapshot + count * sizeof snapshot->threads[0] +
                           lock->latency_count * sizeof(struct gil_latency));
  if (snapshot) {
    int64_t now = gil_now_ns();
    snapshot->lock = lock->stats;
    snapshot->lock.age_ns = now - lock->created_ns;
    if (running_holder(lock)) snapshot->lock.held_ns += now - lock->held_since_ns;
    describe_policy(&lock->choice, snapshot->lock.policy, sizeof snapshot->lock.policy);
    struct gil_thread_stats *next = snapshot->threads;
    if (lock->folded.folded > 0) {
      *next = lock->folded; /* id 0: sorts first */
      snprintf(next->name, sizeof next->name, "(%u more, finished)", next->folded);
      next++;
    }
    for (gil_thread *t = lock->threads.first; t; t = t->all.next) {
      if (!t->entered_ns) continue;
      *next = so_far(lock, t, now);
      if (t->wait_since_ns) gil_histogram_add(&snapshot->lock.waits, now - t->wait_since_ns);
      if (next->longest_wait_ns > snapshot->lock.longest_wait_ns)
        snapshot->lock.longest_wait_ns = next->longest_wait_ns;
      next++;
    }
    for (struct gil_finished *f = lock->finished; f; f = f->next) *next++ = f->stats;
    snapshot->thread_count = (uint32_t)(next - snapshot->threads);
    snapshot->latency_count = lock->latency_count;
    struct gil_latency *latencies = latencies_of(snapshot);
    for (uint32_t i = 0; i < lock->latency_count; i++) latencies[i] = *lock->latencies[i];
  }
  gil_mutex_unlock(&lock->mutex);
  if (!snapshot) return NULL;
  qsort(snapshot->threads, snapshot->thread_count, sizeof snapshot->threads[0], by_id);
  for (uint32_t i = 0; i < snapshot->thread_count; i++) resolve_waited_on(snapshot, &snapshot->threads[i]);
  return snapshot;
}

size_t gil_snapshot_bytes(const struct gil_snapshot *snapshot) {
  return sizeof *snapshot + snapshot->thread_count * sizeof snapshot->threads[0] +
         snapshot->latency_count * sizeof(struct gil_latency);
}
