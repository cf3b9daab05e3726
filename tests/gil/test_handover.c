/* tests/gil/test_handover.c - who gets the lock: open competition, direct handoff, forced switching.
 * Room: tests/gil. */
#include "harness.h"

/* A holds the lock and B waits for it, asleep. */
static struct world *world;
static struct actor *a, *b;

static void given_a_holds_and_b_waits(const char *policy) {
  clock_install();
  world = world_new(policy);
  a = actor_new(world, "A");
  b = actor_new(world, "B");
  actor_enter(a);
  actor_queue(b, ACT_ENTER, 0);
}

/* B's patience ends and A is asked to yield. */
static void given_b_has_asked(void) {
  clock_advance_settled(world->lock, 5 * MS);
  ck_assert_uint_eq(count_events(world, GIL_EVENT_ASK, 0), 1);
}

static void then_events_are_well_formed(void) {
  const char *what = check_events(world, false);
  ck_assert_msg(!what, "%s", what);
}

START_TEST(test_a_free_lock_goes_to_whoever_comes_first_though_others_wait) {
  given_a_holds_and_b_waits("cpython");
  struct actor *c = actor_new(world, "C");
  parker_freeze(&b->thread->lock_parker);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  actor_enter(c);
  ck_assert_ptr_eq(holder_of(world->lock), c->thread);
  parker_thaw(&b->thread->lock_parker);
  while (!count_events(world, GIL_EVENT_LOST_RACE, gil_thread_id(b->thread))) sched_yield();
  ck_assert_uint_eq(last_event(world, GIL_EVENT_LOST_RACE).other, gil_thread_id(c->thread));
  actor_do(c, ACT_LEAVE, 0);
  actor_finish(b);
  actor_end(b);
  actor_do(a, ACT_BLOCK_END, 0);
  actor_end(a);
  actor_quit(c);
  then_events_are_well_formed();
  world_free(world);
}
END_TEST

START_TEST(test_the_releaser_may_win_its_own_lock_back_when_nobody_asked) {
  given_a_holds_and_b_waits("cpython");
  parker_freeze(&b->thread->lock_parker);
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_YIELD), false);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  ck_assert_uint_eq(count_events(world, GIL_EVENT_TAKE, gil_thread_id(a->thread)), 2);
  parker_thaw(&b->thread->lock_parker);
  actor_end(a);
  actor_finish(b);
  actor_end(b);
  then_events_are_well_formed();
  world_free(world);
}
END_TEST

START_TEST(test_handoff_makes_the_waiter_holder_before_it_wakes) {
  given_a_holds_and_b_waits("fifo");
  struct actor *c = actor_new(world, "C");
  parker_freeze(&b->thread->lock_parker);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  ck_assert_ptr_eq(holder_of(world->lock), b->thread);
  actor_queue(c, ACT_ENTER, 0); /* cannot barge */
  ck_assert(!actor_is_done(b));
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  actor_end(b);
  ck_assert_int_eq(actor_finish(a), true);
  actor_end(a);
  actor_finish(c);
  actor_end(c);
  ck_assert_uint_eq(count_events(world, GIL_EVENT_LOST_RACE, 0), 0);
  then_events_are_well_formed();
  world_free(world);
}
END_TEST

START_TEST(test_an_asked_holder_does_not_get_the_lock_back_before_another_has_had_it) {
  given_a_holds_and_b_waits("cpython");
  given_b_has_asked();
  parker_freeze(&b->thread->lock_parker);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  ck_assert_ptr_null(holder_of(world->lock));
  for (int i = 0; i < 5; i++) { /* spurious wake-ups do not help it */
    gil_unpark(&a->thread->lock_parker);
    until_waiting(a->thread);
    ck_assert_ptr_null(holder_of(world->lock));
  }
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  ck_assert_ptr_eq(holder_of(world->lock), b->thread);
  actor_end(b);
  ck_assert_int_eq(actor_finish(a), true);
  actor_end(a);
  then_events_are_well_formed();
  world_free(world);
}
END_TEST

START_TEST(test_an_asked_holder_that_blocks_waits_for_its_successor_first) {
  given_a_holds_and_b_waits("cpython");
  given_b_has_asked();
  parker_freeze(&b->thread->lock_parker);
  actor_start(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO, GIL_NEVER);
  for (int i = 0; i < 5; i++) {
    while (!parker_sleeps(&a->thread->lock_parker)) sched_yield();
    ck_assert(!actor_is_done(a));
    ck_assert_ptr_null(holder_of(world->lock));
    gil_unpark(&a->thread->lock_parker);
  }
  parker_thaw(&b->thread->lock_parker);
  actor_finish(a);
  actor_finish(b);
  ck_assert_ptr_eq(holder_of(world->lock), b->thread);
  actor_end(b);
  actor_do(a, ACT_BLOCK_END, 0);
  actor_end(a);
  then_events_are_well_formed();
  world_free(world);
}
END_TEST

START_TEST(test_a_holder_that_blocks_unasked_waits_for_nobody) {
  given_a_holds_and_b_waits("cpython");
  parker_freeze(&b->thread->lock_parker);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO); /* comes back though B sleeps */
  ck_assert_ptr_null(holder_of(world->lock));
  actor_do(a, ACT_BLOCK_END, 0);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  parker_thaw(&b->thread->lock_parker);
  actor_end(a);
  actor_finish(b);
  actor_end(b);
  world_free(world);
}
END_TEST

START_TEST(test_a_thread_that_leaves_while_asked_waits_for_nobody) {
  given_a_holds_and_b_waits("cpython");
  given_b_has_asked();
  parker_freeze(&b->thread->lock_parker);
  actor_end(a); /* as in CPython, whose forced switch needs a thread state that lives on */
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  actor_end(b);
  then_events_are_well_formed();
  world_free(world);
}
END_TEST

START_TEST(test_the_request_is_satisfied_by_a_passer_by_who_did_not_ask) {
  given_a_holds_and_b_waits("cpython");
  given_b_has_asked();
  struct actor *c = actor_new(world, "C");
  parker_freeze(&b->thread->lock_parker);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  actor_enter(c);
  ck_assert_ptr_eq(holder_of(world->lock), c->thread);
  actor_end(c); /* and now A is held back no longer: the lock is free and A may have it */
  gil_unpark(&a->thread->lock_parker);
  ck_assert_int_eq(actor_finish(a), true);
  ck_assert(is_waiting(b->thread));
  parker_thaw(&b->thread->lock_parker);
  actor_end(a);
  actor_finish(b);
  actor_end(b);
  then_events_are_well_formed();
  world_free(world);
}
END_TEST

START_TEST(test_a_request_ends_with_the_hold_it_was_made_for) {
  given_a_holds_and_b_waits("cpython");
  given_b_has_asked();
  ck_assert(gil_is_asked(world->lock));
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  actor_finish(b);
  ck_assert(!gil_is_asked(world->lock));
  ck_assert_int_eq(actor_checkpoint(b, GIL_CAUSE_INTERVAL), false); /* a kick that came too late */
  ck_assert_ptr_eq(holder_of(world->lock), b->thread);
  actor_end(b);
  actor_finish(a);
  actor_end(a);
  world_free(world);
}
END_TEST

START_TEST(test_fifo_serves_in_the_exact_order_of_arrival) {
  enum { COUNT = 48 };
  struct actor *actors[COUNT];
  clock_install();
  world = world_new("fifo");
  a = actor_new(world, "first");
  actor_enter(a);
  for (int i = 0; i < COUNT; i++) {
    actors[i] = actor_new(world, "waiter");
    actor_queue(actors[i], ACT_ENTER, 0);
  }
  actor_end(a);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < COUNT; i++) {
      actor_finish(actors[i]);
      ck_assert_ptr_eq(holder_of(world->lock), actors[i]->thread);
      actor_queue(actors[i], ACT_CHECKPOINT, GIL_CAUSE_YIELD); /* to the end of the queue */
    }
  }
  for (int i = 0; i < COUNT; i++) {
    ck_assert_int_eq(actor_finish(actors[i]), true);
    actor_end(actors[i]);
  }
  then_events_are_well_formed();
  world_free(world);
}
END_TEST

START_TEST(test_a_checkpoint_with_nobody_waiting_keeps_the_lock) {
  clock_install();
  world = world_new("cpython");
  a = actor_new(world, "A");
  actor_enter(a);
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_YIELD), false);
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_INTERVAL), false);
  ck_assert_uint_eq(count_events(world, GIL_EVENT_LET_GO, 0), 0);
  actor_end(a);
  world_free(world);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_a_free_lock_goes_to_whoever_comes_first_though_others_wait,
      test_the_releaser_may_win_its_own_lock_back_when_nobody_asked,
      test_handoff_makes_the_waiter_holder_before_it_wakes,
      test_an_asked_holder_does_not_get_the_lock_back_before_another_has_had_it,
      test_an_asked_holder_that_blocks_waits_for_its_successor_first,
      test_a_holder_that_blocks_unasked_waits_for_nobody,
      test_a_thread_that_leaves_while_asked_waits_for_nobody,
      test_the_request_is_satisfied_by_a_passer_by_who_did_not_ask,
      test_a_request_ends_with_the_hold_it_was_made_for,
      test_fifo_serves_in_the_exact_order_of_arrival,
      test_a_checkpoint_with_nobody_waiting_keeps_the_lock,
      NULL,
  };
  return run_tests("handover", tests);
}
