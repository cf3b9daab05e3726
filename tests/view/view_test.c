/* tests/view/view_test.c - runs the tests of view/, and the helpers they share. */
#include "view_test.h"

void capture_begin(struct capture *capture) {
  *capture = (struct capture){0};
  capture->stream = open_memstream(&capture->text, &capture->bytes);
  ck_assert_ptr_nonnull(capture->stream);
}

char *capture_end(struct capture *capture) {
  ck_assert_int_eq(fclose(capture->stream), 0);
  ck_assert_uint_eq(strlen(capture->text), capture->bytes); /* no NUL in between */
  return capture->text;
}

struct gil_snapshot *make_snapshot(uint32_t threads) {
  struct gil_snapshot *snapshot = calloc(1, sizeof *snapshot + threads * sizeof snapshot->threads[0]);
  ck_assert_ptr_nonnull(snapshot);
  snapshot->lock.id = 1;
  strcpy(snapshot->lock.policy, "cpython:interval=5ms");
  snapshot->thread_count = threads;
  for (uint32_t i = 0; i < threads; i++) {
    snapshot->threads[i].id = i + 1;
    snprintf(snapshot->threads[i].name, GIL_NAME_BYTES, "T%u", i + 1);
  }
  return snapshot;
}

unsigned count_of(const char *text, const char *part) {
  unsigned count = 0;
  while ((text = strstr(text, part))) {
    count++;
    text += strlen(part);
  }
  return count;
}

unsigned widest_line(const char *text) {
  unsigned widest = 0;
  while (*text) {
    size_t length = strcspn(text, "\n");
    char *line = strndup(text, length);
    if (view_width(line) > widest) widest = view_width(line);
    free(line);
    text += length + (text[length] == '\n');
  }
  return widest;
}

int main(void) {
  Suite *suite = suite_create("view");
  suite_add_tcase(suite, text_cases());
  suite_add_tcase(suite, json_cases());
  suite_add_tcase(suite, stats_json_cases());
  suite_add_tcase(suite, stats_table_cases());
  suite_add_tcase(suite, color_cases());
  suite_add_tcase(suite, compare_cases());
  suite_add_tcase(suite, verdict_cases());
  suite_add_tcase(suite, lab_cases());
  suite_add_tcase(suite, lab_chart_cases());
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_SILENT);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
