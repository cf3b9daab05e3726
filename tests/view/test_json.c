/* tests/view/test_json.c - the primitives of JSON, and the checker that the other tests rely on. */
#include <math.h>

#include "view_test.h"

static char *json_string_of(const char *text) {
  struct capture capture;
  capture_begin(&capture);
  view_json_string(capture.stream, text);
  return capture_end(&capture);
}

static void assert_string(const char *text, const char *expected) {
  char *written = json_string_of(text);
  ck_assert_str_eq(written, expected);
  free(written);
}

START_TEST(test_checker_refuses_what_is_not_json) {
  static const char *const bad[] = {
      "",      "{",  "[1,]",   "{\"a\":1,\"a\":2}", "\"\x01\"",         "\"\xFF\"", "nul",
      "01",    "1.", "[1] 2",  "\"\\x\"",           "\"\\u12g4\"",      "'a'",      "{a:1}",
      "[1 2]", "-",  "\"open", "\"\xC0\x80\"",      "\"\xED\xA0\x80\"", "NaN",      "1,5"};
  static const char *const good[] = {"{}", "[]", " [1, -2.5, \"a\\n\\u0001\", true, false, null, {\"a\": {}}]\n",
                                     "0.5"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) ck_assert_msg(!is_json(bad[i]), "taken: %s", bad[i]);
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) ck_assert_msg(is_json(good[i]), "refused: %s", good[i]);
}
END_TEST

START_TEST(test_strings_are_escaped) {
  assert_string("", "\"\"");
  assert_string("plain", "\"plain\"");
  assert_string("say \"hi\" \\ there", "\"say \\\"hi\\\" \\\\ there\"");
  assert_string("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
  assert_string("\x01\x1B\x1F\x7F", "\"\\u0001\\u001b\\u001f\\u007f\"");
  assert_string("\xE7\xBA\xBF \xF0\x9F\x98\x80", "\"\xE7\xBA\xBF \xF0\x9F\x98\x80\"");
}
END_TEST

START_TEST(test_bytes_that_are_not_utf8_become_replacement_characters) {
  assert_string("a\xFF"
                "b",
                "\"a\xEF\xBF\xBD"
                "b\"");
  assert_string("\xE2\x82", "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  assert_string("\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}
END_TEST

START_TEST(test_any_bytes_make_a_valid_string) {
  unsigned seed = 12345;
  for (int round = 0; round < 20000; round++) {
    char text[24] = {0};
    unsigned length = (unsigned)round % (sizeof text - 1);
    for (unsigned i = 0; i < length; i++) {
      seed = seed * 1103515245u + 12345u;
      text[i] = (char)(1 + (seed >> 16) % 255);
    }
    char *written = json_string_of(text);
    ck_assert_msg(is_json(written), "not JSON: %s", written);
    free(written);
  }
}
END_TEST

START_TEST(test_numbers_are_finite_or_null) {
  struct capture capture;
  capture_begin(&capture);
  view_json_number(capture.stream, 1.5, 6);
  fputc(' ', capture.stream);
  view_json_number(capture.stream, (double)NAN, 6);
  fputc(' ', capture.stream);
  view_json_number(capture.stream, -(double)INFINITY, 6);
  fputc(' ', capture.stream);
  view_json_number(capture.stream, 281, 0);
  fputc(' ', capture.stream);
  view_json_seconds(capture.stream, 1 * SECOND + 5);
  fputc(' ', capture.stream);
  view_json_seconds(capture.stream, INT64_MAX);
  char *text = capture_end(&capture);
  ck_assert_str_eq(text, "1.500000 null null 281 1.000000005 9223372036.854775807");
  free(text);
}
END_TEST

TCase *json_cases(void) {
  TCase *cases = tcase_create("JSON");
  tcase_add_test(cases, test_checker_refuses_what_is_not_json);
  tcase_add_test(cases, test_strings_are_escaped);
  tcase_add_test(cases, test_bytes_that_are_not_utf8_become_replacement_characters);
  tcase_add_test(cases, test_any_bytes_make_a_valid_string);
  tcase_add_test(cases, test_numbers_are_finite_or_null);
  return cases;
}
