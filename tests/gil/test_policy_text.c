/* tests/gil/test_policy_text.c - how policies and their parameters are read and written; every error's text. Also the
 * small tables of names. Room: tests/gil. */
#include <stdio.h>
#include <string.h>

#include "harness.h"

static char message[256];

static struct gil_policy_choice parsed(const char *text) {
  struct gil_policy_choice choice;
  int error = gil_policy_parse(text, &choice, message, sizeof message);
  ck_assert_msg(error == GIL_OK, "%s: %s", text, message);
  return choice;
}

static void assert_refused(const char *text, int error, const char *expected) {
  struct gil_policy_choice choice = {.policy = NULL};
  ck_assert_int_eq(gil_policy_parse(text, &choice, message, sizeof message), error);
  ck_assert_str_eq(message, expected);
  ck_assert_ptr_null(choice.policy); /* untouched */
}

START_TEST(test_a_name_alone_takes_the_standard_values) {
  ck_assert_int_eq(parsed("cpython").values[0], 5 * MS);
  ck_assert_int_eq(parsed("cpython2").values[0], 100);
  ck_assert_int_eq(parsed("fifo").values[0], 5 * MS);
  ck_assert_ptr_eq(parsed("cooperative").policy, gil_policy_find("cooperative"));
}
END_TEST

START_TEST(test_a_time_is_read_with_any_unit_and_fraction) {
  static const struct {
    const char *text;
    int64_t ns;
  } cases[] = {
      {"cpython:interval=5ms", 5 * MS},     {"cpython:interval=100us", 100 * US}, {"cpython:interval=2s", 2000 * MS},
      {"cpython:interval=1500ns", 1500},    {"cpython:interval=0.5ms", 500 * US}, {"cpython:interval=.25s", 250 * MS},
      {"cpython:interval=1e3us", 1000 * US}, {"cpython:interval=1us", 1 * US},
      {"cpython:interval=3600s", 3600 * 1000 * MS},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    ck_assert_int_eq(parsed(cases[i].text).values[0], cases[i].ns);
}
END_TEST

START_TEST(test_the_last_of_two_equal_keys_counts) {
  ck_assert_int_eq(parsed("cpython:interval=1ms,interval=2ms").values[0], 2 * MS);
}
END_TEST

#define ALL_POLICIES                                                                                          \
  "cpython, cpython2, beazley, bfs, ruby, ocaml4, ocaml, pypy, micropython, fifo, eventual, bounded, fair, " \
  "mlfq, lottery, stride, random, cooperative"

START_TEST(test_an_unknown_policy_is_answered_with_the_list) {
  assert_refused("pyhton", GIL_E_POLICY, "there is no policy 'pyhton'; there are: " ALL_POLICIES);
  assert_refused("", GIL_E_POLICY, "there is no policy ''; there are: " ALL_POLICIES);
  assert_refused("CPython", GIL_E_POLICY, "there is no policy 'CPython'; there are: " ALL_POLICIES);
  assert_refused(" cpython", GIL_E_POLICY, "there is no policy ' cpython'; there are: " ALL_POLICIES);
}
END_TEST

START_TEST(test_an_unknown_parameter_is_answered_with_the_list) {
  assert_refused("cpython:intervall=5ms", GIL_E_PARAMETER,
                 "policy 'cpython' has no parameter 'intervall'; it has: interval=5ms");
  assert_refused("cpython2:interval=5ms", GIL_E_PARAMETER,
                 "policy 'cpython2' has no parameter 'interval'; it has: check=100");
  assert_refused("cooperative:interval=5ms", GIL_E_PARAMETER,
                 "policy 'cooperative' has no parameter 'interval'; it has: none");
  assert_refused("cpython:=5ms", GIL_E_PARAMETER, "policy 'cpython' has no parameter ''; it has: interval=5ms");
}
END_TEST

START_TEST(test_what_is_not_key_and_value_is_refused) {
  assert_refused("cpython:interval", GIL_E_PARAMETER,
                 "policy 'cpython': 'interval' is not key=value; its parameters: interval=5ms");
  assert_refused("cpython:", GIL_E_PARAMETER, "policy 'cpython': '' is not key=value; its parameters: interval=5ms");
  assert_refused("cpython:interval=5ms,", GIL_E_PARAMETER,
                 "policy 'cpython': '' is not key=value; its parameters: interval=5ms");
  assert_refused("cooperative:5ms", GIL_E_PARAMETER,
                 "policy 'cooperative': '5ms' is not key=value; its parameters: none");
}
END_TEST

START_TEST(test_a_time_without_a_unit_or_with_another_is_refused) {
  static const char *const values[] = {"5",      "5m",    "5 ms", "5msec", "ms",  "",
                                       "fivems", "nanms", "5ms5", "-",     "5MS", "--5ms"};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    char text[64], expected[256];
    snprintf(text, sizeof text, "cpython:interval=%s", values[i]);
    snprintf(expected, sizeof expected,
             "interval=%s: a time is a number with its unit, like 5ms or 100us (units: s, ms, us, ns)", values[i]);
    assert_refused(text, GIL_E_PARAMETER, expected);
  }
}
END_TEST

START_TEST(test_a_value_outside_the_range_is_refused_with_the_range) {
  static const char *const times[] = {"999ns", "0s", "-5ms", "3601s", "1e300s", "infs", "-infs"};
  static const char *const counts[] = {"0", "-1", "1000000001", "1e300", "inf", "-1e300"};
  char text[64], expected[256];
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    snprintf(text, sizeof text, "fifo:interval=%s", times[i]);
    snprintf(expected, sizeof expected, "interval=%s: outside the range 1us to 3600s", times[i]);
    assert_refused(text, GIL_E_PARAMETER, expected);
  }
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    snprintf(text, sizeof text, "cpython2:check=%s", counts[i]);
    snprintf(expected, sizeof expected, "check=%s: outside the range 1 to 1000000000", counts[i]);
    assert_refused(text, GIL_E_PARAMETER, expected);
  }
}
END_TEST

START_TEST(test_a_count_is_a_whole_number_and_nothing_else) {
  static const char *const values[] = {"1.5", "", "ten", "10ms", "10 ", "nan"};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    char text[64], expected[256];
    snprintf(text, sizeof text, "cpython2:check=%s", values[i]);
    snprintf(expected, sizeof expected, "check=%s: not a whole number", values[i]);
    assert_refused(text, GIL_E_PARAMETER, expected);
  }
  assert_refused("cpython2:check=1,5", GIL_E_PARAMETER,
                 "policy 'cpython2': '5' is not key=value; its parameters: check=100");
}
END_TEST

START_TEST(test_a_text_of_any_length_is_answered_within_the_callers_buffer) {
  static char text[2000];
  struct gil_policy_choice choice;
  memset(text, 'x', sizeof text - 1);
  ck_assert_int_eq(gil_policy_parse(text, &choice, message, sizeof message), GIL_E_POLICY);
  ck_assert_str_eq(message, "a policy of 1999 characters; NAME:key=value,... with at most 511");
  text[511] = '\0';
  ck_assert_int_eq(gil_policy_parse(text, &choice, message, sizeof message), GIL_E_POLICY);
  ck_assert_uint_eq(strlen(message), sizeof message - 1);
  char tiny[8] = "untouch";
  ck_assert_int_eq(gil_policy_parse("nosuch", &choice, tiny, 4), GIL_E_POLICY);
  ck_assert_str_eq(tiny, "the");
  ck_assert_int_eq(tiny[4], 'u');
}
END_TEST

START_TEST(test_every_value_that_is_written_reads_back_as_itself) {
  static const int64_t values[] = {1000, 1001, 1500, 1000000, 1500000, 5000000, 123456789, 1000000000, 90000000000,
                                   3600000000000};
  const struct gil_param *param = &gil_policy_find("cpython")->params[0];
  char text[32];
  int64_t back;
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    gil_param_format(param, values[i], text, sizeof text);
    ck_assert_int_eq(gil_param_parse(param, text, &back, message, sizeof message), GIL_OK);
    ck_assert_int_eq(back, values[i]);
  }
  ck_assert_str_eq(gil_param_format(param, 5 * MS, text, sizeof text), "5ms");
  ck_assert_str_eq(gil_param_format(param, 1500 * US, text, sizeof text), "1500us");
  ck_assert_str_eq(gil_param_format(param, 0, text, sizeof text), "0s");
  ck_assert_str_eq(gil_param_format(&gil_policy_find("cpython2")->params[0], 100, text, sizeof text), "100");
}
END_TEST

START_TEST(test_every_policy_says_who_it_models_and_fills_the_required_functions) {
  size_t count = 0;
  for (const struct gil_policy *policy; (policy = gil_policy_at(count)); count++) {
    ck_assert_uint_eq(policy->abi, GIL_POLICY_ABI);
    ck_assert_ptr_eq(gil_policy_find(policy->name), policy);
    ck_assert_uint_gt(strlen(policy->models), 0);
    ck_assert_uint_gt(strlen(policy->summary), 0);
    ck_assert_uint_gt(strlen(policy->badly), 0);
    ck_assert_uint_gt(strlen(policy->source), 0);
    ck_assert(policy->waits && policy->lets_go);
    for (int i = 0; policy->params[i].name; i++) {
      ck_assert_int_lt(i, GIL_PARAMS_MAX);
      ck_assert_int_ge(policy->params[i].standard, policy->params[i].min);
      ck_assert_int_le(policy->params[i].standard, policy->params[i].max);
      ck_assert_int_eq(gil_policy_param_index(policy, policy->params[i].name), i);
    }
    ck_assert_int_eq(gil_policy_param_index(policy, "nosuch"), GIL_E_PARAMETER);
  }
  ck_assert_uint_eq(count, 18);
  ck_assert_ptr_null(gil_policy_at(SIZE_MAX));
  ck_assert_ptr_null(gil_policy_find("nosuch"));
}
END_TEST

START_TEST(test_every_cause_and_error_has_its_word) {
  ck_assert_str_eq(gil_cause_name(GIL_CAUSE_INTERVAL), "interval");
  ck_assert_str_eq(gil_cause_name(GIL_CAUSE_IO), "I/O");
  ck_assert_str_eq(gil_cause_name(GIL_CAUSE_EXIT), "exit");
  ck_assert_str_eq(gil_cause_name(GIL_CAUSE_COUNT), "?");
  ck_assert_str_eq(gil_strerror(GIL_OK), "success");
  ck_assert_str_eq(gil_strerror(GIL_E_TIMEOUT), "timeout");
  ck_assert_str_eq(gil_strerror(-12345), "unknown error");
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_a_name_alone_takes_the_standard_values,
      test_a_time_is_read_with_any_unit_and_fraction,
      test_the_last_of_two_equal_keys_counts,
      test_an_unknown_policy_is_answered_with_the_list,
      test_an_unknown_parameter_is_answered_with_the_list,
      test_what_is_not_key_and_value_is_refused,
      test_a_time_without_a_unit_or_with_another_is_refused,
      test_a_value_outside_the_range_is_refused_with_the_range,
      test_a_count_is_a_whole_number_and_nothing_else,
      test_a_text_of_any_length_is_answered_within_the_callers_buffer,
      test_every_value_that_is_written_reads_back_as_itself,
      test_every_policy_says_who_it_models_and_fills_the_required_functions,
      test_every_cause_and_error_has_its_word,
      NULL,
  };
  return run_tests("policy text", tests);
}
