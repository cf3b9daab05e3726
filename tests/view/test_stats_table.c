/* tests/view/test_stats_table.c - the statistics of a run for a person. */
#include <errno.h>

#include "view_test.h"

static char *table_of(unsigned count, struct gil_snapshot *const *snapshots, const char *const *labels, bool color) {
  struct capture capture;
  const struct view_run run = {count, snapshots, labels};
  capture_begin(&capture);
  ck_assert_int_eq(view_stats_table(capture.stream, &run, color), 0);
  return capture_end(&capture);
}

static char *table_of_one(struct gil_snapshot *snapshot, bool color) {
  const char *label = "";
  return table_of(1, &snapshot, &label, color);
}

static void assert_has(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text);
}

/* A run as two threads competing for a second and a half leave it. */
static struct gil_snapshot *busy_snapshot(uint32_t threads) {
  struct gil_snapshot *snapshot = make_snapshot(threads);
  snapshot->lock.age_ns = 1420 * MS;
  snapshot->lock.held_ns = 1400 * MS;
  snapshot->lock.switches = 281;
  snapshot->lock.by_cause[GIL_CAUSE_INTERVAL] = 278;
  snapshot->lock.by_cause[GIL_CAUSE_JOIN] = 3;
  snapshot->lock.asks = 290;
  snapshot->lock.longest_wait_ns = 12100 * 1000;
  for (uint32_t i = 0; i < threads; i++) {
    struct gil_thread_stats *thread = &snapshot->threads[i];
    thread->life_ns = 1400 * MS;
    thread->hold_ns = 650 * MS;
    thread->wait_ns = 710 * MS;
    thread->longest_wait_ns = 10100 * 1000;
    thread->blocked_ns[GIL_CAUSE_SLEEP] = 40 * MS;
    thread->acquisitions = 142;
    thread->waited_on_count = 1;
    thread->waited_on[0].thread = (int32_t)((i + 1) % threads);
    thread->waited_on[0].ns = 700 * MS;
    thread->waited_elsewhere_ns = 10 * MS;
  }
  return snapshot;
}

START_TEST(test_no_lock_says_so) {
  char *text = table_of(0, NULL, NULL, false);
  ck_assert_str_eq(text, "No lock was made, so there is nothing to show.\n");
  free(text);
}
END_TEST

START_TEST(test_two_threads_print_as_they_should) {
  struct gil_snapshot *snapshot = busy_snapshot(2);
  char *text = table_of_one(snapshot, false);
  ck_assert_str_eq(text, "lock  policy                   age  held  switches  asks  longest wait\n"
                         "GIL   cpython:interval=5ms  1.42 s  99 %       281   290       12.1 ms\n"
                         "    switches: 278 interval, 3 join\n"
                         "\n"
                         "thread    life      holds GIL  waiting for GIL  blocked  acquired  longest\n"
                         "T1      1.40 s  650 ms   46 %    710 ms   51 %    2.9 %       142  10.1 ms\n"
                         "    waited 710 ms: 700 ms on T2, 10.0 ms elsewhere; blocked: 40.0 ms sleep\n"
                         "T2      1.40 s  650 ms   46 %    710 ms   51 %    2.9 %       142  10.1 ms\n"
                         "    waited 710 ms: 700 ms on T1, 10.0 ms elsewhere; blocked: 40.0 ms sleep\n");
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_who_was_waited_for_comes_longest_first) {
  struct gil_snapshot *snapshot = make_snapshot(6);
  struct gil_thread_stats *thread = &snapshot->threads[0];
  static const int64_t waits[] = {11, 30, 2, 1, 3};
  thread->wait_ns = 47 * MS;
  thread->waited_on_count = 5;
  for (int i = 0; i < 5; i++) {
    thread->waited_on[i].thread = i + 1;
    thread->waited_on[i].ns = waits[i] * MS;
  }
  char *text = table_of_one(snapshot, false);
  assert_has(text, "    waited 47.0 ms: 30.0 ms on T3, 11.0 ms on T2, 3.00 ms on T6,\n      3.00 ms on others\n");
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_many_threads_are_sorted_by_wait_and_folded) {
  struct gil_snapshot *snapshot = make_snapshot(1000);
  for (uint32_t i = 0; i < 1000; i++) {
    snapshot->threads[i].life_ns = 1 * SECOND;
    snapshot->threads[i].hold_ns = 1 * MS;
    snapshot->threads[i].wait_ns = (i + 1) * MS;
    snapshot->threads[i].longest_wait_ns = (i + 1) * 1000;
    snapshot->threads[i].acquisitions = 2;
  }
  char *text = table_of_one(snapshot, false);
  const char *first = strstr(text, "T1000 "), *second = strstr(text, "T999 "), *last = strstr(text, "T981 ");
  ck_assert(first && second && last && first < second && second < last);
  ck_assert_ptr_null(strstr(text, "T980 "));
  assert_has(text, "(980 more)   980 s   980 ms  0.1 %     481 s   49 %      0 %      1960   980 us\n");
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_finished_threads_already_folded_are_counted_in) {
  struct gil_snapshot *snapshot = make_snapshot(22);
  snapshot->threads[0].folded = 500;
  snapshot->threads[0].wait_ns = 9 * SECOND; /* longest of all, but a sum: never among the shown */
  snapshot->threads[0].waited_elsewhere_ns = 9 * SECOND;
  snapshot->threads[0].acquisitions = 600;
  strcpy(snapshot->threads[0].name, "(500 more, finished)");
  for (uint32_t i = 1; i < 22; i++) snapshot->threads[i].acquisitions = 1;
  char *text = table_of_one(snapshot, false);
  assert_has(text, "(501 more)");
  assert_has(text, " 601 ");
  ck_assert_ptr_null(strstr(text, "finished"));
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_copies_are_told_apart_and_a_dead_one_is_named) {
  struct gil_snapshot *snapshots[] = {busy_snapshot(1), NULL};
  const char *labels[] = {"process 1", "process 2"};
  char *text = table_of(2, snapshots, labels, false);
  assert_has(text, "\nprocess 1  cpython:interval=5ms");
  assert_has(text, "\nprocess 2  died before it could report\n");
  assert_has(text, "\nprocess 1 T1 ");
  free(text);
  free(snapshots[0]);
}
END_TEST

START_TEST(test_only_dead_copies_leave_no_table_of_threads) {
  struct gil_snapshot *snapshots[] = {NULL};
  const char *labels[] = {""};
  char *text = table_of(1, snapshots, labels, false);
  assert_has(text, "GIL   died before it could report\n");
  ck_assert_ptr_null(strstr(text, "thread"));
  free(text);
}
END_TEST

START_TEST(test_many_locks_are_folded) {
  struct gil_snapshot *snapshots[100];
  const char *labels[100];
  for (int i = 0; i < 100; i++) {
    snapshots[i] = i == 99 ? NULL : make_snapshot(1);
    if (snapshots[i]) {
      snapshots[i]->lock.switches = snapshots[i]->lock.by_cause[GIL_CAUSE_YIELD] = 2;
      snapshots[i]->lock.age_ns = SECOND;
    }
    labels[i] = "copy";
  }
  char *text = table_of(100, snapshots, labels, false);
  assert_has(text, "\n(80 more)");
  assert_has(text, "    switches: 158 yield; died before they could report: 1\n");
  assert_has(text, "\n(79 more)"); /* threads: the dead copy's is not known */
  free(text);
  for (int i = 0; i < 99; i++) free(snapshots[i]);
}
END_TEST

/* Copies `text` without escape sequences. */
static char *without_colors(const char *text) {
  char *plain = strdup(text), *out = plain;
  for (; *text; text++) {
    if (*text == '\033')
      text += strcspn(text, "m");
    else
      *out++ = *text;
  }
  *out = '\0';
  return plain;
}

START_TEST(test_colours_change_nothing_but_colours) {
  struct gil_snapshot *snapshot = busy_snapshot(3);
  char *colored = table_of_one(snapshot, true), *plain = table_of_one(snapshot, false);
  char *stripped = without_colors(colored);
  ck_assert_str_eq(stripped, plain);
  ck_assert_ptr_null(strchr(plain, '\033'));
  assert_has(colored, "\033[32mholds GIL\033[0m");
  assert_has(colored, "\033[31mwaiting for GIL\033[0m");
  assert_has(colored, "\033[34mblocked\033[0m");
  free(colored);
  free(plain);
  free(stripped);
  free(snapshot);
}
END_TEST

START_TEST(test_hostile_names_neither_disturb_the_terminal_nor_shift_columns) {
  struct gil_snapshot *snapshot = busy_snapshot(4);
  strcpy(snapshot->threads[0].name, "\033[2J\nevil\r");
  strcpy(snapshot->threads[1].name, "\xE7\xBA\xBF\xE7\xA8\x8B");
  strcpy(snapshot->threads[2].name, "\xFF\xC3");
  strcpy(snapshot->threads[3].name, "e\xCC\x81t\xC3\xA9");
  char *text = table_of_one(snapshot, false);
  ck_assert_ptr_null(strchr(text, '\033'));
  ck_assert_ptr_null(strchr(text, '\r'));
  unsigned rows = 0;
  const char *line = strstr(text, "thread");
  while (line && *line) { /* in every row the time of life ends in the same column */
    const char *end = strchr(line, '\n'), *life = strstr(line, "1.40 s");
    if (life && life < end) {
      char *before = strndup(line, (size_t)(life - line));
      ck_assert_uint_eq(view_width(before), strlen("?[2J?evil?") + 2);
      free(before);
      rows++;
    }
    line = end + 1;
  }
  ck_assert_uint_eq(rows, 4);
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_usual_runs_fit_eighty_columns) {
  struct gil_snapshot *snapshot = busy_snapshot(30);
  for (int cause = 0; cause < GIL_CAUSE_COUNT; cause++) snapshot->lock.by_cause[cause] = 1000;
  for (uint32_t i = 0; i < 30; i++) {
    snprintf(snapshot->threads[i].name, GIL_NAME_BYTES, "Thread-%u", i);
    for (int cause = GIL_CAUSE_SLEEP; cause <= GIL_CAUSE_NATIVE; cause++)
      snapshot->threads[i].blocked_ns[cause] = 12345 * 1000;
  }
  char *text = table_of_one(snapshot, false);
  ck_assert_msg(widest_line(text) <= 80, "%u columns:\n%s", widest_line(text), text);
  free(text);
  free(snapshot);
}
END_TEST

START_TEST(test_full_disk_is_reported_by_the_table) {
  FILE *full = fopen("/dev/full", "w");
  ck_assert_ptr_nonnull(full);
  struct gil_snapshot *snapshot = busy_snapshot(2);
  const char *label = "";
  const struct view_run run = {1, &snapshot, &label};
  ck_assert_int_eq(view_stats_table(full, &run, false), -1);
  ck_assert_int_eq(errno, ENOSPC);
  fclose(full);
  free(snapshot);
}
END_TEST

TCase *stats_table_cases(void) {
  TCase *cases = tcase_create("statistics as a table");
  tcase_add_test(cases, test_no_lock_says_so);
  tcase_add_test(cases, test_two_threads_print_as_they_should);
  tcase_add_test(cases, test_who_was_waited_for_comes_longest_first);
  tcase_add_test(cases, test_many_threads_are_sorted_by_wait_and_folded);
  tcase_add_test(cases, test_finished_threads_already_folded_are_counted_in);
  tcase_add_test(cases, test_copies_are_told_apart_and_a_dead_one_is_named);
  tcase_add_test(cases, test_only_dead_copies_leave_no_table_of_threads);
  tcase_add_test(cases, test_many_locks_are_folded);
  tcase_add_test(cases, test_colours_change_nothing_but_colours);
  tcase_add_test(cases, test_hostile_names_neither_disturb_the_terminal_nor_shift_columns);
  tcase_add_test(cases, test_usual_runs_fit_eighty_columns);
  tcase_add_test(cases, test_full_disk_is_reported_by_the_table);
  return cases;
}
