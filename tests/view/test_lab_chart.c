/* tests/view/test_lab_chart.c - the drawing: well formed, everybody named, no name upon another. */
#include <errno.h>

#include "lab_example.h"

static struct lab_example example;

static char *written(int (*write)(FILE *out, const struct view_lab *lab)) {
  struct capture capture;
  capture_begin(&capture);
  ck_assert_int_eq(write(capture.stream, &example.lab), 0);
  return capture_end(&capture);
}

/* Every element that is opened is closed, in the right order. */
static void assert_well_formed(const char *text) {
  const char *open[32];
  unsigned depth = 0;
  for (const char *at = strchr(text, '<'); at; at = strchr(at + 1, '<')) {
    const char *end = strchr(at, '>');
    ck_assert_msg(end != NULL, "'<' without '>': %.40s", at);
    size_t length = strcspn(at + 1, " />");
    if (at[1] == '/') {
      ck_assert_uint_gt(depth, 0);
      depth--;
      ck_assert_msg(strncmp(open[depth], at + 2, (size_t)(end - at - 2)) == 0, "%.20s closes %.20s", at, open[depth]);
    } else if (end[-1] != '/' && at[1] != '!' && strncmp(at + 1, "meta", length) != 0) {
      ck_assert_uint_lt(depth, 32);
      open[depth++] = at + 1;
    }
  }
  ck_assert_uint_eq(depth, 0);
}

START_TEST(test_every_policy_is_a_point_with_its_name) {
  lab_example_fill(&example);
  char *text = written(view_lab_svg);
  assert_well_formed(text);
  ck_assert_uint_eq(count_of(text, "<circle"), 4);
  ck_assert_uint_eq(count_of(text, "<circle class=\"best\""), 2);
  ck_assert_ptr_nonnull(strstr(text, ">busy:interval=10us</text>"));
  ck_assert_ptr_nonnull(strstr(text, "without a p99, not drawn: hog"));
  ck_assert_ptr_nonnull(strstr(text, "p99 of answer (less is better)"));
  ck_assert_ptr_null(strstr(text, "nan"));
  free(text);
}
END_TEST

/* The left end and the baseline of the name at `label`, and how wide it may be at least. */
static void place_of(const char *label, double *x, double *y) {
  ck_assert_int_eq(sscanf(strstr(label, " x=\""), " x=\"%lf\" y=\"%lf\"", x, y), 2);
}

START_TEST(test_names_of_close_points_are_apart) {
  enum { COUNT = 12 };
  struct view_lab_row rows[COUNT];
  lab_example_fill(&example);
  for (unsigned i = 0; i < COUNT; i++) {
    rows[i] = example.rows[0];
    rows[i].policy = "policyname"; /* wider than 50 */
    rows[i].figures[VIEW_LAB_WORK] = varied(1000 + i / 10.0, 0);
  }
  example.lab.rows = rows;
  example.lab.count = COUNT;
  char *text = written(view_lab_svg);
  double x[COUNT], y[COUNT];
  const char *at = text;
  for (unsigned i = 0; i < COUNT; i++, at++) {
    at = strstr(at, "<text class=\"label");
    ck_assert_ptr_nonnull(at);
    place_of(at, &x[i], &y[i]);
    for (unsigned k = 0; k < i; k++)
      ck_assert_msg(x[i] - x[k] > 50 || x[k] - x[i] > 50 || y[i] - y[k] > 10 || y[k] - y[i] > 10, "%u upon %u", i, k);
  }
  free(text);
}
END_TEST

START_TEST(test_without_latencies_the_waits_are_drawn) {
  lab_example_fill(&example);
  example.lab.latency_count = 0;
  example.lab.is_marked = false;
  example.rows[0].figures[VIEW_LAB_WAIT_P99] = varied(0, 0); /* nobody waited */
  char *text = written(view_lab_svg);
  assert_well_formed(text);
  ck_assert_uint_eq(count_of(text, "<circle"), 5);
  ck_assert_ptr_nonnull(strstr(text, "p99 of the waits (less is better)"));
  ck_assert_ptr_nonnull(strstr(text, "runs per second"));
  ck_assert_ptr_null(strstr(text, "nan"));
  free(text);
}
END_TEST

START_TEST(test_nothing_measured_is_an_empty_drawing) {
  lab_example_fill(&example);
  for (unsigned i = 0; i < 5; i++) example.rows[i].failed = 1;
  char *text = written(view_lab_svg);
  assert_well_formed(text);
  ck_assert_uint_eq(count_of(text, "<circle"), 0);
  ck_assert_ptr_nonnull(strstr(text, "no run has both figures"));
  free(text);
}
END_TEST

START_TEST(test_names_cannot_break_the_page) {
  lab_example_fill(&example);
  example.lab.script = "<script>&.lua";
  example.rows[0].policy = "./a<b>&\033.lua";
  char *text = written(view_lab_html);
  assert_well_formed(text);
  ck_assert_ptr_nonnull(strstr(text, ">a&lt;b>&amp;?.lua<"));
  ck_assert_ptr_null(strstr(text, "<script"));
  ck_assert_uint_eq(count_of(text, "</svg>"), 1);
  ck_assert_uint_eq(count_of(text, "</pre>"), 1);
  ck_assert_uint_eq(count_of(text, "</html>"), 1);
  free(text);
}
END_TEST

START_TEST(test_full_disk_is_reported_by_the_chart) {
  lab_example_fill(&example);
  FILE *full = fopen("/dev/full", "w");
  ck_assert_ptr_nonnull(full);
  ck_assert_int_eq(view_lab_svg(full, &example.lab), -1);
  ck_assert_int_eq(errno, ENOSPC);
  ck_assert_int_eq(view_lab_html(full, &example.lab), -1);
  fclose(full);
}
END_TEST

TCase *lab_chart_cases(void) {
  TCase *cases = tcase_create("chart");
  tcase_add_test(cases, test_every_policy_is_a_point_with_its_name);
  tcase_add_test(cases, test_names_of_close_points_are_apart);
  tcase_add_test(cases, test_without_latencies_the_waits_are_drawn);
  tcase_add_test(cases, test_nothing_measured_is_an_empty_drawing);
  tcase_add_test(cases, test_names_cannot_break_the_page);
  tcase_add_test(cases, test_full_disk_is_reported_by_the_chart);
  return cases;
}
