/* cli/measure_report.c - many threads of some locks become the figures of one run. Room: cli/. Runs in the child of
 * measure_run, on its main thread, when all copies have ended.
 *
 * FAIRNESS is Jain's index, (sum x)^2 / (n sum x^2): 1 if all n threads fared alike, 1/n if one had everything. What a
 * thread had, x, is its marked work for each second in which it wanted to run, that is, held the lock or waited for it;
 * so a thread that sleeps by its own wish is not treated unfairly, and one that ends first because it was preferred
 * is seen. In a script that marks nothing, x is the share of that time for which it held the lock. Where threads
 * mark work, those that do not are another matter, like one that waits for the others; but one that stood waiting for
 * the lock for half of the run at a stretch did not get to mark anything, and counts with nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "measure.h"

/* Without marks, threads that wanted the lock for less than this part of what the keenest did say nothing. */
#define KEEN_ENOUGH 0.01

static int64_t wanted_ns(const struct gil_thread_stats *stats) { return stats->hold_ns + stats->wait_ns; }

struct fairness {
  bool is_marked;
  int64_t least_ns;
  int64_t starved_ns; /* a wait as long as this */
  double count, sum, squares;
};

static void add_thread(struct fairness *fairness, const struct gil_thread_stats *stats) {
  double wanted = (double)wanted_ns(stats), had = fairness->is_marked ? (double)stats->work : (double)stats->hold_ns;
  bool counts = fairness->is_marked ? stats->work > 0 || stats->longest_wait_ns >= fairness->starved_ns
                                    : wanted_ns(stats) >= fairness->least_ns;
  if (wanted <= 0 || !counts) return;
  double threads = stats->folded ? stats->folded : 1;
  fairness->count += threads;
  fairness->sum += threads * had / wanted;
  fairness->squares += threads * (had / wanted) * (had / wanted);
}

static double fairness_of(const struct copies_result *result, bool is_marked) {
  struct fairness fairness = {.is_marked = is_marked};
  int64_t keenest_ns = 0;
  for (unsigned i = 0; i < result->snapshot_count; i++) {
    const struct gil_snapshot *snapshot = result->snapshots[i];
    for (uint32_t k = 0; snapshot && k < snapshot->thread_count; k++)
      if (wanted_ns(&snapshot->threads[k]) > keenest_ns) keenest_ns = wanted_ns(&snapshot->threads[k]);
  }
  fairness.least_ns = (int64_t)((double)keenest_ns * KEEN_ENOUGH);
  for (unsigned i = 0; i < result->snapshot_count; i++) {
    const struct gil_snapshot *snapshot = result->snapshots[i];
    if (snapshot) fairness.starved_ns = snapshot->lock.age_ns / 2;
    for (uint32_t k = 0; snapshot && k < snapshot->thread_count; k++) add_thread(&fairness, &snapshot->threads[k]);
  }
  if (fairness.count < 2 || fairness.squares <= 0) return 0;
  return fairness.sum * fairness.sum / (fairness.count * fairness.squares);
}

/* ---------------------------------------------------------------- waits and latencies -------------------------- */

/* The histograms of all locks put together. */
struct merged {
  struct gil_histogram waits;
  unsigned count;
  struct gil_latency latencies[GIL_LATENCIES_MAX];
};

/* The copies run one script and mark the same names; should they mark more in all than one may, the rest is left
   out. */
static void merge_latency(struct merged *merged, const struct gil_latency *latency) {
  unsigned i = 0;
  while (i < merged->count && strcmp(merged->latencies[i].name, latency->name) != 0) i++;
  if (i == GIL_LATENCIES_MAX) return;
  if (i == merged->count) {
    memcpy(merged->latencies[i].name, latency->name, sizeof latency->name);
    merged->count++;
  }
  gil_histogram_merge(&merged->latencies[i].times, &latency->times);
}

static void summarize(struct measure_times *out, const struct gil_histogram *times) {
  out->count = times->count;
  out->p50_ns = gil_histogram_quantile(times, 0.5);
  out->p99_ns = gil_histogram_quantile(times, 0.99);
  out->max_ns = times->max_ns;
}

static void add_snapshot(struct measure_report *report, struct merged *merged, const struct gil_snapshot *snapshot) {
  report->switches += snapshot->lock.switches;
  report->age_ns += snapshot->lock.age_ns;
  report->held_ns += snapshot->lock.held_ns;
  report->handover_ns += snapshot->lock.handover_ns;
  for (uint32_t i = 0; i < snapshot->thread_count; i++) {
    report->life_ns += snapshot->threads[i].life_ns;
    report->wait_ns += snapshot->threads[i].wait_ns;
    report->work += snapshot->threads[i].work;
  }
  gil_histogram_merge(&merged->waits, &snapshot->lock.waits);
  const struct gil_latency *latencies = gil_snapshot_latencies(snapshot);
  for (uint32_t i = 0; i < snapshot->latency_count; i++) merge_latency(merged, &latencies[i]);
}

bool measure_fill_report(const struct copies_result *result, struct measure_report *report) {
  struct merged *merged = calloc(1, sizeof *merged);
  if (!merged) return false;
  for (unsigned i = 0; i < result->snapshot_count; i++)
    if (result->snapshots[i]) add_snapshot(report, merged, result->snapshots[i]);
  report->fairness = fairness_of(result, report->work > 0);
  summarize(&report->waits, &merged->waits);
  report->latency_count = merged->count;
  for (unsigned i = 0; i < merged->count; i++) {
    memcpy(report->latencies[i].name, merged->latencies[i].name, GIL_NAME_BYTES);
    summarize(&report->latencies[i].times, &merged->latencies[i].times);
  }
  free(merged);
  return true;
}
