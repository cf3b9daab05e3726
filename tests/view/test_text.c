/* tests/view/test_text.c - names and numbers as they appear in tables. */
#include <math.h>

#include "view_test.h"

START_TEST(test_utf8_takes_every_valid_form_and_nothing_else) {
  static const struct {
    const char *bytes;
    unsigned length;
    uint32_t point;
  } cases[] = {
      {"A", 1, 'A'},
      {"\x7F", 1, 0x7F},
      {"\xC3\xA9", 2, 0xE9},
      {"\xE2\x82\xAC", 3, 0x20AC},
      {"\xF0\x9F\x98\x80", 4, 0x1F600},
      {"\xF4\x8F\xBF\xBF", 4, 0x10FFFF},
      {"\xC0\x80", 0, 0},         /* overlong NUL */
      {"\xC1\xBF", 0, 0},         /* overlong */
      {"\xE0\x9F\xBF", 0, 0},     /* overlong */
      {"\xF0\x8F\xBF\xBF", 0, 0}, /* overlong */
      {"\xED\xA0\x80", 0, 0},     /* a surrogate */
      {"\xF4\x90\x80\x80", 0, 0}, /* past the last code point */
      {"\xF8\x88\x80\x80", 0, 0},
      {"\x80", 0, 0},     /* a continuation alone */
      {"\xE2\x82", 0, 0}, /* cut short by the end */
      {"\xE2\x28\xA1", 0, 0},
      {"", 0, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint32_t point = 0;
    ck_assert_msg(view_utf8(cases[i].bytes, &point) == cases[i].length && point == cases[i].point, "case %zu", i);
  }
}
END_TEST

START_TEST(test_cleaning_disarms_what_disturbs_a_terminal) {
  char out[64];
  ck_assert_str_eq(view_clean(out, sizeof out, "plain"), "plain");
  ck_assert_str_eq(view_clean(out, sizeof out, "a\033[31mb\n\tc\x7F"), "a?[31mb??c?");
  ck_assert_str_eq(view_clean(out, sizeof out,
                              "\xC2\x9B"
                              "31m"),
                   "?31m");                                               /* the one-character form of ESC [ */
  ck_assert_str_eq(view_clean(out, sizeof out, "x\xE2\x80\xAEy"), "x?y"); /* right-to-left override */
  ck_assert_str_eq(view_clean(out, sizeof out, "\xFF\xC3(\xE2\x82"), "?"
                                                                     "?(?"
                                                                     "?");
  ck_assert_str_eq(view_clean(out, sizeof out, "na\xC3\xAFve \xE7\xBA\xBF"), "na\xC3\xAFve \xE7\xBA\xBF");
}
END_TEST

START_TEST(test_cleaning_cuts_between_characters) {
  char out[6];
  ck_assert_str_eq(view_clean(out, sizeof out, "abcdefgh"), "abcde");
  ck_assert_str_eq(view_clean(out, sizeof out, "\xE7\xBA\xBF\xE7\xA8\x8B"), "\xE7\xBA\xBF");
  ck_assert_str_eq(view_clean(out, 1, "abc"), "");
}
END_TEST

START_TEST(test_width_counts_columns_not_bytes) {
  ck_assert_uint_eq(view_width(""), 0);
  ck_assert_uint_eq(view_width("abc"), 3);
  ck_assert_uint_eq(view_width("\xC3\xA9t\xC3\xA9"), 3);
  ck_assert_uint_eq(view_width("e\xCC\x81"), 1);                /* e and a combining accent */
  ck_assert_uint_eq(view_width("\xE7\xBA\xBF\xE7\xA8\x8B"), 4); /* two wide characters */
  ck_assert_uint_eq(view_width("\xF0\x9F\x98\x80"), 2);
}
END_TEST

START_TEST(test_fixed_numbers_are_rounded_and_bounded) {
  static const struct {
    double value;
    unsigned decimals;
    const char *text;
  } cases[] = {
      {0, 2, "0.00"},
      {1.005, 0, "1"},
      {1.94, 2, "1.94"},
      {1.999, 2, "2.00"},
      {-0.5, 1, "-0.5"},
      {-0.001, 2, "0.00"},
      {1234567.25, 2, "1234567.25"},
      {0.000001, 6, "0.000001"},
      {2.5, 6, "2.500000"},
      {1e300, 2, "-"},
      {9e15, 0, "9000000000000000"},
  };
  char out[VIEW_NUMBER_BYTES];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    ck_assert_str_eq(view_fixed(out, cases[i].value, cases[i].decimals), cases[i].text);
  ck_assert_str_eq(view_fixed(out, (double)NAN, 2), "-");
  ck_assert_str_eq(view_fixed(out, (double)INFINITY, 2), "-");
}
END_TEST

START_TEST(test_times_have_three_digits_and_the_unit_that_fits) {
  static const struct {
    int64_t ns;
    const char *text;
  } cases[] = {
      {0, "0 s"},
      {-5, "0 s"},
      {1, "0.00 us"},
      {120, "0.12 us"},
      {1050, "1.05 us"},
      {9994, "9.99 us"},
      {9996, "10.0 us"},
      {99960, "100 us"},
      {105000, "105 us"},
      {999499, "999 us"},
      {999600, "1.00 ms"},
      {12100 * 1000, "12.1 ms"},
      {702 * MS, "702 ms"},
      {999700000, "1.00 s"},
      {1420 * MS, "1.42 s"},
      {999 * SECOND, "999 s"},
      {86400 * SECOND, "86400 s"},
      {INT64_MAX, "9223372037 s"},
  };
  char out[VIEW_NUMBER_BYTES];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    ck_assert_str_eq(view_time(out, cases[i].ns), cases[i].text);
}
END_TEST

START_TEST(test_percentages_tell_little_from_nothing) {
  char out[VIEW_NUMBER_BYTES];
  ck_assert_str_eq(view_percent(out, 0), "0 %");
  ck_assert_str_eq(view_percent(out, 0.0000001), "<0.1 %");
  ck_assert_str_eq(view_percent(out, 0.003), "0.3 %");
  ck_assert_str_eq(view_percent(out, 0.0994), "9.9 %");
  ck_assert_str_eq(view_percent(out, 0.0999), "10 %");
  ck_assert_str_eq(view_percent(out, 0.5), "50 %");
  ck_assert_str_eq(view_percent(out, 1), "100 %");
  ck_assert_str_eq(view_part(out, 1, 4), "25 %");
  ck_assert_str_eq(view_part(out, 1, 0), "-");
}
END_TEST

TCase *text_cases(void) {
  TCase *cases = tcase_create("text and numbers");
  tcase_add_test(cases, test_utf8_takes_every_valid_form_and_nothing_else);
  tcase_add_test(cases, test_cleaning_disarms_what_disturbs_a_terminal);
  tcase_add_test(cases, test_cleaning_cuts_between_characters);
  tcase_add_test(cases, test_width_counts_columns_not_bytes);
  tcase_add_test(cases, test_fixed_numbers_are_rounded_and_bounded);
  tcase_add_test(cases, test_times_have_three_digits_and_the_unit_that_fits);
  tcase_add_test(cases, test_percentages_tell_little_from_nothing);
  return cases;
}
