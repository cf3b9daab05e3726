/* tests/gil/test_histogram.c - many times in few counters: what percentiles may cost in precision, and the marks of a
 * program. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gil/gil_internal.h"
#include "harness.h"

static bool is_near(int64_t got, int64_t expected) {
  int64_t distance = got > expected ? got - expected : expected - got;
  return distance <= expected / 32 + 1;
}

START_TEST(test_an_empty_histogram_has_no_times) {
  struct gil_histogram histogram = {0};
  ck_assert_int_eq(gil_histogram_quantile(&histogram, 0.5), 0);
  ck_assert_int_eq(gil_histogram_quantile(&histogram, 1), 0);
}
END_TEST

START_TEST(test_every_time_is_found_within_3_percent) {
  for (int64_t ns = 0; ns < INT64_C(3600000000000); ns += ns / 7 + 1) {
    struct gil_histogram histogram = {0};
    gil_histogram_add(&histogram, ns);
    gil_histogram_add(&histogram, INT64_MAX); /* or the maximum would make it exact */
    ck_assert_msg(is_near(gil_histogram_quantile(&histogram, 0.5), ns), "%lld is shown as %lld", (long long)ns,
                  (long long)gil_histogram_quantile(&histogram, 0.5));
  }
}
END_TEST

START_TEST(test_percentiles_are_those_of_the_sorted_times) {
  struct gil_histogram histogram = {0};
  for (int64_t i = 1000; i >= 1; i--) gil_histogram_add(&histogram, i * 1000);
  ck_assert_uint_eq(histogram.count, 1000);
  ck_assert(is_near(gil_histogram_quantile(&histogram, 0.5), 500000));
  ck_assert(is_near(gil_histogram_quantile(&histogram, 0.99), 990000));
  ck_assert_int_eq(gil_histogram_quantile(&histogram, 1), histogram.max_ns);
  ck_assert_int_eq(histogram.max_ns, 1000000);
}
END_TEST

START_TEST(test_no_percentile_is_longer_than_the_longest) {
  struct gil_histogram histogram = {0};
  gil_histogram_add(&histogram, 1025);
  ck_assert_int_eq(gil_histogram_quantile(&histogram, 0.99), 1025);
  gil_histogram_add(&histogram, -5); /* a clock that went back */
  ck_assert_int_eq(gil_histogram_quantile(&histogram, 0), 0);
}
END_TEST

START_TEST(test_merging_is_as_if_all_had_been_added_to_one) {
  struct gil_histogram one = {0}, left = {0}, right = {0};
  for (int64_t i = 1; i < 100000; i = i * 3 / 2 + 1) {
    gil_histogram_add(&one, i);
    gil_histogram_add(i % 2 ? &left : &right, i);
  }
  gil_histogram_merge(&left, &right);
  ck_assert_mem_eq(&one, &left, sizeof one);
}
END_TEST

/* ---------------------------------------------------------------- marks ---------------------------------------- */

static gil_thread *enter(gil *lock, const char *name) GIL_ACQUIRE(gil_held);
static gil_thread *enter(gil *lock, const char *name) GIL_TRUSTED {
  gil_thread *thread;
  ck_assert_int_eq(gil_attach(lock, name, NULL, &thread), GIL_OK);
  gil_enter(thread);
  return thread;
}

static gil *make_lock(void) {
  struct gil_policy_choice choice;
  char message[256];
  ck_assert_int_eq(gil_policy_parse("fifo", &choice, message, sizeof message), GIL_OK);
  gil *lock = gil_create(&choice, NULL);
  ck_assert_ptr_nonnull(lock);
  return lock;
}

START_TEST(test_marks_are_in_the_snapshot_also_of_threads_that_have_left) {
  gil *lock = make_lock();
  gil_thread *thread = enter(lock, "first");
  gil_mark_work(thread, 3);
  gil_mark_work(thread, 4);
  ck_assert_int_eq(gil_mark_latency(thread, "b", 2000), GIL_OK);
  gil_leave(thread);
  thread = enter(lock, "second");
  gil_mark_work(thread, 1);
  ck_assert_int_eq(gil_mark_latency(thread, "a", 1000), GIL_OK);
  ck_assert_int_eq(gil_mark_latency(thread, "b", 3000), GIL_OK);
  struct gil_snapshot *snapshot = gil_snapshot_take(lock);
  ck_assert_ptr_nonnull(snapshot);
  ck_assert_uint_eq(snapshot->thread_count, 2);
  ck_assert_uint_eq(snapshot->threads[0].work, 7);
  ck_assert_uint_eq(snapshot->threads[1].work, 1);
  ck_assert_uint_eq(snapshot->latency_count, 2);
  const struct gil_latency *latencies = gil_snapshot_latencies(snapshot);
  ck_assert_str_eq(latencies[0].name, "b");
  ck_assert_uint_eq(latencies[0].times.count, 2);
  ck_assert_int_eq(latencies[0].times.max_ns, 3000);
  ck_assert_str_eq(latencies[1].name, "a");
  ck_assert_uint_eq(gil_snapshot_bytes(snapshot), (size_t)((const char *)(latencies + 2) - (const char *)snapshot));
  free(snapshot);
  gil_leave(thread);
  gil_destroy(lock);
}
END_TEST

START_TEST(test_names_of_latencies_are_limited_in_length_and_number) {
  gil *lock = make_lock();
  gil_thread *thread = enter(lock, "main");
  char name[80];
  for (int i = 0; i < GIL_LATENCIES_MAX; i++) {
    snprintf(name, sizeof name, "%d", i);
    ck_assert_int_eq(gil_mark_latency(thread, name, 1), GIL_OK);
  }
  ck_assert_int_eq(gil_mark_latency(thread, "one more", 1), GIL_E_LATENCIES);
  ck_assert_int_eq(gil_mark_latency(thread, "0", 1), GIL_OK);
  gil_leave(thread);
  gil_destroy(lock);

  lock = make_lock();
  thread = enter(lock, "main");
  memset(name, 'x', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  ck_assert_int_eq(gil_mark_latency(thread, name, 1), GIL_OK);
  ck_assert_int_eq(gil_mark_latency(thread, name, 1), GIL_OK);
  struct gil_snapshot *snapshot = gil_snapshot_take(lock);
  ck_assert_uint_eq(snapshot->latency_count, 1);
  ck_assert_uint_eq(strlen(gil_snapshot_latencies(snapshot)->name), GIL_NAME_BYTES - 1);
  free(snapshot);
  gil_leave(thread);
  gil_destroy(lock);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_an_empty_histogram_has_no_times,
      test_every_time_is_found_within_3_percent,
      test_percentiles_are_those_of_the_sorted_times,
      test_no_percentile_is_longer_than_the_longest,
      test_merging_is_as_if_all_had_been_added_to_one,
      test_marks_are_in_the_snapshot_also_of_threads_that_have_left,
      test_names_of_latencies_are_limited_in_length_and_number,
      NULL,
  };
  return run_tests("histogram and marks", tests);
}
