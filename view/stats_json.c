/* view/stats_json.c - the statistics of a run as one JSON object. Room: view/. Any thread.
 *
 *   {"gils": [{"label": "process 2", "id": 1, "policy": "cpython:interval=5ms", "age_s": 1.5, "held_s": 1.2,
 *              "acquisitions": 9, "switches": 8, "by_cause": {"interval": 7, ...}, "asks": 7, "lost_races": 0,
 *              "longest_wait_s": 0.005, "handover_s": 0.001, "waits": {"count": 8, "p50_s": 0.005, "p99_s": 0.0051,
 *              "max_s": 0.0051}, "latencies": {"echo": {"count": 9, ...}}}, ...],
 *    "threads": [{"name": "main", "gil": 0, "id": 1, "count": 1, "finished": false, "life_s": 1.5, "hold_s": 0.7,
 *                 "wait_s": 0.7, "acquisitions": 5, "lost_races": 0, "work": 0, "longest_wait_s": 0.005,
 *                 "blocked_s": {"sleep": 0.1, ...}, "waited_on": {"Thread-1": 0.7, "(elsewhere)": 0.001}}, ...]}
 *
 * `gil` is an index into `gils`. `count` is above 1 where one record stands for so many finished threads. A lock
 * whose copy died before it could report has null for every figure: its numbers are not known, which is not the same
 * as 0.
 */
#include <inttypes.h>

#include "view_internal.h"

static void key(FILE *out, const char *name, bool first) {
  if (!first) fputc(',', out);
  view_json_string(out, name);
  fputc(':', out);
}

static void count_of(FILE *out, const char *name, uint64_t count) {
  key(out, name, false);
  fprintf(out, "%" PRIu64, count);
}

static void seconds_of(FILE *out, const char *name, int64_t ns) {
  key(out, name, false);
  view_json_seconds(out, ns);
}

static void by_cause(FILE *out, const uint64_t *counts) {
  key(out, "by_cause", false);
  fputc('{', out);
  for (int cause = 0; cause < GIL_CAUSE_COUNT; cause++) {
    key(out, gil_cause_name((gil_cause)cause), cause == 0);
    fprintf(out, "%" PRIu64, counts[cause]);
  }
  fputc('}', out);
}

static void histogram(FILE *out, const char *name, bool first, const struct gil_histogram *times) {
  key(out, name, first);
  fprintf(out, "{\"count\":%" PRIu64, times->count);
  seconds_of(out, "p50_s", gil_histogram_quantile(times, 0.5));
  seconds_of(out, "p99_s", gil_histogram_quantile(times, 0.99));
  seconds_of(out, "max_s", times->max_ns);
  fputc('}', out);
}

static void latencies(FILE *out, const struct gil_snapshot *snapshot) {
  const struct gil_latency *all = gil_snapshot_latencies(snapshot);
  key(out, "latencies", false);
  fputc('{', out);
  for (uint32_t i = 0; i < snapshot->latency_count; i++) histogram(out, all[i].name, i == 0, &all[i].times);
  fputc('}', out);
}

static void unknown_lock(FILE *out) {
  static const char *const names[] = {"id",   "policy",     "age_s",          "held_s",     "acquisitions",
                                      "switches", "by_cause", "asks", "lost_races", "longest_wait_s",
                                      "handover_s", "waits", "latencies"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    key(out, names[i], false);
    fputs("null", out);
  }
}

static void one_lock(FILE *out, const char *label, const struct gil_snapshot *snapshot) {
  fputs("\n  {", out);
  key(out, "label", true);
  view_json_string(out, label);
  if (snapshot) {
    const struct gil_lock_stats *lock = &snapshot->lock;
    count_of(out, "id", lock->id);
    key(out, "policy", false);
    view_json_string(out, lock->policy);
    seconds_of(out, "age_s", lock->age_ns);
    seconds_of(out, "held_s", lock->held_ns);
    count_of(out, "acquisitions", lock->acquisitions);
    count_of(out, "switches", lock->switches);
    by_cause(out, lock->by_cause);
    count_of(out, "asks", lock->asks);
    count_of(out, "lost_races", lock->lost_races);
    seconds_of(out, "longest_wait_s", lock->longest_wait_ns);
    seconds_of(out, "handover_s", lock->handover_ns);
    histogram(out, "waits", false, &lock->waits);
    latencies(out, snapshot);
  } else {
    unknown_lock(out);
  }
  fputc('}', out);
}

/* Door 2's causes only: through the first door, and at its exit, a thread is not blocked. */
static void blocked(FILE *out, const struct gil_thread_stats *thread) {
  key(out, "blocked_s", false);
  fputc('{', out);
  for (int cause = GIL_CAUSE_SLEEP; cause <= GIL_CAUSE_NATIVE; cause++) {
    key(out, gil_cause_name((gil_cause)cause), cause == GIL_CAUSE_SLEEP);
    view_json_seconds(out, thread->blocked_ns[cause]);
  }
  fputc('}', out);
}

static void waited_on(FILE *out, const struct gil_snapshot *snapshot, const struct gil_thread_stats *thread) {
  struct view_waited_on list;
  view_waited_on_of(snapshot, thread, &list);
  key(out, "waited_on", false);
  fputc('{', out);
  for (unsigned i = 0; i < list.count; i++) {
    key(out, list.on[i].name, i == 0);
    view_json_seconds(out, list.on[i].ns);
  }
  fputc('}', out);
}

static void one_thread(FILE *out, unsigned lock, const struct gil_snapshot *snapshot,
                       const struct gil_thread_stats *thread) {
  fputs("\n  {", out);
  key(out, "name", true);
  view_json_string(out, thread->name);
  count_of(out, "gil", lock);
  count_of(out, "id", thread->id);
  count_of(out, "count", thread->folded ? thread->folded : 1);
  key(out, "finished", false);
  fputs(thread->finished ? "true" : "false", out);
  seconds_of(out, "life_s", thread->life_ns);
  seconds_of(out, "hold_s", thread->hold_ns);
  seconds_of(out, "wait_s", thread->wait_ns);
  count_of(out, "acquisitions", thread->acquisitions);
  count_of(out, "lost_races", thread->lost_races);
  count_of(out, "work", thread->work);
  seconds_of(out, "longest_wait_s", thread->longest_wait_ns);
  blocked(out, thread);
  waited_on(out, snapshot, thread);
  fputc('}', out);
}

int view_stats_json(FILE *out, const struct view_run *run) {
  fputs("{\"gils\": [", out);
  for (unsigned i = 0; i < run->count; i++) {
    if (i > 0) fputc(',', out);
    one_lock(out, run->labels[i], run->snapshots[i]);
  }
  fputs("],\n\"threads\": [", out);
  bool first = true;
  for (unsigned i = 0; i < run->count; i++) {
    for (uint32_t k = 0; run->snapshots[i] && k < run->snapshots[i]->thread_count; k++) {
      if (!first) fputc(',', out);
      first = false;
      one_thread(out, i, run->snapshots[i], &run->snapshots[i]->threads[k]);
    }
  }
  fputs("]}\n", out);
  return view_written(out);
}
