/* tests/view/test_color.c - who gets colours: decided by the wish, the environment and a real terminal. */
#include <fcntl.h>
#include <unistd.h>

#include "view_test.h"

static FILE *open_terminal(void) {
  int fd = posix_openpt(O_RDWR | O_NOCTTY);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(isatty(fd), 1);
  return fdopen(fd, "r+");
}

START_TEST(test_auto_wants_a_terminal_that_can) {
  FILE *terminal = open_terminal();
  unsetenv("NO_COLOR");
  setenv("TERM", "xterm", 1);
  ck_assert(view_wants_color(terminal, "auto"));
  setenv("TERM", "dumb", 1);
  ck_assert(!view_wants_color(terminal, "auto"));
  unsetenv("TERM");
  ck_assert(!view_wants_color(terminal, "auto"));
  fclose(terminal);
}
END_TEST

START_TEST(test_auto_gives_a_pipe_no_colours) {
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  FILE *out = fdopen(ends[1], "w");
  unsetenv("NO_COLOR");
  setenv("TERM", "xterm", 1);
  ck_assert(!view_wants_color(out, "auto"));
  ck_assert(view_wants_color(out, "always"));
  fclose(out);
  close(ends[0]);
}
END_TEST

START_TEST(test_no_color_is_weaker_than_always_and_empty_is_unset) {
  FILE *terminal = open_terminal();
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  ck_assert(!view_wants_color(terminal, "auto"));
  ck_assert(view_wants_color(terminal, "always"));
  setenv("NO_COLOR", "", 1);
  ck_assert(view_wants_color(terminal, "auto"));
  ck_assert(!view_wants_color(terminal, "never"));
  fclose(terminal);
}
END_TEST

TCase *color_cases(void) {
  TCase *cases = tcase_create("colour");
  tcase_add_test(cases, test_auto_wants_a_terminal_that_can);
  tcase_add_test(cases, test_auto_gives_a_pipe_no_colours);
  tcase_add_test(cases, test_no_color_is_weaker_than_always_and_empty_is_unset);
  return cases;
}
