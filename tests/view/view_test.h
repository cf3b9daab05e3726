/* tests/view/view_test.h - what the tests of view/ share: streams into strings, snapshots from scratch, a JSON
 * checker. Everything runs on the test's one thread. */
#ifndef VIEW_TEST_H
#define VIEW_TEST_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "view/view_internal.h"

#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)

/* What was written between `begin` and `end`, which returns the stream's text; free it. */
struct capture {
  FILE *stream;
  char *text;
  size_t bytes;
};
void capture_begin(struct capture *capture);
char *capture_end(struct capture *capture);

/* A snapshot with so many threads, named "T1", "T2", ... with ids from 1, all figures 0; free it. */
struct gil_snapshot *make_snapshot(uint32_t threads);

/* Whether the whole text is one JSON value: the grammar of RFC 8259, valid UTF-8, no key twice in an object. */
bool is_json(const char *text);

unsigned count_of(const char *text, const char *part);

/* The width of the widest line. */
unsigned widest_line(const char *text);

TCase *text_cases(void);
TCase *json_cases(void);
TCase *stats_json_cases(void);
TCase *stats_table_cases(void);
TCase *color_cases(void);
TCase *compare_cases(void);
TCase *verdict_cases(void);
TCase *lab_cases(void);
TCase *lab_chart_cases(void);

#endif
