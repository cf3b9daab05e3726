/* tests/view/test_lab.c - the laboratory's tables, data and sentences, and when a difference counts. */
#include <errno.h>

#include "lab_example.h"

static struct lab_example example;

static const struct lab_column work = {.figure = VIEW_LAB_WORK}, fairness = {.figure = VIEW_LAB_FAIRNESS},
                               wait_p99 = {.figure = VIEW_LAB_WAIT_P99};

static char *written(int (*write)(FILE *out, const struct view_lab *lab)) {
  struct capture capture;
  capture_begin(&capture);
  ck_assert_int_eq(write(capture.stream, &example.lab), 0);
  return capture_end(&capture);
}

static char *table_of(unsigned width, bool color) {
  struct capture capture;
  capture_begin(&capture);
  ck_assert_int_eq(view_lab_table(capture.stream, &example.lab, width, color), 0);
  return capture_end(&capture);
}

static void assert_has(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) == NULL, "'%s' in:\n%s", part, text);
}

/* The sentences in one line. */
static char *verdict(void) {
  char *text = written(view_lab_verdict);
  for (char *at = text; *at; at++)
    if (*at == '\n' && at[1]) memmove(at, at + 2, strlen(at + 2) + 1), *at = ' ';
  return text;
}

/* ---------------------------------------------------------------- who is better -------------------------------- */

START_TEST(test_the_best_is_the_best_only_beyond_the_spread) {
  lab_example_fill(&example);
  ck_assert_uint_eq(lab_best(&example.lab, &work), 4);
  ck_assert_int_eq(lab_standing(&example.lab, &work, 4), LAB_AMONG_BEST);
  ck_assert_int_eq(lab_standing(&example.lab, &work, 0), LAB_AMONG_BEST);
  ck_assert_int_eq(lab_standing(&example.lab, &work, 1), LAB_BEHIND);
  example.rows[4].figures[VIEW_LAB_WORK] = varied(1100, 0.01);
  ck_assert_int_eq(lab_standing(&example.lab, &work, 4), LAB_BEST);
  ck_assert_int_eq(lab_standing(&example.lab, &work, 0), LAB_BEHIND);
}
END_TEST

START_TEST(test_one_run_each_tells_nothing_apart) {
  lab_example_fill(&example);
  for (unsigned i = 0; i < 5; i++) example.rows[i].runs = 1;
  for (unsigned i = 0; i < 5; i++) ck_assert_int_eq(lab_standing(&example.lab, &work, i), LAB_AMONG_BEST);
  example.lab.runs = 1;
  char *text = verdict();
  assert_has(text, "no policy is proposed");
  free(text);
}
END_TEST

START_TEST(test_times_closer_than_a_bucket_are_equal) {
  lab_example_fill(&example);
  example.rows[2].figures[VIEW_LAB_WAIT_P99] = varied(1e6, 0);
  example.rows[0].figures[VIEW_LAB_WAIT_P99] = varied(1.06e6, 0);
  ck_assert_int_eq(lab_standing(&example.lab, &wait_p99, 0), LAB_AMONG_BEST);
  example.rows[0].figures[VIEW_LAB_WAIT_P99] = varied(1.2e6, 0);
  ck_assert_int_eq(lab_standing(&example.lab, &wait_p99, 0), LAB_BEHIND);
  ck_assert_int_eq(lab_standing(&example.lab, &wait_p99, 2), LAB_BEST);
}
END_TEST

START_TEST(test_the_frontier_is_what_nobody_beats_in_both) {
  lab_example_fill(&example);
  const bool expected[] = {false, true, false, false, true}; /* same beats even by a hair, quick beats busy */
  for (unsigned i = 0; i < 5; i++) ck_assert_int_eq(lab_on_frontier(&example.lab, i), expected[i]);
}
END_TEST

START_TEST(test_what_has_failed_or_is_unknown_is_never_best) {
  lab_example_fill(&example);
  example.rows[4].failed = 1;
  ck_assert_uint_eq(lab_best(&example.lab, &work), 0);
  for (unsigned i = 0; i < 5; i++) example.rows[i].figures[VIEW_LAB_FAIRNESS].is_known = false;
  ck_assert_uint_eq(lab_best(&example.lab, &fairness), LAB_NONE);
  ck_assert_int_eq(lab_standing(&example.lab, &fairness, 0), LAB_BEHIND);
}
END_TEST

/* ---------------------------------------------------------------- tables --------------------------------------- */

START_TEST(test_tables_fit_the_terminal) {
  lab_example_fill(&example);
  char *narrow = table_of(80, false), *wide = table_of(120, false);
  ck_assert_uint_le(widest_line(narrow), 80);
  ck_assert_uint_le(widest_line(wide), 120);
  ck_assert_uint_eq(count_of(narrow, "policy "), 3);
  ck_assert_uint_eq(count_of(wide, "policy "), 2);
  assert_has(narrow, "echo.lua: 2 copies as threads on 4 CPUs, median of 3 runs\n");
  assert_has(narrow, "\n  busy:interval=10us    500 ");
  assert_has(narrow, " 1001 ~");
  assert_lacks(narrow, "1001 *");
  assert_has(narrow, "hog                         -         -         -");
  assert_has(narrow, "200 us *");
  free(narrow);
  free(wide);
}
END_TEST

START_TEST(test_a_column_in_which_all_are_equal_marks_nobody) {
  lab_example_fill(&example);
  for (unsigned i = 0; i < 5; i++) example.rows[i].figures[VIEW_LAB_FAIRNESS] = varied(0.99, 0.01);
  example.lab.latency_count = 0;
  char *text = table_of(80, false);
  assert_lacks(text, "0.990 ~");
  assert_lacks(text, "0.990 *");
  free(text);
}
END_TEST

START_TEST(test_rows_without_figures_say_why) {
  lab_example_fill(&example);
  example.rows[1].failed = 3;
  example.rows[2].runs = 0;
  example.rows[3].runs = 2;
  char *text = table_of(80, true);
  assert_has(text, "\033[1;31mfailed, exit status 3\033[0m");
  assert_has(text, "not run");
  assert_has(text, "median of 2 to 3 runs");
  assert_has(text, "\033[32m0.990 ~\033[0m");
  free(text);
}
END_TEST

START_TEST(test_policies_in_files_are_shown_without_folders_while_that_is_unique) {
  lab_example_fill(&example);
  example.rows[0].policy = "../a/mine.lua:x=1/2";
  example.rows[1].policy = "/a/twin.lua";
  example.rows[2].policy = "/b/twin.lua";
  ck_assert_str_eq(lab_name(&example.lab, 0), "mine.lua:x=1/2");
  ck_assert_str_eq(lab_name(&example.lab, 1), "/a/twin.lua");
  ck_assert_str_eq(lab_name(&example.lab, 2), "/b/twin.lua");
  ck_assert_str_eq(lab_name(&example.lab, 3), "hog");
}
END_TEST

START_TEST(test_no_rows_are_no_error) {
  example.lab = (struct view_lab){.script = "x", .mode = "threads", .copies = 1, .cpus = 1, .runs = 3};
  free(table_of(80, false));
  free(written(view_lab_csv));
  char *json = written(view_lab_json), *text = verdict();
  ck_assert(is_json(json));
  assert_has(text, "no two policies");
  free(json);
  free(text);
}
END_TEST

/* ---------------------------------------------------------------- data ----------------------------------------- */

START_TEST(test_json_has_every_figure_or_null) {
  lab_example_fill(&example);
  example.lab.script = "a \"b\".lua";
  char *text = written(view_lab_json);
  ck_assert(is_json(text));
  assert_has(text, "\"policy\": \"quick\", \"runs\": 3, \"failed\": 0, \"work_per_s\": {\"median\": 900.000, "
                   "\"min\": 891.000, \"max\": 909.000}");
  assert_has(text, "\"wait_p99_s\": {\"median\": 0.004000000");
  assert_has(text, "\"frontier\": true, \"latencies\": {\"answer\": {\"p50_s\": {\"median\": 0.000100000");
  ck_assert_uint_eq(count_of(text, "\"p99_s\": null"), 1);
  free(text);
}
END_TEST

START_TEST(test_csv_has_as_many_fields_in_every_line) {
  lab_example_fill(&example);
  example.rows[3].failed = 1;
  example.names[0] = "a,\"b\"";
  example.rows[0].policy = "bounded";
  char *text = written(view_lab_csv);
  assert_has(text, "\"a,\"\"b\"\" p99_s\"");
  assert_has(text, "bounded,3,0,1000.000,990.000,1010.000,");
  unsigned lines = 0;
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++)
    if (lines > 0) ck_assert_uint_eq(count_of(line, ","), 2 + 3 * VIEW_LAB_FIGURES + 3);
  ck_assert_uint_eq(lines, 6);
  free(text);
}
END_TEST

/* ---------------------------------------------------------------- sentences ------------------------------------ */

START_TEST(test_the_sentences_propose_and_name_what_ails) {
  lab_example_fill(&example);
  char *text = verdict();
  assert_has(text, "For this script take even: no policy gets measurably more done, with a p99 of answer of 1.00 ms.");
  assert_has(text, "The runs do not tell it from same.");
  assert_has(text, "If latency matters more: quick has a p99 of answer of 200 us and keeps 90 % of the best");
  assert_has(text, "Starvation, some threads got much less than others (fairness): hog (0.40).");
  assert_has(text, "(p99 of answer): even (1.00 ms), same (1.00 ms).");
  assert_has(text, "the time (lost): busy:interval=10us (40 %).");
  assert_has(text, "(of the best throughput): quick (90 %).");
  free(text);
  example.rows[2].figures[VIEW_LAB_SWITCHES] = varied(3, 0.01);
  text = verdict();
  assert_has(text, "Idleness, the lock lies free while threads wait for it (lost): busy:interval=10us (40 %).");
  assert_lacks(text, "Thrashing");
  free(text);
}
END_TEST

START_TEST(test_what_does_not_differ_is_not_told_apart) {
  lab_example_fill(&example);
  for (unsigned i = 1; i < 5; i++) {
    memcpy(example.rows[i].figures, example.rows[0].figures, sizeof example.rows[i].figures);
    example.latencies[i] = example.latencies[0];
  }
  char *text = verdict();
  assert_has(text, "Nothing here differs by more than the spread of the runs");
  assert_lacks(text, "take");
  free(text);
}
END_TEST

START_TEST(test_unsteady_runs_and_failures_are_told) {
  lab_example_fill(&example);
  for (unsigned i = 0; i < 5; i++) example.rows[i].figures[VIEW_LAB_WORK] = varied(1000, 0.3);
  example.rows[2].failed = 1;
  char *text = verdict();
  assert_has(text, "Runs of one and the same policy differ by +-30 % in throughput");
  assert_has(text, "The script fails under busy:interval=10us.");
  free(text);
}
END_TEST

START_TEST(test_full_disk_is_reported_by_the_laboratory) {
  lab_example_fill(&example);
  FILE *full = fopen("/dev/full", "w");
  ck_assert_ptr_nonnull(full);
  ck_assert_int_eq(view_lab_table(full, &example.lab, 80, false), -1);
  ck_assert_int_eq(errno, ENOSPC);
  ck_assert_int_eq(view_lab_csv(full, &example.lab), -1);
  ck_assert_int_eq(view_lab_json(full, &example.lab), -1);
  ck_assert_int_eq(view_lab_verdict(full, &example.lab), -1);
  fclose(full);
}
END_TEST

TCase *lab_cases(void) {
  TCase *cases = tcase_create("laboratory");
  tcase_add_test(cases, test_the_best_is_the_best_only_beyond_the_spread);
  tcase_add_test(cases, test_one_run_each_tells_nothing_apart);
  tcase_add_test(cases, test_times_closer_than_a_bucket_are_equal);
  tcase_add_test(cases, test_the_frontier_is_what_nobody_beats_in_both);
  tcase_add_test(cases, test_what_has_failed_or_is_unknown_is_never_best);
  tcase_add_test(cases, test_tables_fit_the_terminal);
  tcase_add_test(cases, test_a_column_in_which_all_are_equal_marks_nobody);
  tcase_add_test(cases, test_rows_without_figures_say_why);
  tcase_add_test(cases, test_policies_in_files_are_shown_without_folders_while_that_is_unique);
  tcase_add_test(cases, test_no_rows_are_no_error);
  tcase_add_test(cases, test_json_has_every_figure_or_null);
  tcase_add_test(cases, test_csv_has_as_many_fields_in_every_line);
  tcase_add_test(cases, test_the_sentences_propose_and_name_what_ails);
  tcase_add_test(cases, test_what_does_not_differ_is_not_told_apart);
  tcase_add_test(cases, test_unsteady_runs_and_failures_are_told);
  tcase_add_test(cases, test_full_disk_is_reported_by_the_laboratory);
  return cases;
}
