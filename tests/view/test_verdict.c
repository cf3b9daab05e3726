/* tests/view/test_verdict.c - what the sentences claim, and what they must not claim. */
#include "view_test.h"

struct figures {
  double speedup, cores, wait_share, pss_kb;
};

/* A comparison of which serial took one second, on a machine that had a CPU for it: it used the CPU while it held the
   GIL. */
static void fill(struct view_compare_row rows[4], double serial_held, struct figures threads,
                 struct figures interpreters, struct figures processes) {
  static const char *const modes[] = {"serial", "threads", "interpreters", "processes"};
  const struct figures all[] = {{1, serial_held, 0, 3000}, threads, interpreters, processes};
  for (int i = 0; i < 4; i++) {
    double wall = 1 / all[i].speedup;
    rows[i] = (struct view_compare_row){.mode = modes[i],
                                        .runs = 3,
                                        .wall_s = wall,
                                        .wall_min_s = wall,
                                        .wall_max_s = wall,
                                        .speedup = all[i].speedup,
                                        .cores = all[i].cores,
                                        .gil_wait_share = all[i].wait_share,
                                        .pss_kb = all[i].pss_kb};
  }
  rows[0].gil_held_share = serial_held;
}

/* The verdict as one line. */
static char *verdict_of(const struct view_compare_row *rows, unsigned copies, unsigned cpus) {
  struct view_compare compare = {
      .script = "x.lua", .copies = copies, .runs = 3, .cpus = cpus, .count = 4, .rows = rows};
  struct capture capture;
  capture_begin(&capture);
  ck_assert_int_eq(view_compare_verdict(capture.stream, &compare), 0);
  char *text = capture_end(&capture);
  ck_assert_msg(widest_line(text) <= 80, "too wide:\n%s", text);
  ck_assert(text[0] == ' ' && text[1] == ' ');
  char *out = text;
  for (const char *in = text; *in; in++) {
    if (*in == '\n' || (*in == ' ' && (in == text || in[1] == ' ' || in[-1] == '\n'))) {
      if (out > text && out[-1] != ' ') *out++ = ' ';
    } else if (!(*in == ' ' && out > text && out[-1] == ' ')) {
      *out++ = *in;
    }
  }
  *out = '\0';
  return text;
}

static void assert_has(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) != NULL, "no '%s' in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part) {
  ck_assert_msg(strstr(text, part) == NULL, "'%s' in:\n%s", part, text);
}

START_TEST(test_cpu_bound_script_is_sent_to_processes_or_interpreters) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){0.99, 1, 0.5, 3600}, (struct figures){1.94, 1.98, 0, 4506},
       (struct figures){1.93, 1.97, 0, 5120});
  char *text = verdict_of(rows, 2, 2);
  assert_has(text, "This script is CPU-bound");
  assert_has(text, "2 threads spend 50 % of their lives waiting for it and gain next to nothing (0.99x)");
  assert_has(text, "Interpreters (1.94x) and processes (1.93x) have a GIL for each copy and use 1.98 and 1.97 CPUs.");
  assert_has(text, "Use either of them: interpreters take less memory here (4.4 MiB against 5.0 MiB).");
  assert_lacks(text, "cannot give more than");
  assert_lacks(text, "differ");
  free(text);
}
END_TEST

START_TEST(test_clearly_faster_way_is_recommended_alone) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){0.8, 1, 0.5, 3600}, (struct figures){1.4, 1.5, 0, 4506},
       (struct figures){1.93, 1.97, 0, 5120});
  char *text = verdict_of(rows, 2, 2);
  assert_has(text, "take longer than one after the other (0.80x)");
  assert_has(text, "Processes (1.93x) and interpreters (1.40x)");
  assert_has(text, "Use processes.");
  free(text);
}
END_TEST

START_TEST(test_more_copies_than_cpus_are_told_the_limit) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){0.99, 1, 0.87, 3600}, (struct figures){1.94, 1.98, 0, 4506},
       (struct figures){1.93, 1.97, 0, 5120});
  char *text = verdict_of(rows, 8, 2);
  assert_has(text, "With 8 copies on 2 CPUs, computing side by side cannot give more than 2x.");
  free(text);
}
END_TEST

START_TEST(test_gil_held_without_computing_is_not_called_cpu_bound) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){1, 0.02, 0.5, 3600}, (struct figures){1.99, 0.04, 0, 4506},
       (struct figures){1.98, 0.04, 0, 5120});
  rows[0].cores = 0.02;
  char *text = verdict_of(rows, 2, 2);
  assert_lacks(text, "CPU-bound");
  assert_has(text, "the serial run used only 0.02 CPUs: either other programs keep the CPUs busy, or the GIL is held "
                   "without computing");
  free(text);
}
END_TEST

START_TEST(test_gil_is_not_blamed_when_nobody_waits_for_it) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){1, 1, 0.02, 3600}, (struct figures){1.9, 1.9, 0, 4506},
       (struct figures){1.9, 1.9, 0, 5120});
  char *text = verdict_of(rows, 2, 2);
  assert_lacks(text, "CPU-bound");
  assert_has(text, "only 2.0 % of their lives waiting for the GIL: it is something else");
  free(text);
}
END_TEST

START_TEST(test_io_bound_script_is_sent_to_threads) {
  struct view_compare_row rows[4];
  fill(rows, 0.03, (struct figures){3.97, 0.1, 0.01, 3600}, (struct figures){3.95, 0.1, 0, 4506},
       (struct figures){3.96, 0.1, 0, 5120});
  char *text = verdict_of(rows, 4, 2);
  assert_has(text, "This script is I/O-bound: the serial run held the GIL for 3.0 % of the time");
  assert_has(text, "threads reach 3.97x and processes 3.96x; the threads spend 1.0 % of their lives");
  assert_has(text, "Use threads: they share memory and take less of it (3.5 MiB against 5.0 MiB for processes).");
  assert_lacks(text, "cannot give more than"); /* waiting can, and did */
  free(text);
}
END_TEST

START_TEST(test_memory_is_not_praised_when_it_was_not_measured) {
  struct view_compare_row rows[4];
  fill(rows, 0.03, (struct figures){1.97, 0.1, 0.01, 0}, (struct figures){1.95, 0.1, 0, 4506},
       (struct figures){1.96, 0.1, 0, 5120});
  char *text = verdict_of(rows, 2, 2);
  assert_has(text, "Use threads: they share memory.");
  assert_lacks(text, "MiB");
  free(text);
}
END_TEST

START_TEST(test_native_work_is_seen_by_the_cpus_that_threads_use) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){1.9, 1.9, 0.02, 3600}, (struct figures){1.95, 1.95, 0, 4506},
       (struct figures){1.96, 1.96, 0, 5120});
  char *text = verdict_of(rows, 2, 2);
  assert_lacks(text, "I/O-bound");
  assert_lacks(text, "CPU-bound");
  assert_has(text, "use 1.90 CPUs, though only one of them can run Lua at a time");
  free(text);
}
END_TEST

START_TEST(test_native_work_without_the_gil_is_not_called_io_bound) {
  struct view_compare_row rows[4];
  fill(rows, 0.1, (struct figures){1.9, 1.9, 0.02, 3600}, (struct figures){1.95, 1.95, 0, 4506},
       (struct figures){1.96, 1.96, 0, 5120});
  rows[0].cores = 0.98;
  char *text = verdict_of(rows, 2, 2);
  assert_lacks(text, "I/O-bound");
  assert_has(text, "much of the work is done with the GIL released");
  free(text);
}
END_TEST

START_TEST(test_mixed_script_is_called_mixed) {
  struct view_compare_row rows[4];
  fill(rows, 0.6, (struct figures){1.35, 0.8, 0.3, 3600}, (struct figures){1.9, 1.15, 0, 4506},
       (struct figures){1.92, 1.16, 0, 5120});
  char *text = verdict_of(rows, 2, 2);
  assert_has(text, "This script is mixed: the serial run held the GIL for 60 % of the time");
  assert_has(text, "reach 1.35x, but spend 30 % of their lives waiting for the GIL");
  assert_has(text, "Use processes or interpreters for speed, threads if the copies have to share memory.");
  free(text);
}
END_TEST

START_TEST(test_small_differences_are_no_gain) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){1.02, 1, 0.4, 3600}, (struct figures){1.05, 1, 0, 4506},
       (struct figures){1.1, 1.05, 0, 5120});
  char *text = verdict_of(rows, 2, 2);
  assert_has(text,
             "Nothing is gained here by running the copies side by side: threads reach 1.02x, processes 1.10x.");
  assert_has(text, "Processes used no more than 1.05 of the 2 CPUs");
  assert_lacks(text, "CPU-bound");
  free(text);
  text = verdict_of(rows, 2, 1);
  assert_has(text, "There is only one CPU");
  free(text);
  rows[0].cores = 0.5; /* it computed all the time, and got half a CPU */
  text = verdict_of(rows, 2, 2);
  assert_has(text, "Even the serial run used only 0.50 CPUs, though it held the GIL for 100 % of the time");
  free(text);
  rows[0].gil_held_share = 0.1;
  text = verdict_of(rows, 2, 2);
  assert_has(text, "The serial run held the GIL for 10 % of the time, so the copies wait for something else");
  free(text);
}
END_TEST

START_TEST(test_busy_machine_is_not_taken_for_the_script) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){1.07, 0.3, 0.34, 3600}, (struct figures){1.18, 0.3, 0, 4506},
       (struct figures){1.23, 0.3, 0, 5120});
  rows[0].cores = 0.3;
  char *text = verdict_of(rows, 2, 2);
  assert_lacks(text, "CPU-bound");
  assert_has(text, "Yet the serial run used only 0.30 CPUs: either other programs keep the CPUs busy, or");
  assert_lacks(text, "Use ");
  free(text);
}
END_TEST

START_TEST(test_equal_gain_without_side_by_side_work_claims_no_cause) {
  struct view_compare_row rows[4];
  fill(rows, 0.7, (struct figures){1.3, 0.9, 0.1, 3600}, (struct figures){1.4, 0.9, 0, 4506},
       (struct figures){1.35, 0.9, 0, 5120});
  char *text = verdict_of(rows, 2, 2);
  assert_has(text, "Threads reach 1.30x and interpreters 1.40x, which is not clearly different");
  assert_has(text, "Use threads");
  assert_lacks(text, "bound");
  free(text);
}
END_TEST

START_TEST(test_too_little_work_is_said_to_be_too_little) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){0.9, 1, 0.1, 0}, (struct figures){0.8, 1, 0, 0}, (struct figures){0.5, 1, 0, 0});
  for (int i = 0; i < 4; i++) rows[i].wall_s *= 0.002;
  char *text = verdict_of(rows, 2, 2);
  assert_has(text, "One copy runs for 1.00 ms only");
  assert_lacks(text, "Use ");
  free(text);
}
END_TEST

START_TEST(test_one_copy_is_not_compared_with_itself) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){1, 1, 0, 3600}, (struct figures){1.5, 1, 0, 4506},
       (struct figures){0.9, 1, 0, 5120});
  char *text = verdict_of(rows, 1, 2);
  assert_has(text, "One copy has no company to gain from; ask for more with -j.");
  assert_has(text, "serial 1.00 s, threads 1.00 s, interpreters 667 ms, processes 1.11 s.");
  assert_lacks(text, "bound");
  free(text);
}
END_TEST

START_TEST(test_failures_are_named_and_left_out) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){1, 1, 0.5, 3600}, (struct figures){1.9, 1.9, 0, 4506},
       (struct figures){1, 1, 0, 5120});
  rows[3].failed = 137;
  char *text = verdict_of(rows, 2, 2);
  assert_has(text, "There are no figures for processes, which failed with exit status 137.");
  assert_has(text, "Interpreters (1.90x) have a GIL for each copy and use 1.90 CPUs. Use interpreters.");
  free(text);
  rows[1].failed = 1;
  text = verdict_of(rows, 2, 2);
  assert_has(text, "Too few of the four ways have figures");
  free(text);
  rows[0].failed = 1;
  text = verdict_of(rows, 2, 2);
  assert_has(text, "Without a serial run there is nothing to compare with.");
  free(text);
}
END_TEST

START_TEST(test_runs_that_differ_much_are_pointed_out) {
  struct view_compare_row rows[4];
  fill(rows, 1, (struct figures){0.99, 1, 0.5, 3600}, (struct figures){1.94, 1.98, 0, 4506},
       (struct figures){1.93, 1.97, 0, 5120});
  rows[1].wall_min_s = 0.9;
  rows[1].wall_max_s = 1.4;
  char *text = verdict_of(rows, 2, 2);
  assert_has(text, "The runs differ much from each other (threads: 900 ms to 1.40 s)");
  free(text);
}
END_TEST

TCase *verdict_cases(void) {
  TCase *cases = tcase_create("verdict");
  tcase_add_test(cases, test_cpu_bound_script_is_sent_to_processes_or_interpreters);
  tcase_add_test(cases, test_clearly_faster_way_is_recommended_alone);
  tcase_add_test(cases, test_more_copies_than_cpus_are_told_the_limit);
  tcase_add_test(cases, test_gil_held_without_computing_is_not_called_cpu_bound);
  tcase_add_test(cases, test_gil_is_not_blamed_when_nobody_waits_for_it);
  tcase_add_test(cases, test_io_bound_script_is_sent_to_threads);
  tcase_add_test(cases, test_memory_is_not_praised_when_it_was_not_measured);
  tcase_add_test(cases, test_native_work_is_seen_by_the_cpus_that_threads_use);
  tcase_add_test(cases, test_native_work_without_the_gil_is_not_called_io_bound);
  tcase_add_test(cases, test_mixed_script_is_called_mixed);
  tcase_add_test(cases, test_small_differences_are_no_gain);
  tcase_add_test(cases, test_busy_machine_is_not_taken_for_the_script);
  tcase_add_test(cases, test_equal_gain_without_side_by_side_work_claims_no_cause);
  tcase_add_test(cases, test_too_little_work_is_said_to_be_too_little);
  tcase_add_test(cases, test_one_copy_is_not_compared_with_itself);
  tcase_add_test(cases, test_failures_are_named_and_left_out);
  tcase_add_test(cases, test_runs_that_differ_much_are_pointed_out);
  return cases;
}
