/* gil/histogram.c - many times in a fixed number of counters. Room: gil/. Touches no lock: whoever owns the histogram
 * guards it.
 *
 * LOG-LINEAR: every power of two is cut into 16 equal parts. A time goes into a bucket that is at most a sixteenth of
 * it wide, from a nanosecond to an hour and more, so a percentile is right within 3 percent of its value, and no
 * sample is stored. Histograms of several locks are merged by adding their counters, which percentiles do not allow.
 */
#include "gil_internal.h"

enum { PART_BITS = 4, PARTS = 1 << PART_BITS };

static unsigned bucket_of(int64_t ns) {
  if (ns < PARTS) return ns < 0 ? 0 : (unsigned)ns;
  unsigned power = 63 - (unsigned)__builtin_clzll((unsigned long long)ns);
  unsigned bucket = (power - PART_BITS + 1) * PARTS + (unsigned)(ns >> (power - PART_BITS)) % PARTS;
  return bucket < GIL_HISTOGRAM_BUCKETS ? bucket : GIL_HISTOGRAM_BUCKETS - 1;
}

/* The middle of the bucket. */
static int64_t time_of(unsigned bucket) {
  if (bucket < PARTS) return bucket;
  unsigned shift = bucket / PARTS - 1;
  int64_t least = (int64_t)(PARTS + bucket % PARTS) << shift;
  return least + ((int64_t)1 << shift) / 2;
}

void gil_histogram_add(struct gil_histogram *histogram, int64_t ns) {
  histogram->buckets[bucket_of(ns)]++;
  histogram->count++;
  if (ns > histogram->max_ns) histogram->max_ns = ns;
}

void gil_histogram_merge(struct gil_histogram *sum, const struct gil_histogram *part) {
  for (unsigned i = 0; i < GIL_HISTOGRAM_BUCKETS; i++) sum->buckets[i] += part->buckets[i];
  sum->count += part->count;
  if (part->max_ns > sum->max_ns) sum->max_ns = part->max_ns;
}

int64_t gil_histogram_quantile(const struct gil_histogram *histogram, double share) {
  if (share >= 1) return histogram->max_ns;
  double rank = share * (double)histogram->count;
  uint64_t seen = 0;
  for (unsigned i = 0; i < GIL_HISTOGRAM_BUCKETS; i++) {
    seen += histogram->buckets[i];
    if (seen == 0 || (double)seen < rank) continue;
    int64_t ns = time_of(i);
    return ns < histogram->max_ns ? ns : histogram->max_ns;
  }
  return histogram->max_ns;
}
