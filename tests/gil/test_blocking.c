/* tests/gil/test_blocking.c - door 2: blocking sections, gil_wait and gil_wake, the sealed lock, lives of threads.
 * Room: tests/gil. */
#include <stdlib.h>

#include "harness.h"

static struct world *world;
static struct actor *a, *b;

static void given_a_holds(const char *policy) {
  clock_install();
  world = world_new(policy);
  a = actor_new(world, "A");
  b = actor_new(world, "B");
  actor_enter(a);
}

static void end_both(void) {
  actor_end(a);
  actor_enter(b);
  actor_end(b);
  const char *what = check_events(world, false);
  ck_assert_msg(!what, "%s", what);
  world_free(world);
}

/* A is parked in gil_wait. */
static void given_a_waits(int64_t deadline_ns) {
  actor_start(a, ACT_WAIT, GIL_CAUSE_QUEUE, deadline_ns);
  while (!parker_sleeps(&a->thread->wait_parker)) sched_yield();
}

START_TEST(test_a_blocking_section_lets_others_in_and_says_why) {
  given_a_holds("cpython");
  actor_start(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO, clock_now() + 7 * MS);
  actor_finish(a);
  struct gil_event block = last_event(world, GIL_EVENT_BLOCK);
  ck_assert_uint_eq(block.thread, gil_thread_id(a->thread));
  ck_assert_int_eq(block.cause, GIL_CAUSE_IO);
  ck_assert_int_eq(block.since_ns, clock_now() + 7 * MS);
  ck_assert_int_eq(last_event(world, GIL_EVENT_LET_GO).cause, GIL_CAUSE_IO);
  actor_enter(b);
  ck_assert_ptr_eq(holder_of(world->lock), b->thread);
  actor_queue(a, ACT_BLOCK_END, 0);
  ck_assert_int_eq(last_event(world, GIL_EVENT_UNBLOCK).cause, GIL_CAUSE_IO);
  actor_end(b);
  actor_finish(a);
  actor_end(a);
  world_free(world);
}
END_TEST

START_TEST(test_every_cause_is_counted_for_itself) {
  static const gil_cause causes[] = {GIL_CAUSE_SLEEP, GIL_CAUSE_LOCK, GIL_CAUSE_JOIN, GIL_CAUSE_QUEUE, GIL_CAUSE_IO,
                                     GIL_CAUSE_NATIVE};
  enum { COUNT = sizeof causes / sizeof causes[0] };
  given_a_holds("cpython");
  for (int i = 0; i < COUNT; i++)
    for (int n = 0; n <= i; n++) { /* the first once, the second twice, ... each for so many milliseconds */
      actor_do(a, ACT_BLOCK_BEGIN, causes[i]);
      clock_advance((i + 1) * MS);
      actor_do(a, ACT_BLOCK_END, 0);
    }
  struct gil_snapshot *snapshot = gil_snapshot_take(world->lock);
  for (int i = 0; i < COUNT; i++) {
    ck_assert_uint_eq(snapshot->threads[0].let_go[causes[i]], i + 1);
    ck_assert_int_eq(snapshot->threads[0].blocked_ns[causes[i]], (i + 1) * (i + 1) * MS);
  }
  ck_assert_uint_eq(snapshot->lock.switches, 0); /* it always took the lock itself */
  free(snapshot);
  end_both();
}
END_TEST

START_TEST(test_switches_are_counted_by_why_the_last_holder_let_go) {
  given_a_holds("fifo");
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  actor_enter(b); /* I/O */
  actor_queue(a, ACT_BLOCK_END, 0);
  actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(a); /* yield */
  clock_advance_settled(world->lock, 5 * MS);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  actor_finish(b); /* interval */
  actor_do(b, ACT_LEAVE, 0);
  actor_finish(a); /* exit */
  struct gil_snapshot *snapshot = gil_snapshot_take(world->lock);
  ck_assert_uint_eq(snapshot->lock.switches, 4);
  ck_assert_uint_eq(snapshot->lock.by_cause[GIL_CAUSE_IO], 1);
  ck_assert_uint_eq(snapshot->lock.by_cause[GIL_CAUSE_YIELD], 1);
  ck_assert_uint_eq(snapshot->lock.by_cause[GIL_CAUSE_INTERVAL], 1);
  ck_assert_uint_eq(snapshot->lock.by_cause[GIL_CAUSE_EXIT], 1);
  free(snapshot);
  actor_end(a);
  world_free(world);
}
END_TEST

/* ---------------------------------------------------------------- gil_wait ------------------------------------- */

START_TEST(test_wait_returns_when_woken_and_holds_the_lock_then) {
  given_a_holds("cpython");
  given_a_waits(GIL_NEVER);
  ck_assert_ptr_null(holder_of(world->lock));
  gil_wake(a->thread);
  ck_assert_int_eq(actor_finish(a), 0);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  end_both();
}
END_TEST

START_TEST(test_a_wake_that_comes_before_the_wait_is_kept) {
  given_a_holds("cpython");
  gil_wake(a->thread);
  ck_assert_int_eq(actor_do(a, ACT_WAIT, GIL_CAUSE_QUEUE), 0);
  given_a_waits(GIL_NEVER); /* one wake, one wait */
  gil_wake(a->thread);
  ck_assert_int_eq(actor_finish(a), 0);
  end_both();
}
END_TEST

START_TEST(test_two_wakes_before_a_wait_are_kept_as_one) {
  given_a_holds("cpython");
  gil_wake(a->thread);
  gil_wake(a->thread);
  ck_assert_int_eq(actor_do(a, ACT_WAIT, GIL_CAUSE_QUEUE), 0);
  given_a_waits(clock_now() + MS);
  clock_advance(MS);
  ck_assert_int_eq(actor_finish(a), GIL_E_TIMEOUT);
  end_both();
}
END_TEST

START_TEST(test_wait_ends_at_its_deadline_and_not_before) {
  given_a_holds("cpython");
  given_a_waits(clock_now() + 3 * MS);
  clock_advance(3 * MS - 1);
  while (!parker_sleeps(&a->thread->wait_parker)) sched_yield();
  ck_assert(!actor_is_done(a));
  clock_advance(1);
  ck_assert_int_eq(actor_finish(a), GIL_E_TIMEOUT);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  end_both();
}
END_TEST

START_TEST(test_a_deadline_in_the_past_times_out_at_once_and_still_lets_others_in) {
  given_a_holds("fifo");
  actor_queue(b, ACT_ENTER, 0);
  actor_start(a, ACT_WAIT, GIL_CAUSE_SLEEP, 0);
  actor_finish(b);
  until_waiting(a->thread);
  actor_end(b);
  ck_assert_int_eq(actor_finish(a), GIL_E_TIMEOUT);
  actor_end(a);
  world_free(world);
}
END_TEST

START_TEST(test_a_wake_for_the_wait_does_not_disturb_the_queue_and_the_other_way_round) {
  given_a_holds("cpython");
  actor_queue(b, ACT_ENTER, 0);
  gil_wake(b->thread); /* B waits for the lock, not in gil_wait: kept for later */
  until_waiting(b->thread);
  ck_assert_uint_eq(count_events(world, GIL_EVENT_LOST_RACE, 0), 0);
  actor_start(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO, GIL_NEVER);
  actor_finish(a);
  actor_finish(b);
  ck_assert_int_eq(actor_do(b, ACT_WAIT, GIL_CAUSE_LOCK), 0);
  actor_end(b);
  actor_do(a, ACT_BLOCK_END, 0);
  actor_end(a);
  world_free(world);
}
END_TEST

START_TEST(test_spurious_wake_ups_of_a_waiter_leave_the_lock_where_it_is) {
  given_a_holds("fifo");
  actor_queue(b, ACT_ENTER, 0);
  for (int i = 0; i < 20; i++) {
    gil_unpark(&b->thread->lock_parker);
    until_waiting(b->thread);
    ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  }
  actor_end(a);
  actor_finish(b);
  actor_end(b);
  const char *what = check_events(world, false);
  ck_assert_msg(!what, "%s", what);
  world_free(world);
}
END_TEST

/* ---------------------------------------------------------------- the sealed lock ------------------------------ */

START_TEST(test_a_sealed_lock_is_for_its_keeper_only) {
  given_a_holds("cpython");
  actor_queue(b, ACT_ENTER, 0);
  actor_do(a, ACT_SEAL, 0);
  for (int i = 0; i < 5; i++) {
    actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
    until_waiting(b->thread);
    ck_assert_ptr_null(holder_of(world->lock));
    actor_do(a, ACT_BLOCK_END, 0);
    ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  }
  actor_end(a);
  until_waiting(b->thread);
  ck_assert_ptr_null(holder_of(world->lock));
  gil_destroy(world->lock); /* B stands on its memory, so that stays */
  until_waiting(b->thread);
}
END_TEST

/* The keeper was asked to yield by one who was shut out then. Forced switching would have it wait for a successor
   that cannot come. */
static void keeper_is_not_held_back(enum act act, gil_cause cause) {
  given_a_holds("cpython");
  actor_queue(b, ACT_ENTER, 0);
  clock_advance_settled(world->lock, 5 * MS);
  ck_assert(gil_is_asked(world->lock));
  actor_do(a, ACT_SEAL, 0);
  actor_do(a, act, cause);
  if (act == ACT_BLOCK_BEGIN) actor_do(a, ACT_BLOCK_END, 0);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  actor_end(a);
}

START_TEST(test_a_keeper_that_is_asked_to_yield_goes_on) {
  keeper_is_not_held_back(ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
}
END_TEST

START_TEST(test_a_keeper_that_is_asked_and_blocks_goes_on) {
  keeper_is_not_held_back(ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
}
END_TEST

START_TEST(test_sealing_stops_direct_handoff_too) {
  given_a_holds("fifo");
  actor_queue(b, ACT_ENTER, 0);
  actor_do(a, ACT_SEAL, 0);
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_YIELD), false);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  actor_end(a);
}
END_TEST

/* A thread that was in a blocking section while the program ended comes back to a lock whose owner is gone: the
   owner's callbacks must not be called any more. */
START_TEST(test_after_the_lock_is_destroyed_a_late_comer_parks_and_tells_nobody) {
  given_a_holds("cpython");
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  actor_enter(b);
  actor_do(b, ACT_SEAL, 0);
  actor_end(b);
  gil_destroy(world->lock);
  size_t events = world->event_count;
  actor_queue(a, ACT_BLOCK_END, 0);
  ck_assert_uint_eq(world->event_count, events);
}
END_TEST

/* ---------------------------------------------------------------- lives of threads ----------------------------- */

START_TEST(test_a_thread_has_a_name_an_id_and_its_users_pointer) {
  clock_install();
  world = world_new("cpython");
  int mine;
  gil_thread *thread, *second;
  ck_assert_int_eq(gil_attach(world->lock, "a name of more than thirty-one characters", &mine, &thread), GIL_OK);
  ck_assert_str_eq(gil_thread_name(thread), "a name of more than thirty-one ");
  ck_assert_ptr_eq(gil_thread_user(thread), &mine);
  ck_assert_ptr_eq(gil_of(thread), world->lock);
  ck_assert_uint_eq(gil_thread_id(thread), 1);
  gil_thread_rename(thread, "short");
  ck_assert_str_eq(gil_thread_name(thread), "short");
  gil_thread_set_priority(thread, -3);
  ck_assert_int_eq(gil_thread_priority(thread), -3);
  gil_detach_unentered(thread);
  ck_assert_int_eq(gil_attach(world->lock, "second", NULL, &second), GIL_OK);
  ck_assert_ptr_eq(second, thread); /* its memory is used again, its number and its priority are not */
  ck_assert_uint_eq(gil_thread_id(second), 2);
  ck_assert_int_eq(gil_thread_priority(second), 0);
  gil_detach_unentered(second);
  world_free(world);
}
END_TEST

START_TEST(test_one_thread_alone_needs_no_timekeeper) {
  clock_install();
  world = world_new("cpython");
  a = actor_new(world, "A");
  actor_enter(a);
  ck_assert(!gil_poke(world->lock));
  b = actor_new(world, "B");
  ck_assert(gil_poke(world->lock));
  while (!world->pokes) sched_yield();
  end_both();
}
END_TEST

START_TEST(test_locks_are_numbered_in_the_order_of_their_creation) {
  clock_install();
  struct world *first = world_new("cpython"), *second = world_new("fifo");
  ck_assert_uint_eq(gil_id(second->lock), gil_id(first->lock) + 1);
  world_free(first);
  world_free(second);
  gil_destroy(NULL);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_a_blocking_section_lets_others_in_and_says_why,
      test_every_cause_is_counted_for_itself,
      test_switches_are_counted_by_why_the_last_holder_let_go,
      test_wait_returns_when_woken_and_holds_the_lock_then,
      test_a_wake_that_comes_before_the_wait_is_kept,
      test_two_wakes_before_a_wait_are_kept_as_one,
      test_wait_ends_at_its_deadline_and_not_before,
      test_a_deadline_in_the_past_times_out_at_once_and_still_lets_others_in,
      test_a_wake_for_the_wait_does_not_disturb_the_queue_and_the_other_way_round,
      test_spurious_wake_ups_of_a_waiter_leave_the_lock_where_it_is,
      test_a_sealed_lock_is_for_its_keeper_only,
      test_a_keeper_that_is_asked_to_yield_goes_on,
      test_a_keeper_that_is_asked_and_blocks_goes_on,
      test_sealing_stops_direct_handoff_too,
      test_after_the_lock_is_destroyed_a_late_comer_parks_and_tells_nobody,
      test_a_thread_has_a_name_an_id_and_its_users_pointer,
      test_one_thread_alone_needs_no_timekeeper,
      test_locks_are_numbered_in_the_order_of_their_creation,
      NULL,
  };
  return run_tests("blocking", tests);
}
