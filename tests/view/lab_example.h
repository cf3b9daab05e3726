/* tests/view/lab_example.h - a measurement to look at in several ways. */
#ifndef TESTS_VIEW_LAB_EXAMPLE_H
#define TESTS_VIEW_LAB_EXAMPLE_H

#include "view/lab_internal.h"
#include "view_test.h"

/* A value that varied by so large a share to either side. */
static inline struct view_lab_value varied(double median, double share) {
  return (struct view_lab_value){
      .is_known = true, .median = median, .min = median * (1 - share), .max = median * (1 + share)};
}

struct lab_example {
  struct view_lab lab;
  struct view_lab_row rows[5];
  struct view_lab_latency latencies[5];
  const char *names[1];
};

/* "even" is good at all; "quick" answers sooner and does less; "busy" thrashes; "hog" starves others and makes them
   wait; "same" is like even. All figures vary by 1 percent. */
static inline void lab_example_fill(struct lab_example *example) {
  static const struct {
    const char *policy;
    double work, fairness, lost, wait_p99, answer_p99;
  } rows[] = {{"even", 1000, 0.99, 0.001, 5e6, 1e6},
              {"quick", 900, 0.99, 0.01, 4e6, 2e5},
              {"busy:interval=10us", 500, 0.98, 0.4, 1e6, 3e5},
              {"hog", 990, 0.4, 0.001, 9e8, 0},
              {"same", 1001, 0.99, 0.001, 5e6, 1e6}};
  *example = (struct lab_example){.names = {"answer"}};
  for (unsigned i = 0; i < 5; i++) {
    struct view_lab_row *row = &example->rows[i];
    *row = (struct view_lab_row){.policy = rows[i].policy, .runs = 3, .latencies = &example->latencies[i]};
    row->figures[VIEW_LAB_WORK] = varied(rows[i].work, 0.01);
    row->figures[VIEW_LAB_FAIRNESS] = varied(rows[i].fairness, 0.01);
    row->figures[VIEW_LAB_SWITCHES] = varied(rows[i].lost > 0.1 ? 50000 : 200, 0.01);
    row->figures[VIEW_LAB_CPUS] = varied(1, 0.01);
    row->figures[VIEW_LAB_LOST] = varied(rows[i].lost, 0.01);
    row->figures[VIEW_LAB_WAIT_P50] = varied(rows[i].wait_p99 / 2, 0.01);
    row->figures[VIEW_LAB_WAIT_P99] = varied(rows[i].wait_p99, 0.01);
    row->figures[VIEW_LAB_WAIT_MAX] = varied(rows[i].wait_p99 * 1.1, 0.01);
    if (rows[i].answer_p99 > 0)
      example->latencies[i] = (struct view_lab_latency){
          varied(rows[i].answer_p99 / 2, 0.01), varied(rows[i].answer_p99, 0.01), varied(rows[i].answer_p99 * 2, 0.01)};
  }
  example->lab = (struct view_lab){.script = "echo.lua",
                                   .mode = "threads",
                                   .copies = 2,
                                   .cpus = 4,
                                   .runs = 3,
                                   .is_marked = true,
                                   .latency_count = 1,
                                   .latency_names = example->names,
                                   .count = 5,
                                   .rows = example->rows};
}

#endif
