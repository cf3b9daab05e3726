/* tests/gil/test_policies.c - when each policy asks the holder to yield, and what else is peculiar to it; policies
 * changed at run time. Room: tests/gil. */
#include <string.h>

#include "harness.h"

static struct world *world;
static struct actor *a, *b, *c;

static void given_a_holds_and_b_waits(const char *policy) {
  clock_install();
  world = world_new(policy);
  a = actor_new(world, "A");
  b = actor_new(world, "B");
  actor_enter(a);
  actor_queue(b, ACT_ENTER, 0);
}

static unsigned asks(void) { return count_events(world, GIL_EVENT_ASK, 0); }

static void set_policy(const char *text) {
  struct gil_policy_choice choice;
  char message[256];
  ck_assert_int_eq(gil_policy_parse(text, &choice, message, sizeof message), GIL_OK);
  gil_set_policy(world->lock, &choice);
}

/* The two leave, A first, and the lock is destroyed. */
static void end_a_then_b(void) {
  actor_end(a);
  actor_finish(b);
  actor_end(b);
  const char *what = check_events(world, false);
  ck_assert_msg(!what, "%s", what);
  world_free(world);
}

/* ---------------------------------------------------------------- cpython -------------------------------------- */

START_TEST(test_a_waiter_asks_after_a_whole_interval_and_not_before) {
  given_a_holds_and_b_waits("cpython");
  clock_advance_settled(world->lock, 5 * MS - 1);
  ck_assert_uint_eq(asks(), 0);
  clock_advance_settled(world->lock, 1);
  ck_assert_uint_eq(asks(), 1);
  struct gil_event ask = last_event(world, GIL_EVENT_ASK);
  ck_assert_uint_eq(ask.thread, gil_thread_id(a->thread));
  ck_assert_uint_eq(ask.other, gil_thread_id(b->thread));
  ck_assert_int_eq(ask.time_ns, clock_now());
  ck_assert_uint_eq(world->kicks, 1);
  end_a_then_b();
}
END_TEST

START_TEST(test_the_first_waiter_is_woken_early_once_a_request_and_has_lost_no_race_then) {
  given_a_holds_and_b_waits("cpython");
  parker_freeze(&b->thread->lock_parker);
  clock_advance_settled(world->lock, 5 * MS);
  while (!b->thread->lock_parker.state) sched_yield(); /* woken as soon as A is asked, not when A lets go */
  parker_thaw(&b->thread->lock_parker);
  until_waiting(b->thread);
  clock_advance_settled(world->lock, 5 * MS); /* the next kick is no new request */
  ck_assert(parker_sleeps(&b->thread->lock_parker));
  ck_assert_uint_eq(count_events(world, GIL_EVENT_LOST_RACE, 0), 0);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  end_a_then_b();
}
END_TEST

START_TEST(test_the_interval_is_the_one_that_was_given) {
  given_a_holds_and_b_waits("cpython:interval=100us");
  clock_advance_settled(world->lock, 100 * US - 1);
  ck_assert_uint_eq(asks(), 0);
  clock_advance_settled(world->lock, 1);
  ck_assert_uint_eq(asks(), 1);
  end_a_then_b();
}
END_TEST

START_TEST(test_a_holder_that_does_not_listen_is_kicked_again_every_interval_but_asked_once) {
  given_a_holds_and_b_waits("cpython");
  for (unsigned i = 1; i <= 10; i++) {
    clock_advance_settled(world->lock, 5 * MS);
    ck_assert_uint_eq(asks(), 1);
    ck_assert_uint_eq(world->kicks, i);
  }
  end_a_then_b();
}
END_TEST

START_TEST(test_a_waiters_clock_starts_again_after_any_switch) {
  given_a_holds_and_b_waits("cpython");
  c = actor_new(world, "C");
  clock_advance_settled(world->lock, 3 * MS);
  actor_queue(c, ACT_ENTER, 0); /* its patience ends at 8 ms */
  clock_advance_settled(world->lock, 1 * MS);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO); /* at 4 ms: a switch to B */
  actor_finish(b);
  clock_advance_settled(world->lock, 4 * MS);
  ck_assert_uint_eq(asks(), 0); /* at 8 ms C has waited for its 5 ms, but not without a switch */
  clock_advance_settled(world->lock, 5 * MS - 1);
  ck_assert_uint_eq(asks(), 0);
  clock_advance_settled(world->lock, 1);
  ck_assert_uint_eq(asks(), 1);
  ck_assert_uint_eq(last_event(world, GIL_EVENT_ASK).other, gil_thread_id(c->thread));
  actor_end(b);
  actor_finish(c);
  actor_end(c);
  actor_do(a, ACT_BLOCK_END, 0);
  actor_end(a);
  world_free(world);
}
END_TEST

START_TEST(test_a_waiters_clock_starts_again_when_it_loses_a_race) {
  given_a_holds_and_b_waits("cpython");
  clock_advance_settled(world->lock, 3 * MS);
  parker_freeze(&b->thread->lock_parker);
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_YIELD), false); /* A wins its own lock back: no switch */
  parker_thaw(&b->thread->lock_parker);
  until_waiting(b->thread);
  clock_advance_settled(world->lock, 5 * MS - 1);
  ck_assert_uint_eq(asks(), 0);
  clock_advance_settled(world->lock, 1);
  ck_assert_uint_eq(asks(), 1);
  end_a_then_b();
}
END_TEST

START_TEST(test_the_clock_of_one_who_was_held_back_starts_when_another_takes_the_lock) {
  given_a_holds_and_b_waits("cpython");
  clock_advance_settled(world->lock, 5 * MS);
  parker_freeze(&b->thread->lock_parker);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  clock_advance_settled(world->lock, 3 * MS);
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b); /* at 8 ms */
  clock_advance_settled(world->lock, 5 * MS - 1);
  ck_assert_uint_eq(asks(), 1);
  clock_advance_settled(world->lock, 1);
  ck_assert_uint_eq(asks(), 2);
  ck_assert_uint_eq(last_event(world, GIL_EVENT_ASK).other, gil_thread_id(a->thread));
  actor_end(b);
  actor_finish(a);
  actor_end(a);
  world_free(world);
}
END_TEST

START_TEST(test_a_voluntary_release_satisfies_the_request) {
  given_a_holds_and_b_waits("cpython");
  clock_advance_settled(world->lock, 5 * MS);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_SLEEP);
  actor_finish(b);
  struct gil_event let_go = last_event(world, GIL_EVENT_LET_GO);
  ck_assert_int_eq(let_go.cause, GIL_CAUSE_SLEEP);
  ck_assert_uint_eq(let_go.other, gil_thread_id(b->thread));
  ck_assert(!gil_is_asked(world->lock));
  actor_queue(a, ACT_BLOCK_END, 0);
  actor_end(b);
  actor_finish(a);
  actor_end(a);
  world_free(world);
}
END_TEST

START_TEST(test_two_hundred_waiters_need_one_timed_wait) {
  enum { COUNT = 200 };
  struct actor *actors[COUNT];
  given_a_holds_and_b_waits("cpython");
  for (int i = 0; i < COUNT; i++) {
    actors[i] = actor_new(world, "waiter");
    actor_queue(actors[i], ACT_ENTER, 0);
  }
  clock_settle(world->lock);
  ck_assert_int_eq(clock_sleepers_with_deadline(), 1);
  clock_advance_settled(world->lock, 50 * MS);
  ck_assert_int_eq(clock_sleepers_with_deadline(), 1);
  ck_assert_uint_eq(asks(), 1);
  actor_end(a);
  actor_finish(b);
  actor_end(b);
  for (int i = 0; i < COUNT; i++) {
    actor_finish(actors[i]);
    actor_end(actors[i]);
  }
  world_free(world);
}
END_TEST

/* ---------------------------------------------------------------- cpython2 ------------------------------------- */

START_TEST(test_cpython2_releases_at_every_tick_though_nobody_waits) {
  clock_install();
  world = world_new("cpython2");
  a = actor_new(world, "A");
  actor_enter(a);
  for (unsigned i = 1; i <= 5; i++) {
    ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_TICKS), false);
    ck_assert_uint_eq(count_events(world, GIL_EVENT_LET_GO, 0), i);
    ck_assert_uint_eq(count_events(world, GIL_EVENT_TAKE, 0), i + 1);
  }
  ck_assert_int_eq(last_event(world, GIL_EVENT_LET_GO).cause, GIL_CAUSE_TICKS);
  actor_end(a);
  world_free(world);
}
END_TEST

START_TEST(test_cpython2_wakes_a_waiter_that_then_finds_the_lock_taken_again) {
  given_a_holds_and_b_waits("cpython2");
  for (unsigned i = 1; i <= 5; i++) {
    parker_freeze(&b->thread->lock_parker);
    ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_TICKS), false);
    parker_thaw(&b->thread->lock_parker);
    until_waiting(b->thread);
    ck_assert_uint_eq(count_events(world, GIL_EVENT_LOST_RACE, gil_thread_id(b->thread)), i);
  }
  end_a_then_b();
}
END_TEST

static void asks_nobody_ever(const char *policy) {
  given_a_holds_and_b_waits(policy);
  clock_advance_settled(world->lock, 3600 * 1000 * MS);
  ck_assert_uint_eq(asks(), 0);
  ck_assert_uint_eq(world->kicks, 0);
  ck_assert_int_eq(clock_sleepers_with_deadline(), 0);
  end_a_then_b();
}

START_TEST(test_cpython2_asks_nobody_ever) { asks_nobody_ever("cpython2"); }
END_TEST

START_TEST(test_cooperative_asks_nobody_ever) { asks_nobody_ever("cooperative"); }
END_TEST

START_TEST(test_only_policies_of_ticks_count_instructions) {
  clock_install();
  world = world_new("cpython2:check=7");
  ck_assert_int_eq(gil_tick_instructions(world->lock), 7);
  for (size_t i = 0; gil_policy_at(i); i++) {
    const char *name = gil_policy_at(i)->name;
    bool counts = !strcmp(name, "cpython2") || !strcmp(name, "micropython") || !strcmp(name, "pypy");
    set_policy(name);
    ck_assert_int_eq(gil_tick_instructions(world->lock) > 0, counts);
  }
  world_free(world);
}
END_TEST

/* ---------------------------------------------------------------- fifo, cooperative ---------------------------- */

START_TEST(test_fifo_measures_the_holders_turn_and_not_the_waiters_patience) {
  given_a_holds_and_b_waits("fifo:interval=10ms"); /* A's turn began at 0 */
  c = actor_new(world, "C");
  clock_advance_settled(world->lock, 6 * MS);
  actor_queue(c, ACT_ENTER, 0);
  clock_advance_settled(world->lock, 4 * MS - 1);
  ck_assert_uint_eq(asks(), 0);
  clock_advance_settled(world->lock, 1);
  ck_assert_uint_eq(asks(), 1);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL); /* B's turn begins at 10 ms */
  actor_finish(b);
  clock_advance_settled(world->lock, 10 * MS - 1);
  ck_assert_uint_eq(asks(), 1);
  clock_advance_settled(world->lock, 1);
  ck_assert_uint_eq(asks(), 2);
  ck_assert_uint_eq(last_event(world, GIL_EVENT_ASK).thread, gil_thread_id(b->thread));
  actor_end(b);
  actor_finish(c);
  actor_end(c);
  actor_finish(a);
  actor_end(a);
  world_free(world);
}
END_TEST

START_TEST(test_fifo_asks_at_once_when_the_turn_is_already_longer_than_the_interval) {
  clock_install();
  world = world_new("fifo");
  a = actor_new(world, "A");
  b = actor_new(world, "B");
  actor_enter(a);
  clock_advance_settled(world->lock, 100 * MS);
  ck_assert_uint_eq(asks(), 0);
  actor_queue(b, ACT_ENTER, 0);
  while (!asks()) sched_yield();
  end_a_then_b();
}
END_TEST

START_TEST(test_cooperative_yield_always_means_another_threads_turn) {
  given_a_holds_and_b_waits("cooperative");
  for (int i = 0; i < 10; i++) {
    actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
    actor_finish(b);
    actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
    ck_assert_int_eq(actor_finish(a), true);
  }
  actor_end(a);
  ck_assert_int_eq(actor_finish(b), true);
  actor_end(b);
  world_free(world);
}
END_TEST

/* ---------------------------------------------------------------- gil_set_policy ------------------------------- */

START_TEST(test_a_new_policy_carries_the_waiters_over_with_fresh_patience) {
  given_a_holds_and_b_waits("cooperative");
  clock_advance_settled(world->lock, 100 * MS);
  set_policy("cpython:interval=2ms");
  clock_advance_settled(world->lock, 2 * MS - 1);
  ck_assert_uint_eq(asks(), 0);
  clock_advance_settled(world->lock, 1);
  ck_assert_uint_eq(asks(), 1);
  end_a_then_b();
}
END_TEST

START_TEST(test_a_new_policy_forgets_the_timers_of_the_old) {
  given_a_holds_and_b_waits("cpython");
  set_policy("cooperative");
  clock_advance_settled(world->lock, 1000 * MS);
  ck_assert_uint_eq(asks(), 0);
  set_policy("fifo");
  clock_advance_settled(world->lock, 5 * MS);
  ck_assert_uint_eq(asks(), 1);
  end_a_then_b();
}
END_TEST

START_TEST(test_a_new_policy_forgets_the_tick_of_the_old) {
  given_a_holds_and_b_waits("fifo");
  set_policy("cpython2");
  clock_advance_settled(world->lock, 1000 * MS);
  ck_assert_uint_eq(asks(), 0);
  end_a_then_b();
}
END_TEST

START_TEST(test_fifo_put_in_force_gives_the_present_holder_a_whole_turn) {
  given_a_holds_and_b_waits("cooperative");
  clock_advance_settled(world->lock, 100 * MS);
  set_policy("fifo");
  clock_advance_settled(world->lock, 5 * MS - 1);
  ck_assert_uint_eq(asks(), 0);
  clock_advance_settled(world->lock, 1);
  ck_assert_uint_eq(asks(), 1);
  end_a_then_b();
}
END_TEST

START_TEST(test_a_thread_that_is_held_back_survives_a_change_of_policy) {
  given_a_holds_and_b_waits("cpython");
  clock_advance_settled(world->lock, 5 * MS);
  parker_freeze(&b->thread->lock_parker);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  set_policy("fifo");
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  clock_advance_settled(world->lock, 5 * MS);
  ck_assert_uint_eq(asks(), 2); /* A waits under the new policy now */
  actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  actor_finish(a);
  end_a_then_b();
}
END_TEST

START_TEST(test_the_policy_in_force_can_be_read_back) {
  clock_install();
  world = world_new("cpython:interval=42us");
  struct gil_policy_choice choice;
  gil_get_policy(world->lock, &choice);
  ck_assert_str_eq(choice.policy->name, "cpython");
  ck_assert_int_eq(choice.values[0], 42 * US);
  set_policy("fifo:interval=1s");
  gil_get_policy(world->lock, &choice);
  ck_assert_str_eq(choice.policy->name, "fifo");
  ck_assert_int_eq(choice.values[0], 1000 * MS);
  world_free(world);
}
END_TEST

/* ---------------------------------------------------------------- a policy of the test's own ------------------- */

/* Patience is as many milliseconds as the thread's priority; whose patience ended is put down. From the third time on
   it ends again "now", which must not keep the timekeeper busy for ever. */
static uint32_t impatient[8];
static int impatient_count, tick_count;
static bool lets_yield;

static int64_t own_waits(gil *lock, gil_thread *thread, int64_t now) {
  (void)lock;
  return now + gil_thread_priority(thread) * MS;
}

static int64_t own_patience_ends(gil *lock, gil_thread *thread, int64_t now) {
  (void)lock;
  if (impatient_count < 8) impatient[impatient_count++] = gil_thread_id(thread);
  return impatient_count < 3 ? GIL_NEVER : now;
}

static int64_t own_tick(gil *lock, int64_t now) {
  (void)lock;
  return ++tick_count < 3 ? now + MS : GIL_NEVER;
}

static bool own_yields(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)lock, (void)thread, (void)cause, (void)now;
  return lets_yield;
}

static struct gil_choice own_lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  gil_thread *last = gil_first_waiter(lock); /* last come, first served */
  while (last && gil_next_waiter(last)) last = gil_next_waiter(last);
  return (struct gil_choice){.how = GIL_HANDOFF, .thread = last};
}

static const struct gil_param own_params[] = {{NULL, 0, 0, 0, 0, NULL}};
static const struct gil_policy own_policy = {.abi = GIL_POLICY_ABI,
                                             .name = "own",
                                             .params = own_params,
                                             .waits = own_waits,
                                             .patience_ends = own_patience_ends,
                                             .tick = own_tick,
                                             .yields = own_yields,
                                             .lets_go = own_lets_go};

/* A holds, and B (3 ms), C (1 ms) and D (2 ms of patience) wait. */
static struct actor *d;

static void given_three_wait_under_our_own_policy(void) {
  const struct gil_policy_choice choice = {.policy = &own_policy};
  clock_install();
  world = world_new("cooperative");
  gil_set_policy(world->lock, &choice);
  a = actor_new(world, "A");
  struct actor **const waiters[] = {&b, &c, &d};
  static const int patience[] = {3, 1, 2};
  actor_enter(a);
  for (int i = 0; i < 3; i++) {
    *waiters[i] = actor_new(world, "waiter");
    gil_thread_set_priority((*waiters[i])->thread, patience[i]);
    actor_queue(*waiters[i], ACT_ENTER, 0);
  }
}

START_TEST(test_patience_ends_in_the_order_of_time_and_not_of_arrival) {
  given_three_wait_under_our_own_policy();
  struct actor *const expected[] = {c, d, b};
  for (int i = 0; i < 3; i++) {
    clock_advance_settled(world->lock, MS);
    ck_assert_int_eq(impatient_count, i + 1);
    ck_assert_uint_eq(impatient[i], gil_thread_id(expected[i]->thread));
  }
}
END_TEST

START_TEST(test_the_policy_names_the_successor) {
  given_three_wait_under_our_own_policy();
  struct actor *const expected[] = {d, c, b};
  actor_end(a);
  for (int i = 0; i < 3; i++) {
    actor_finish(expected[i]);
    ck_assert_ptr_eq(holder_of(world->lock), expected[i]->thread);
    actor_end(expected[i]);
  }
  world_free(world);
}
END_TEST

START_TEST(test_the_policy_may_refuse_a_checkpoint) {
  given_three_wait_under_our_own_policy();
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_YIELD), false);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  lets_yield = true;
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  ck_assert_ptr_eq(holder_of(world->lock), d->thread);
}
END_TEST

START_TEST(test_the_policys_tick_comes_when_it_said_and_not_from_the_policy_before) {
  given_a_holds_and_b_waits("fifo"); /* whose tick would be due at 5 ms */
  const struct gil_policy_choice choice = {.policy = &own_policy};
  gil_set_policy(world->lock, &choice);
  clock_advance_settled(world->lock, 100 * MS);
  ck_assert_int_eq(tick_count, 0);
  pthread_mutex_lock(&world->lock->mutex.pthread);
  gil_set_tick(world->lock, clock_now() + 10 * MS);
  pthread_mutex_unlock(&world->lock->mutex.pthread);
  clock_advance_settled(world->lock, 10 * MS - 1);
  ck_assert_int_eq(tick_count, 0);
  clock_advance_settled(world->lock, 1);
  ck_assert_int_eq(tick_count, 1);
  clock_advance_settled(world->lock, MS);
  ck_assert_int_eq(tick_count, 2);
  clock_advance_settled(world->lock, MS);
  clock_advance_settled(world->lock, 100 * MS);
  ck_assert_int_eq(tick_count, 3);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_a_waiter_asks_after_a_whole_interval_and_not_before,
      test_the_first_waiter_is_woken_early_once_a_request_and_has_lost_no_race_then,
      test_the_interval_is_the_one_that_was_given,
      test_a_holder_that_does_not_listen_is_kicked_again_every_interval_but_asked_once,
      test_a_waiters_clock_starts_again_after_any_switch,
      test_a_waiters_clock_starts_again_when_it_loses_a_race,
      test_the_clock_of_one_who_was_held_back_starts_when_another_takes_the_lock,
      test_a_voluntary_release_satisfies_the_request,
      test_two_hundred_waiters_need_one_timed_wait,
      test_cpython2_releases_at_every_tick_though_nobody_waits,
      test_cpython2_wakes_a_waiter_that_then_finds_the_lock_taken_again,
      test_cpython2_asks_nobody_ever,
      test_cooperative_asks_nobody_ever,
      test_only_policies_of_ticks_count_instructions,
      test_fifo_measures_the_holders_turn_and_not_the_waiters_patience,
      test_fifo_asks_at_once_when_the_turn_is_already_longer_than_the_interval,
      test_cooperative_yield_always_means_another_threads_turn,
      test_a_new_policy_carries_the_waiters_over_with_fresh_patience,
      test_a_new_policy_forgets_the_timers_of_the_old,
      test_a_new_policy_forgets_the_tick_of_the_old,
      test_fifo_put_in_force_gives_the_present_holder_a_whole_turn,
      test_a_thread_that_is_held_back_survives_a_change_of_policy,
      test_the_policy_in_force_can_be_read_back,
      test_patience_ends_in_the_order_of_time_and_not_of_arrival,
      test_the_policy_names_the_successor,
      test_the_policy_may_refuse_a_checkpoint,
      test_the_policys_tick_comes_when_it_said_and_not_from_the_policy_before,
      NULL,
  };
  return run_tests("policies", tests);
}
