/* tests/view/test_stats_json.c - the statistics of a run as data. */
#include <errno.h>

#include "view_test.h"

static char *json_of(unsigned count, struct gil_snapshot *const *snapshots, const char *const *labels) {
  struct capture capture;
  const struct view_run run = {count, snapshots, labels};
  capture_begin(&capture);
  ck_assert_int_eq(view_stats_json(capture.stream, &run), 0);
  char *text = capture_end(&capture);
  ck_assert_msg(is_json(text), "not JSON: %s", text);
  return text;
}

static char *json_of_one(struct gil_snapshot *snapshot) {
  const char *label = "";
  return json_of(1, &snapshot, &label);
}

static void assert_has(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "no %s in:\n%s", part, text);
}

START_TEST(test_no_lock_gives_empty_lists) {
  char *text = json_of(0, NULL, NULL);
  ck_assert_str_eq(text, "{\"gils\": [],\n\"threads\": []}\n");
  free(text);
}
END_TEST

START_TEST(test_lock_has_all_its_figures) {
  struct gil_snapshot *snapshot = make_snapshot(0);
  snapshot->lock.age_ns = 1500 * MS;
  snapshot->lock.held_ns = 1250 * MS;
  snapshot->lock.acquisitions = 9;
  snapshot->lock.switches = 8;
  snapshot->lock.by_cause[GIL_CAUSE_INTERVAL] = 7;
  snapshot->lock.by_cause[GIL_CAUSE_IO] = 1;
  snapshot->lock.asks = 6;
  snapshot->lock.lost_races = 5;
  snapshot->lock.longest_wait_ns = 5 * MS;
  char *text = json_of_one(snapshot);
  assert_has(text, "\"label\":\"\",\"id\":1,\"policy\":\"cpython:interval=5ms\",\"age_s\":1.500000000,"
                   "\"held_s\":1.250000000,\"acquisitions\":9,\"switches\":8,\"by_cause\":{\"interval\":7,");
  assert_has(text, "\"I/O\":1");
  assert_has(text, "\"asks\":6,\"lost_races\":5,\"longest_wait_s\":0.005000000,\"handover_s\":0.000000000,"
                   "\"waits\":{\"count\":0,\"p50_s\":0.000000000,\"p99_s\":0.000000000,\"max_s\":0.000000000},"
                   "\"latencies\":{}}");
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_thread_has_all_its_figures) {
  struct gil_snapshot *snapshot = make_snapshot(2);
  struct gil_thread_stats *thread = &snapshot->threads[0];
  thread->life_ns = 2 * SECOND;
  thread->hold_ns = 700 * MS;
  thread->wait_ns = 41 * MS;
  thread->acquisitions = 12;
  thread->longest_wait_ns = 30 * MS;
  thread->blocked_ns[GIL_CAUSE_SLEEP] = 100 * MS;
  thread->waited_on_count = 1;
  thread->waited_on[0].thread = 1;
  thread->waited_on[0].ns = 40 * MS;
  thread->waited_elsewhere_ns = 1 * MS;
  char *text = json_of_one(snapshot);
  assert_has(text, "{\"name\":\"T1\",\"gil\":0,\"id\":1,\"count\":1,\"finished\":false,\"life_s\":2.000000000,"
                   "\"hold_s\":0.700000000,\"wait_s\":0.041000000,\"acquisitions\":12,\"lost_races\":0,"
                   "\"work\":0,\"longest_wait_s\":0.030000000,\"blocked_s\":{\"sleep\":0.100000000,\"lock\":0.000000000,");
  assert_has(text, "\"waited_on\":{\"T2\":0.040000000,\"(elsewhere)\":0.001000000}}");
  assert_has(text, "\"waited_on\":{}}"); /* T2's */
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_waits_on_threads_of_one_name_are_summed) {
  struct gil_snapshot *snapshot = make_snapshot(4);
  strcpy(snapshot->threads[1].name, "worker");
  strcpy(snapshot->threads[2].name, "worker");
  strcpy(snapshot->threads[3].name, VIEW_ELSEWHERE); /* a thread may be called that */
  struct gil_thread_stats *thread = &snapshot->threads[0];
  thread->waited_on_count = 3;
  for (int i = 0; i < 3; i++) {
    thread->waited_on[i].thread = i + 1;
    thread->waited_on[i].ns = (10 + i) * MS;
  }
  thread->waited_elsewhere_ns = 5 * MS;
  char *text = json_of_one(snapshot);
  assert_has(text, "\"waited_on\":{\"worker\":0.021000000,\"(elsewhere)\":0.017000000}");
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_names_that_differ_in_broken_bytes_only_are_one_key) {
  struct gil_snapshot *snapshot = make_snapshot(3);
  strcpy(snapshot->threads[1].name, "w\xFE");
  strcpy(snapshot->threads[2].name, "w\xFF");
  struct gil_thread_stats *thread = &snapshot->threads[0];
  thread->waited_on_count = 2;
  thread->waited_on[0].thread = 1;
  thread->waited_on[0].ns = 1 * MS;
  thread->waited_on[1].thread = 2;
  thread->waited_on[1].ns = 2 * MS;
  char *text = json_of_one(snapshot);
  assert_has(text, "\"waited_on\":{\"w\xEF\xBF\xBD\":0.003000000}");
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_index_out_of_range_counts_as_elsewhere) {
  struct gil_snapshot *snapshot = make_snapshot(1);
  struct gil_thread_stats *thread = &snapshot->threads[0];
  thread->waited_on_count = 2;
  thread->waited_on[0].thread = 1;
  thread->waited_on[0].ns = 1 * MS;
  thread->waited_on[1].thread = -1;
  thread->waited_on[1].ns = 2 * MS;
  char *text = json_of_one(snapshot);
  assert_has(text, "\"waited_on\":{\"(elsewhere)\":0.003000000}");
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_hostile_names_stay_inside_their_strings) {
  static const char *const names[] = {"\"},{\"x\":\"", "back\\slash", "\n\033[2J\x01", "\xFF\xFE\xC0", "</script>",
                                      "\xE7\xBA\xBF\xE7\xA8\x8B",
                                      /* 31 bytes, the last character cut in the middle, as renaming may leave it */
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xE7\xBA"};
  const uint32_t count = sizeof names / sizeof names[0];
  struct gil_snapshot *snapshot = make_snapshot(count);
  for (uint32_t i = 0; i < count; i++) strcpy(snapshot->threads[i].name, names[i]);
  for (uint32_t i = 0; i < count; i++) {
    snapshot->threads[0].waited_on[i].thread = (int32_t)i;
    snapshot->threads[0].waited_on[i].ns = MS;
  }
  snapshot->threads[0].waited_on_count = count;
  char *text = json_of_one(snapshot);
  ck_assert_uint_eq(count_of(text, "\"name\":"), count);
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_dead_copy_has_null_for_every_figure) {
  struct gil_snapshot *snapshots[] = {make_snapshot(1), NULL, make_snapshot(1)};
  const char *labels[] = {"process 1", "process 2", "process 3"};
  char *text = json_of(3, snapshots, labels);
  assert_has(text, "{\"label\":\"process 2\",\"id\":null,\"policy\":null,");
  assert_has(text, "\"switches\":null,\"by_cause\":null,");
  assert_has(text, "\"gil\":2,"); /* its index, though two locks only have figures */
  ck_assert_uint_eq(count_of(text, "\"label\":"), 3);
  ck_assert_uint_eq(count_of(text, "\"name\":"), 2);
  free(text);
  free(snapshots[0]);
  free(snapshots[2]);
}
END_TEST

START_TEST(test_all_of_a_thousand_threads_are_written) {
  struct gil_snapshot *snapshot = make_snapshot(1000);
  snapshot->threads[0].folded = 77;
  char *text = json_of_one(snapshot);
  ck_assert_uint_eq(count_of(text, "\"name\":"), 1000);
  assert_has(text, "\"count\":77,");
  assert_has(text, "\"name\":\"T1000\"");
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_full_disk_is_reported) {
  FILE *full = fopen("/dev/full", "w");
  ck_assert_ptr_nonnull(full);
  const struct view_run run = {0};
  ck_assert_int_eq(view_stats_json(full, &run), -1);
  ck_assert_int_eq(errno, ENOSPC);
  ck_assert_int_eq(view_stats_json(full, &run), -1); /* and again, once the stream is known to be broken */
  fclose(full);
}
END_TEST

TCase *stats_json_cases(void) {
  TCase *cases = tcase_create("statistics as JSON");
  tcase_add_test(cases, test_no_lock_gives_empty_lists);
  tcase_add_test(cases, test_lock_has_all_its_figures);
  tcase_add_test(cases, test_thread_has_all_its_figures);
  tcase_add_test(cases, test_waits_on_threads_of_one_name_are_summed);
  tcase_add_test(cases, test_names_that_differ_in_broken_bytes_only_are_one_key);
  tcase_add_test(cases, test_index_out_of_range_counts_as_elsewhere);
  tcase_add_test(cases, test_hostile_names_stay_inside_their_strings);
  tcase_add_test(cases, test_dead_copy_has_null_for_every_figure);
  tcase_add_test(cases, test_all_of_a_thousand_threads_are_written);
  tcase_add_test(cases, test_full_disk_is_reported);
  return cases;
}
