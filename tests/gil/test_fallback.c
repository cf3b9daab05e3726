/* tests/gil/test_fallback.c - a policy that fails, in whichever of its functions, is replaced; and one that picks
 * nobody is caught. Room: tests/gil. The clock stands still unless a test moves it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

static struct world *world;
static struct actor *a, *b, *c;

/* ---------------------------------------------------------------- a policy that can be made to fail ------------ */

/* In the function of this name it fails, and says so. */
static const char *fails_in = "";
static int end_count;
static bool picks, wakes;

static void event(gil *lock, const char *function) {
  if (strcmp(function, fails_in) == 0) gil_policy_fails(lock, function);
}

static void frail_starts(gil *lock, int64_t now) {
  (void)now;
  event(lock, "starts");
}

static void frail_ends(gil *lock) {
  (void)lock;
  end_count++;
}

static int64_t frail_waits(gil *lock, gil_thread *thread, int64_t now) {
  (void)thread;
  event(lock, "waits");
  /* Otherwise without a clock: at each of its strokes a lock that is free wakes a waiter. */
  if (strcmp(fails_in, "tick") == 0) gil_set_tick(lock, now + 2 * MS);
  return now + MS;
}

static int64_t frail_patience_ends(gil *lock, gil_thread *thread, int64_t now) {
  (void)thread, (void)now;
  event(lock, "patience_ends");
  return wakes ? now + MS : GIL_NEVER;
}

static int64_t frail_tick(gil *lock, int64_t now) {
  event(lock, "tick");
  gil_ask(lock, NULL);
  return now + 2 * MS;
}

static void frail_takes(gil *lock, gil_thread *thread, int64_t now) {
  (void)thread, (void)now;
  event(lock, "takes");
}

static bool frail_yields(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  event(lock, "yields");
  return strcmp(fails_in, "yields") != 0;
}

static struct gil_choice frail_lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  event(lock, "lets_go");
  return (struct gil_choice){.how = GIL_OPEN, .thread = picks ? gil_first_waiter(lock) : NULL};
}

static const struct gil_policy frail = {.abi = GIL_POLICY_ABI,
                                        .name = "frail",
                                        .starts = frail_starts,
                                        .ends = frail_ends,
                                        .waits = frail_waits,
                                        .patience_ends = frail_patience_ends,
                                        .tick = frail_tick,
                                        .takes = frail_takes,
                                        .yields = frail_yields,
                                        .lets_go = frail_lets_go};

static const char *policy_in_force(void) {
  struct gil_policy_choice choice;
  gil_get_policy(world->lock, &choice);
  return choice.policy->name;
}

/* ---------------------------------------------------------------- what it prints ------------------------------- */

static int saved_stderr, printed[2];

static void catch_stderr(void) {
  ck_assert_int_eq(pipe(printed), 0);
  saved_stderr = dup(STDERR_FILENO);
  ck_assert_int_ge(dup2(printed[1], STDERR_FILENO), 0);
  close(printed[1]);
}

/* What has been printed since, and nothing more to come. */
static const char *release_stderr(void) {
  static char text[8192];
  ck_assert_int_ge(dup2(saved_stderr, STDERR_FILENO), 0);
  close(saved_stderr);
  ssize_t length = read(printed[0], text, sizeof text - 1);
  ck_assert_int_ge(length, 0);
  text[length] = '\0';
  close(printed[0]);
  return text;
}

/* ---------------------------------------------------------------- failing -------------------------------------- */

/* A holds, B and C wait, in this order; the policy is ours and will fail in `function`. */
static void given_a_holds_and_two_wait(const char *function) {
  static const struct gil_policy_choice choice = {.policy = &frail};
  clock_install();
  catch_stderr();
  world = world_new("cooperative");
  fails_in = function;
  picks = true;
  gil_set_policy(world->lock, &choice);
  a = actor_new(world, "A");
  actor_enter(a);
  b = actor_new(world, "B");
  actor_queue(b, ACT_ENTER, 0);
  c = actor_new(world, "C");
  actor_queue(c, ACT_ENTER, 0);
}

/* Under fifo now: a handoff to each in turn, nobody lost. */
static void everybody_goes_on_under_fifo(const char *function) {
  char text[128];
  ck_assert_str_eq(policy_in_force(), "fifo");
  ck_assert_int_eq(end_count, 1);
  actor_end(a);
  actor_finish(b);
  ck_assert_ptr_eq(holder_of(world->lock), b->thread);
  actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(c);
  ck_assert_ptr_eq(holder_of(world->lock), c->thread);
  clock_advance_settled(world->lock, 5 * MS); /* fifo's interval */
  ck_assert_int_eq(gil_is_asked(world->lock), true);
  actor_end(c);
  actor_finish(b);
  actor_end(b);
  world_free(world);
  snprintf(text, sizeof text, "gilvm: policy 'frail' has failed, and the lock goes on under 'fifo': %s\n", function);
  ck_assert_str_eq(release_stderr(), text);
}

START_TEST(test_a_failure_as_the_policy_starts_carries_nobody_away) {
  given_a_holds_and_two_wait("starts");
  everybody_goes_on_under_fifo("starts");
}
END_TEST

START_TEST(test_a_failure_as_a_thread_takes_the_lock_leaves_it_the_lock) {
  given_a_holds_and_two_wait("takes");
  everybody_goes_on_under_fifo("takes");
}
END_TEST

START_TEST(test_a_failure_as_a_thread_begins_to_wait_lets_it_wait) {
  given_a_holds_and_two_wait("waits");
  everybody_goes_on_under_fifo("waits");
}
END_TEST

START_TEST(test_a_failure_at_the_end_of_a_waiters_patience) {
  given_a_holds_and_two_wait("patience_ends");
  clock_advance_settled(world->lock, MS);
  everybody_goes_on_under_fifo("patience_ends");
}
END_TEST

START_TEST(test_a_failure_in_the_policys_own_clock) {
  given_a_holds_and_two_wait("tick");
  clock_advance_settled(world->lock, 2 * MS);
  everybody_goes_on_under_fifo("tick");
}
END_TEST

START_TEST(test_a_failure_at_a_checkpoint_lets_the_first_have_the_lock) {
  given_a_holds_and_two_wait("yields");
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(b);
  actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(c);
  actor_queue(c, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(a);
  everybody_goes_on_under_fifo("yields");
}
END_TEST

START_TEST(test_a_failure_in_the_choice_lets_the_first_have_the_lock) {
  given_a_holds_and_two_wait("lets_go");
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(b);
  actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(c);
  actor_queue(c, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(a);
  everybody_goes_on_under_fifo("lets_go");
}
END_TEST

START_TEST(test_a_failed_policys_ticks_are_no_longer_a_reason_to_let_go) {
  given_a_holds_and_two_wait("takes");
  ck_assert_str_eq(policy_in_force(), "fifo");
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_TICKS), false);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  everybody_goes_on_under_fifo("takes");
}
END_TEST

START_TEST(test_a_policy_ends_when_another_comes_and_when_the_lock_goes) {
  static const struct gil_policy_choice choice = {.policy = &frail};
  clock_install();
  world = world_new("cooperative");
  gil_set_policy(world->lock, &choice);
  ck_assert_int_eq(end_count, 0);
  gil_set_policy(world->lock, &choice);
  ck_assert_int_eq(end_count, 1);
  world_free(world);
  ck_assert_int_eq(end_count, 2);
}
END_TEST

/* ---------------------------------------------------------------- picking nobody ------------------------------- */

static const char caught[] =
    "gilvm: policy 'frail' has failed, and the lock goes on under 'fifo': it picks nobody: threads "
    "wait, 'B' the longest, and for a second its 'lets_go' has named none of them\n";

START_TEST(test_a_lock_left_free_is_noticed_after_a_second) {
  given_a_holds_and_two_wait("");
  clock_advance_settled(world->lock, MS); /* their patience is over, once and for all */
  picks = false;
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_SLEEP);
  clock_advance_settled(world->lock, 1000 * MS - 1);
  ck_assert_str_eq(policy_in_force(), "frail");
  ck_assert(!actor_is_done(b));
  clock_advance_settled(world->lock, 1);
  ck_assert_str_eq(policy_in_force(), "fifo");
  actor_finish(b); /* woken by the change */
  actor_end(b);
  actor_finish(c);
  ck_assert_str_eq(release_stderr(), caught);
}
END_TEST

START_TEST(test_a_holder_that_always_takes_the_lock_back_hides_nothing) {
  given_a_holds_and_two_wait("");
  clock_advance_settled(world->lock, MS);
  picks = false;
  for (int i = 0; i < 100; i++) {
    ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_YIELD), false);
    ck_assert_str_eq(policy_in_force(), "frail");
    clock_advance_settled(world->lock, 10 * MS);
  }
  ck_assert_str_eq(policy_in_force(), "fifo");
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(b);
  ck_assert_str_eq(release_stderr(), caught);
}
END_TEST

START_TEST(test_a_policy_that_picks_now_and_then_is_left_alone) {
  given_a_holds_and_two_wait("");
  clock_advance_settled(world->lock, MS);
  parker_freeze(&b->thread->lock_parker); /* woken, it would take the lock */
  for (int i = 0; i < 10; i++) {
    picks = i % 2 == 0;
    actor_checkpoint(a, GIL_CAUSE_YIELD);
    clock_advance_settled(world->lock, 600 * MS);
  }
  ck_assert_str_eq(policy_in_force(), "frail");
  ck_assert_str_eq((close(STDERR_FILENO), release_stderr()), "");
}
END_TEST

START_TEST(test_a_policy_whose_waiters_wake_by_themselves_is_left_alone) {
  given_a_holds_and_two_wait("");
  picks = false;
  wakes = true;
  parker_freeze(&c->thread->lock_parker); /* whose patience ends at the same time */
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_SLEEP);
  clock_advance_settled(world->lock, MS);
  actor_finish(b);
  ck_assert_ptr_eq(holder_of(world->lock), b->thread);
  clock_advance_settled(world->lock, 3000 * MS);
  ck_assert_str_eq(policy_in_force(), "frail");
  ck_assert_str_eq((close(STDERR_FILENO), release_stderr()), "");
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_a_failure_as_the_policy_starts_carries_nobody_away,
      test_a_failure_as_a_thread_takes_the_lock_leaves_it_the_lock,
      test_a_failure_as_a_thread_begins_to_wait_lets_it_wait,
      test_a_failure_at_the_end_of_a_waiters_patience,
      test_a_failure_in_the_policys_own_clock,
      test_a_failure_at_a_checkpoint_lets_the_first_have_the_lock,
      test_a_failure_in_the_choice_lets_the_first_have_the_lock,
      test_a_failed_policys_ticks_are_no_longer_a_reason_to_let_go,
      test_a_policy_ends_when_another_comes_and_when_the_lock_goes,
      test_a_lock_left_free_is_noticed_after_a_second,
      test_a_holder_that_always_takes_the_lock_back_hides_nothing,
      test_a_policy_that_picks_now_and_then_is_left_alone,
      test_a_policy_whose_waiters_wake_by_themselves_is_left_alone,
      NULL,
  };
  return run_tests("fallback", tests);
}
