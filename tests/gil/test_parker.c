/* tests/gil/test_parker.c - the real clock and the real parker. Room: tests/gil. No time is asserted here, only
 * order: a wake is never lost and a deadline comes. */
#include <math.h>

#include "harness.h"

static gil_parker parker;

static void *unpark_it(void *arg) {
  (void)arg;
  gil_unpark(&parker);
  return NULL;
}

START_TEST(test_a_wake_before_the_park_is_kept_once) {
  gil_unpark(&parker);
  gil_unpark(&parker);
  ck_assert_int_eq(gil_park(&parker, GIL_NEVER), 0);
  ck_assert_int_eq(gil_park(&parker, gil_now_ns()), GIL_E_TIMEOUT);
}
END_TEST

START_TEST(test_a_park_ends_when_another_thread_unparks) {
  pthread_t waker;
  ck_assert_int_eq(pthread_create(&waker, NULL, unpark_it, NULL), 0);
  ck_assert_int_eq(gil_park(&parker, GIL_NEVER), 0);
  pthread_join(waker, NULL);
}
END_TEST

START_TEST(test_a_deadline_is_not_reached_before_its_time) {
  for (int i = 0; i < 20; i++) {
    int64_t deadline = gil_now_ns() + 300 * US;
    while (gil_park(&parker, deadline) == 0) continue; /* spurious */
    ck_assert_int_ge(gil_now_ns(), deadline);
  }
}
END_TEST

START_TEST(test_a_deadline_that_has_passed_times_out_at_once) {
  ck_assert_int_eq(gil_park(&parker, 0), GIL_E_TIMEOUT);
  ck_assert_int_eq(gil_park(&parker, -1), GIL_E_TIMEOUT);
  ck_assert_int_eq(gil_park(&parker, INT64_MIN), GIL_E_TIMEOUT);
}
END_TEST

START_TEST(test_a_wake_is_taken_even_when_the_deadline_has_passed_too) {
  gil_unpark(&parker);
  ck_assert_int_eq(gil_park(&parker, 0), 0);
}
END_TEST

/* Two threads that pass a turn to and fro: a lost wake-up would end it for ever. */
#define TURNS 20000
static gil_parker sides[2];
static _Atomic int turn;

static void *play(void *arg) {
  int me = (int)(intptr_t)arg;
  for (int i = 0; i < TURNS; i++) {
    while (atomic_load(&turn) != me) gil_park(&sides[me], GIL_NEVER);
    atomic_store(&turn, 1 - me);
    gil_unpark(&sides[1 - me]);
  }
  return NULL;
}

START_TEST(test_no_wake_is_lost_in_forty_thousand_turns) {
  pthread_t players[2];
  for (intptr_t i = 0; i < 2; i++) ck_assert_int_eq(pthread_create(&players[i], NULL, play, (void *)i), 0);
  for (int i = 0; i < 2; i++) pthread_join(players[i], NULL);
  ck_assert_int_eq(atomic_load(&turn), 0);
}
END_TEST

/* What the waker wrote before the wake is seen after the park, though it is no atomic: the sanitizer watches. */
static int message;

static void *write_and_unpark(void *arg) {
  message = 42;
  return unpark_it(arg);
}

START_TEST(test_what_was_written_before_the_wake_is_seen_after_the_park) {
  pthread_t waker;
  ck_assert_int_eq(pthread_create(&waker, NULL, write_and_unpark, NULL), 0);
  while (gil_park(&parker, GIL_NEVER) != 0) continue;
  ck_assert_int_eq(message, 42);
  pthread_join(waker, NULL);
}
END_TEST

START_TEST(test_deadlines_are_computed_without_overflow) {
  int64_t before = gil_now_ns();
  ck_assert_int_ge(gil_deadline_in(1.5), before + 1500 * MS);
  ck_assert_int_le(gil_deadline_in(0), gil_now_ns());
  ck_assert_int_le(gil_deadline_in(-5), gil_now_ns());
  ck_assert_int_le(gil_deadline_in(NAN), gil_now_ns());
  ck_assert_int_eq(gil_deadline_in(1e300), GIL_NEVER);
  ck_assert_int_eq(gil_deadline_in(INFINITY), GIL_NEVER);
  ck_assert_int_lt(gil_deadline_in(4.5e9), GIL_NEVER);
  ck_assert_int_gt(gil_deadline_in(4.5e9), before);
}
END_TEST

START_TEST(test_the_seam_can_be_put_back) {
  clock_install();
  ck_assert_int_eq(gil_now_ns(), clock_now());
  int64_t then = gil_now_ns();
  clock_advance(1);
  ck_assert_int_eq(gil_now_ns(), then + 1);
  gil_set_seam(NULL);
  ck_assert_int_eq(gil_park(&parker, gil_now_ns()), GIL_E_TIMEOUT);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_a_wake_before_the_park_is_kept_once,
      test_a_park_ends_when_another_thread_unparks,
      test_a_deadline_is_not_reached_before_its_time,
      test_a_deadline_that_has_passed_times_out_at_once,
      test_a_wake_is_taken_even_when_the_deadline_has_passed_too,
      test_no_wake_is_lost_in_forty_thousand_turns,
      test_what_was_written_before_the_wake_is_seen_after_the_park,
      test_deadlines_are_computed_without_overflow,
      test_the_seam_can_be_put_back,
      NULL,
  };
  return run_tests("parker", tests);
}
