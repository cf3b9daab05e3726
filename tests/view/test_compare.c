/* tests/view/test_compare.c - the table of a comparison, and the same as data. */
#include <errno.h>

#include "view_test.h"

static const struct view_compare_row primes[] = {
    {.mode = "serial",
     .runs = 3,
     .wall_s = 1.402,
     .wall_min_s = 1.4,
     .wall_max_s = 1.41,
     .speedup = 1,
     .cores = 1,
     .gil_wait_share = 0,
     .gil_held_share = 0.99,
     .switches = 0,
     .pss_kb = 3174},
    {.mode = "threads",
     .runs = 3,
     .wall_s = 1.419,
     .wall_min_s = 1.41,
     .wall_max_s = 1.43,
     .speedup = 0.988,
     .cores = 1,
     .gil_wait_share = 0.5,
     .gil_held_share = 0.5,
     .switches = 281,
     .pss_kb = 3686},
    {.mode = "interpreters",
     .runs = 3,
     .wall_s = 0.721,
     .wall_min_s = 0.72,
     .wall_max_s = 0.73,
     .speedup = 1.9445,
     .cores = 1.98,
     .gil_wait_share = 0,
     .gil_held_share = 0.99,
     .switches = 0,
     .pss_kb = 4506},
    {.mode = "processes",
     .runs = 3,
     .wall_s = 0.724,
     .wall_min_s = 0.72,
     .wall_max_s = 0.73,
     .speedup = 1.9365,
     .cores = 1.97,
     .gil_wait_share = 0.004,
     .gil_held_share = 0.99,
     .switches = 0,
     .pss_kb = 5120},
};

static struct view_compare comparison_of(const struct view_compare_row *rows, unsigned count) {
  return (struct view_compare){
      .script = "primes.lua", .copies = 2, .runs = 3, .cpus = 2, .count = count, .rows = rows};
}

static char *table_of(const struct view_compare *compare, bool color) {
  struct capture capture;
  capture_begin(&capture);
  ck_assert_int_eq(view_compare_table(capture.stream, compare, color), 0);
  return capture_end(&capture);
}

static char *json_of(const struct view_compare *compare) {
  struct capture capture;
  capture_begin(&capture);
  ck_assert_int_eq(view_compare_json(capture.stream, compare), 0);
  char *text = capture_end(&capture);
  ck_assert_msg(is_json(text), "not JSON: %s", text);
  return text;
}

static void assert_has(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text);
}

START_TEST(test_table_prints_as_it_should) {
  struct view_compare compare = comparison_of(primes, 4);
  char *text = table_of(&compare, false);
  ck_assert_str_eq(text, "primes.lua: 2 copies on 2 CPUs, median of 3 runs\n"
                         "\n"
                         "                   wall  speed-up  CPUs used  waiting for GIL  switches   memory\n"
                         "  serial        1.402 s     1.00x       1.00              0 %         0  3.1 MiB\n"
                         "  threads       1.419 s     0.99x       1.00             50 %       281  3.6 MiB\n"
                         "  interpreters  0.721 s     1.94x       1.98              0 %         0  4.4 MiB\n"
                         "  processes     0.724 s     1.94x       1.97            0.4 %         0  5.0 MiB\n");
  ck_assert_uint_le(widest_line(text), 80);
  free(text);
}
END_TEST

START_TEST(test_title_counts_in_words_that_fit) {
  struct view_compare compare = {.script = "a\033b.lua", .copies = 1, .runs = 1, .cpus = 1};
  char *text = table_of(&compare, false);
  assert_has(text, "a?b.lua: 1 copy on 1 CPU, 1 run\n");
  free(text);
}
END_TEST

START_TEST(test_short_runs_are_shown_in_milliseconds) {
  struct view_compare_row rows[] = {primes[0], primes[1]};
  rows[0].wall_s = 0.00123;
  rows[1].wall_s = 0.0456;
  struct view_compare compare = comparison_of(rows, 2);
  char *text = table_of(&compare, false);
  assert_has(text, "  serial    1.23 ms ");
  assert_has(text, "  threads  45.60 ms ");
  free(text);
}
END_TEST

START_TEST(test_what_was_not_measured_shows_no_figure) {
  struct view_compare_row rows[] = {primes[0], primes[1], primes[2], primes[3]};
  rows[0].pss_kb = 0;
  rows[1].failed = 3;
  rows[2] = (struct view_compare_row){.mode = "interpreters"};
  struct view_compare compare = comparison_of(rows, 4);
  char *text = table_of(&compare, false);
  assert_has(text, "         0        -\n");
  assert_has(text, "  threads       failed, exit status 3\n");
  assert_has(text, "  interpreters  not run\n");
  free(text);
  text = json_of(&compare);
  assert_has(text, "\"mode\": \"serial\", \"wall_s\": 1.402000,");
  assert_has(text, "\"switches\": 0, \"pss_kb\": null,");
  assert_has(text,
             "\"mode\": \"threads\", \"wall_s\": null, \"speedup\": null, \"cores\": null, \"gil_wait_share\": null, "
             "\"switches\": null, \"pss_kb\": null,");
  assert_has(text, "\"failed\": 3}");
  free(text);
}
END_TEST

START_TEST(test_json_has_all_the_figures) {
  struct view_compare compare = comparison_of(primes, 4);
  char *text = json_of(&compare);
  assert_has(text, "{\"mode\": \"threads\", \"wall_s\": 1.419000, \"speedup\": 0.9880, \"cores\": 1.0000, "
                   "\"gil_wait_share\": 0.500000, \"switches\": 281, \"pss_kb\": 3686, \"gil_held_share\": 0.500000, "
                   "\"wall_min_s\": 1.410000, \"wall_max_s\": 1.430000, \"runs\": 3, \"copies\": 2, \"cpus\": 2, "
                   "\"failed\": 0}");
  ck_assert_uint_eq(count_of(text, "\"mode\":"), 4);
  free(text);
}
END_TEST

START_TEST(test_no_rows_are_an_empty_table_and_an_empty_array) {
  struct view_compare compare = comparison_of(NULL, 0);
  char *text = table_of(&compare, false);
  assert_has(text, "wall  speed-up");
  free(text);
  text = json_of(&compare);
  ck_assert_str_eq(text, "[\n]\n");
  free(text);
}
END_TEST

START_TEST(test_colour_marks_the_wait_and_the_failure_only) {
  struct view_compare_row rows[] = {primes[0], primes[1], primes[2]};
  rows[2].failed = 1;
  struct view_compare compare = comparison_of(rows, 3);
  char *text = table_of(&compare, true);
  assert_has(text, "\033[31m50 %\033[0m");
  assert_has(text, "\033[1;31mfailed, exit status 1\033[0m");
  ck_assert_uint_eq(count_of(text, "\033[31m"), 1);
  free(text);
}
END_TEST

START_TEST(test_full_disk_is_reported_by_the_comparison) {
  FILE *full = fopen("/dev/full", "w");
  ck_assert_ptr_nonnull(full);
  struct view_compare compare = comparison_of(primes, 4);
  ck_assert_int_eq(view_compare_table(full, &compare, false), -1);
  ck_assert_int_eq(errno, ENOSPC);
  ck_assert_int_eq(view_compare_json(full, &compare), -1);
  ck_assert_int_eq(view_compare_verdict(full, &compare), -1);
  fclose(full);
}
END_TEST

TCase *compare_cases(void) {
  TCase *cases = tcase_create("comparison");
  tcase_add_test(cases, test_table_prints_as_it_should);
  tcase_add_test(cases, test_title_counts_in_words_that_fit);
  tcase_add_test(cases, test_short_runs_are_shown_in_milliseconds);
  tcase_add_test(cases, test_what_was_not_measured_shows_no_figure);
  tcase_add_test(cases, test_json_has_all_the_figures);
  tcase_add_test(cases, test_no_rows_are_an_empty_table_and_an_empty_array);
  tcase_add_test(cases, test_colour_marks_the_wait_and_the_failure_only);
  tcase_add_test(cases, test_full_disk_is_reported_by_the_comparison);
  return cases;
}
