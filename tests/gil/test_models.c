/* tests/gil/test_models.c - what makes each model of a real language's lock, or of a real mutex, itself: whom it asks
 * and when, who is next, and its quirks. Room: tests/gil. The textbooks' schedulers are in test_schedulers.c. */
#include "harness.h"

static struct world *world;
static struct actor *a, *b, *c;

static void given_a_holds(const char *policy) {
  clock_install();
  world = world_new(policy);
  a = actor_new(world, "A");
  b = actor_new(world, "B");
  actor_enter(a);
}

static void given_a_holds_and_b_waits(const char *policy) {
  given_a_holds(policy);
  actor_queue(b, ACT_ENTER, 0);
}

static void given_c_waits_too(void) {
  c = actor_new(world, "C");
  actor_queue(c, ACT_ENTER, 0);
}

static unsigned asks(void) { return count_events(world, GIL_EVENT_ASK, 0); }

/* By the millisecond: a lock's own clock that beats by itself must not miss a beat. */
static void advance(int64_t ns) {
  for (; ns > MS; ns -= MS) clock_advance_settled(world->lock, MS);
  clock_advance_settled(world->lock, ns);
}

/* Exactly `after` from now the holder is asked, and not before. */
static void assert_asked_after(int64_t after) {
  unsigned before = asks();
  advance(after - 1);
  ck_assert_uint_eq(asks(), before);
  clock_advance_settled(world->lock, 1);
  ck_assert_uint_eq(asks(), before + 1);
}

static void assert_not_asked_for(int64_t ns) {
  unsigned before = asks();
  advance(ns);
  ck_assert_uint_eq(asks(), before);
}

/* The holder has been asked, and gives way to `next`. */
static void gives_way(struct actor *holder, struct actor *next) {
  actor_queue(holder, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  actor_finish(next);
  ck_assert_ptr_eq(holder_of(world->lock), next->thread);
}

/* The holder yields while its successor, woken or not, cannot run: does it keep the lock? */
static bool wins_its_own_lock_back(struct actor *holder, struct actor *successor) {
  parker_freeze(&successor->thread->lock_parker);
  actor_start(holder, ACT_CHECKPOINT, GIL_CAUSE_YIELD, GIL_NEVER);
  while (!actor_is_done(holder) && !is_waiting(holder->thread)) sched_yield();
  bool wins = actor_is_done(holder);
  if (!wins) until_waiting(holder->thread);
  parker_thaw(&successor->thread->lock_parker);
  if (wins)
    until_waiting(successor->thread);
  else
    actor_finish(successor);
  return wins;
}

static struct actor *actor_that_holds(void) {
  gil_thread *holder;
  while (!(holder = holder_of(world->lock))) {
    clock_advance(MS); /* some locks are only found free when somebody looks */
    sched_yield();
  }
  struct actor *actor = gil_thread_user(holder);
  actor_finish(actor);
  return actor;
}

/* All `count` threads, which hold the lock or want it, leave. */
static void end_all(int count) {
  while (count-- > 0) actor_end(actor_that_holds());
  const char *what = check_events(world, false);
  ck_assert_msg(!what, "%s", what);
  world_free(world);
}

static void set_policy(const char *text) {
  struct gil_policy_choice choice;
  char message[256];
  ck_assert_int_eq(gil_policy_parse(text, &choice, message, sizeof message), GIL_OK);
  gil_set_policy(world->lock, &choice);
}

/* ---------------------------------------------------------------- beazley -------------------------------------- */

/* A computes and is known for it: it was asked, gave way to B, and has the lock again. B is away. */
static void given_a_is_a_cpu_thread_and_b_blocks(void) {
  given_a_holds_and_b_waits("beazley");
  assert_asked_after(5 * MS); /* both are I/O threads so far */
  gives_way(a, b);
  actor_do(b, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  actor_finish(a);
}

START_TEST(test_beazley_lets_an_io_thread_ask_a_cpu_thread_at_once) {
  given_a_is_a_cpu_thread_and_b_blocks();
  actor_queue(b, ACT_BLOCK_END, 0);
  ck_assert_uint_eq(asks(), 2);
  ck_assert_uint_eq(last_event(world, GIL_EVENT_ASK).other, gil_thread_id(b->thread));
  gives_way(a, b);
  end_all(2);
}
END_TEST

START_TEST(test_beazley_lets_a_cpu_thread_wait_a_whole_interval_for_an_io_thread) {
  given_a_is_a_cpu_thread_and_b_blocks();
  actor_queue(b, ACT_BLOCK_END, 0);
  gives_way(a, b);
  assert_asked_after(5 * MS); /* and B, which computes, becomes a CPU thread */
  gives_way(b, a);
  assert_asked_after(5 * MS);
  end_all(2);
}
END_TEST

START_TEST(test_beazley_wakes_an_io_thread_before_a_cpu_thread_that_waits_longer) {
  given_a_holds_and_b_waits("beazley");
  assert_asked_after(5 * MS);
  gives_way(a, b);     /* A, a CPU thread now, waits first */
  given_c_waits_too(); /* and C, a new one, after it */
  actor_do(b, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  actor_finish(c);
  ck_assert_ptr_eq(holder_of(world->lock), c->thread);
  actor_queue(b, ACT_BLOCK_END, 0);
  end_all(3);
}
END_TEST

START_TEST(test_beazley_makes_one_who_was_asked_wait_for_its_successor) {
  given_a_holds_and_b_waits("beazley");
  assert_asked_after(5 * MS);
  parker_freeze(&b->thread->lock_parker);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  ck_assert_ptr_null(holder_of(world->lock)); /* free, and A may not have it */
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  end_all(2);
}
END_TEST

/* ---------------------------------------------------------------- bfs ------------------------------------------ */

START_TEST(test_bfs_lets_a_sleeper_keep_its_deadline_and_the_rest_of_its_slice) {
  given_a_holds_and_b_waits("bfs"); /* deadlines: A 6 ms, B 6 ms */
  assert_asked_after(6 * MS);       /* A's is 12 ms now */
  gives_way(a, b);
  assert_not_asked_for(1 * MS);
  actor_do(b, ACT_BLOCK_BEGIN, GIL_CAUSE_SLEEP); /* at 7 ms */
  actor_finish(a);
  assert_not_asked_for(2 * MS);
  actor_queue(b, ACT_BLOCK_END, 0);
  ck_assert_uint_eq(asks(), 2); /* 6 ms is before 12 ms */
  gives_way(a, b);
  assert_asked_after(5 * MS);
  end_all(2);
}
END_TEST

START_TEST(test_bfs_gives_earlier_deadlines_to_higher_priorities) {
  given_a_holds("bfs");
  gil_thread_set_priority(b->thread, 5);
  actor_queue(b, ACT_ENTER, 0);
  ck_assert_uint_eq(asks(), 1);
  gives_way(a, b);
  /* B's slices last as long as A's, but their deadlines, 3.7 ms, do not pass A's so soon. */
  assert_asked_after(6 * MS);
  end_all(2);
}
END_TEST

/* ---------------------------------------------------------------- ruby ----------------------------------------- */

START_TEST(test_ruby_asks_when_ten_ticks_have_been_charged) {
  given_a_holds_and_b_waits("ruby");
  assert_asked_after(100 * MS);
  end_all(2);
}
END_TEST

START_TEST(test_ruby_charges_a_whole_tick_to_whoever_runs) {
  given_a_holds_and_b_waits("ruby");
  assert_not_asked_for(95 * MS);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  actor_finish(b);
  actor_queue(a, ACT_BLOCK_END, 0);
  assert_asked_after(95 * MS); /* after 100, 110, ... and 190 ms */
  ck_assert_uint_eq(last_event(world, GIL_EVENT_ASK).thread, gil_thread_id(b->thread));
  end_all(2);
}
END_TEST

START_TEST(test_ruby_never_charges_a_thread_that_blocks_before_the_tick) {
  given_a_holds_and_b_waits("ruby");
  clock_advance_settled(world->lock, 8 * MS);
  for (int i = 0; i < 30; i++) { /* A runs for 4 ms around each tick, B for 6 ms between them */
    struct actor *holder = actor_that_holds(), *other = holder == a ? b : a;
    actor_do(holder, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
    actor_finish(other);
    actor_queue(holder, ACT_BLOCK_END, 0);
    advance(other == a ? 4 * MS : 6 * MS);
  }
  ck_assert_uint_eq(asks(), 0);
  end_all(2);
}
END_TEST

static void assert_ruby_quantum(int priority, int64_t quantum) {
  given_a_holds("ruby");
  gil_thread_set_priority(a->thread, priority);
  actor_queue(b, ACT_ENTER, 0);
  assert_asked_after(quantum);
  end_all(2);
}

START_TEST(test_ruby_doubles_the_quantum_for_each_step_of_priority) {
  assert_ruby_quantum(1, 200 * MS);
  assert_ruby_quantum(3, 800 * MS);
  assert_ruby_quantum(20, 800 * MS);
  assert_ruby_quantum(-1, 50 * MS);
  assert_ruby_quantum(-3, 20 * MS); /* 12.5 ms, in ticks of 10 */
  assert_ruby_quantum(-20, 20 * MS);
}
END_TEST

START_TEST(test_ruby_hands_the_lock_down_the_queue) {
  given_a_holds_and_b_waits("ruby");
  given_c_waits_too();
  ck_assert(!wins_its_own_lock_back(a, b));
  ck_assert(!wins_its_own_lock_back(b, c));
  ck_assert(!wins_its_own_lock_back(c, a));
  end_all(3);
}
END_TEST

START_TEST(test_ruby_has_no_timer_while_nobody_queues) {
  given_a_holds("ruby");
  clock_settle(world->lock);
  ck_assert_int_eq(clock_sleepers_with_deadline(), 0);
  actor_queue(b, ACT_ENTER, 0);
  clock_settle(world->lock);
  ck_assert_int_eq(clock_sleepers_with_deadline(), 1);
  actor_end(a);
  actor_finish(b);
  clock_advance_settled(world->lock, 10 * MS);
  ck_assert_int_eq(clock_sleepers_with_deadline(), 0);
  end_all(1);
}
END_TEST

/* ---------------------------------------------------------------- ocaml4, ocaml -------------------------------- */

/* One that was asked has released the lock and sleeps its nanosecond. The timekeeper has a deadline as well. */
static void start_to_yield_and_sleep(struct actor *actor) {
  actor_start(actor, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL, GIL_NEVER);
  while (clock_sleepers_with_deadline() < 2) sched_yield();
}

START_TEST(test_ocaml4_releases_the_lock_though_nobody_waits) {
  given_a_holds("ocaml4");
  for (unsigned i = 1; i <= 3; i++) {
    assert_asked_after(50 * MS - (i > 1));
    ck_assert_uint_eq(last_event(world, GIL_EVENT_ASK).other, 0);
    start_to_yield_and_sleep(a);
    ck_assert_ptr_null(holder_of(world->lock));
    ck_assert(!actor_is_done(a));
    clock_advance(1);
    ck_assert_int_eq(actor_finish(a), false);
    ck_assert_uint_eq(count_events(world, GIL_EVENT_LET_GO, 0), i);
  }
  actor_queue(b, ACT_ENTER, 0);
  end_all(2);
}
END_TEST

START_TEST(test_ocaml4_gives_a_waiter_its_chance_while_the_releaser_sleeps) {
  given_a_holds_and_b_waits("ocaml4");
  assert_asked_after(50 * MS);
  start_to_yield_and_sleep(a);
  actor_finish(b);
  clock_advance(1);
  until_waiting(a->thread);
  end_all(2);
}
END_TEST

START_TEST(test_ocaml4_lets_the_releaser_win_against_a_slow_waiter) {
  given_a_holds_and_b_waits("ocaml4");
  assert_asked_after(50 * MS);
  parker_freeze(&b->thread->lock_parker);
  start_to_yield_and_sleep(a);
  clock_advance(1);
  ck_assert_int_eq(actor_finish(a), false);
  parker_thaw(&b->thread->lock_parker);
  until_waiting(b->thread);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  end_all(2);
}
END_TEST

START_TEST(test_ocaml_asks_only_if_somebody_waits) {
  given_a_holds("ocaml");
  assert_not_asked_for(75 * MS);
  actor_queue(b, ACT_ENTER, 0);
  assert_asked_after(25 * MS); /* the drum beats on its own: at 50, 100, ... ms */
  end_all(2);
}
END_TEST

START_TEST(test_ocaml_asks_also_one_who_has_the_lock_since_a_moment_ago) {
  given_a_holds_and_b_waits("ocaml");
  assert_not_asked_for(49 * MS);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  actor_finish(b);
  actor_queue(a, ACT_BLOCK_END, 0);
  assert_asked_after(1 * MS);
  ck_assert_uint_eq(last_event(world, GIL_EVENT_ASK).thread, gil_thread_id(b->thread));
  end_all(2);
}
END_TEST

START_TEST(test_ocaml_makes_one_who_yields_wait_until_another_has_had_the_lock) {
  given_a_holds_and_b_waits("ocaml");
  assert_asked_after(50 * MS);
  parker_freeze(&b->thread->lock_parker);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  ck_assert_ptr_null(holder_of(world->lock));
  c = actor_new(world, "C");
  actor_enter(c); /* to whom, is left to the race */
  parker_thaw(&b->thread->lock_parker);
  end_all(3);
}
END_TEST

START_TEST(test_ocaml_lets_one_who_blocks_go_its_way_even_if_it_was_asked) {
  given_a_holds_and_b_waits("ocaml");
  assert_asked_after(50 * MS);
  parker_freeze(&b->thread->lock_parker);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO); /* under cpython this would wait for B */
  actor_do(a, ACT_BLOCK_END, 0);
  parker_thaw(&b->thread->lock_parker);
  until_waiting(b->thread);
  end_all(2);
}
END_TEST

/* ---------------------------------------------------------------- pypy ----------------------------------------- */

START_TEST(test_pypy_wakes_nobody_and_one_waiter_looks_every_poll) {
  given_a_holds_and_b_waits("pypy");
  clock_advance_settled(world->lock, 50 * US);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  clock_advance_settled(world->lock, 50 * US - 1);
  ck_assert_ptr_null(holder_of(world->lock));
  ck_assert(parker_sleeps(&b->thread->lock_parker));
  clock_advance_settled(world->lock, 1);
  actor_finish(b);
  actor_queue(a, ACT_BLOCK_END, 0);
  end_all(2);
}
END_TEST

START_TEST(test_pypy_lets_bursts_of_short_calls_keep_the_lock) {
  given_a_holds_and_b_waits("pypy");
  for (int i = 0; i < 100; i++) {
    actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_NATIVE);
    actor_do(a, ACT_BLOCK_END, 0);
    clock_advance_settled(world->lock, 100 * US);
  }
  ck_assert_uint_eq(count_events(world, GIL_EVENT_TAKE, gil_thread_id(b->thread)), 0);
  ck_assert_uint_eq(asks(), 0);
  end_all(2);
}
END_TEST

START_TEST(test_pypy_lets_the_next_begin_to_look_when_the_one_before_it_is_in) {
  given_a_holds_and_b_waits("pypy");
  given_c_waits_too();
  clock_advance_settled(world->lock, 30 * US);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  clock_advance_settled(world->lock, 70 * US);
  actor_finish(b);
  actor_do(b, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  clock_advance_settled(world->lock, 100 * US - 1);
  ck_assert_ptr_null(holder_of(world->lock));
  clock_advance_settled(world->lock, 1);
  actor_finish(c);
  actor_queue(a, ACT_BLOCK_END, 0);
  actor_queue(b, ACT_BLOCK_END, 0);
  end_all(3);
}
END_TEST

START_TEST(test_pypy_hands_the_lock_to_the_first_waiter_every_so_many_instructions) {
  given_a_holds("pypy");
  ck_assert_int_eq(gil_tick_instructions(world->lock), 10000);
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_TICKS), false);
  ck_assert_uint_eq(count_events(world, GIL_EVENT_LET_GO, 0), 0); /* nobody waits */
  actor_queue(b, ACT_ENTER, 0);
  given_c_waits_too();
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_TICKS);
  actor_finish(b);
  actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_TICKS);
  actor_finish(c);
  end_all(3);
}
END_TEST

/* ---------------------------------------------------------------- micropython ---------------------------------- */

START_TEST(test_micropython_counts_jumps_as_instructions_and_unlocks_though_nobody_waits) {
  given_a_holds("micropython");
  ck_assert_int_eq(gil_tick_instructions(world->lock), 32 * 8);
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_TICKS), false);
  ck_assert_uint_eq(count_events(world, GIL_EVENT_LET_GO, 0), 1);
  actor_queue(b, ACT_ENTER, 0);
  parker_freeze(&b->thread->lock_parker);
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_TICKS), false);
  parker_thaw(&b->thread->lock_parker);
  until_waiting(b->thread);
  ck_assert_uint_eq(count_events(world, GIL_EVENT_LOST_RACE, 0), 1);
  assert_not_asked_for(1000 * MS);
  set_policy("micropython:jumps=10,length=3");
  ck_assert_int_eq(gil_tick_instructions(world->lock), 30);
  end_all(2);
}
END_TEST

/* ---------------------------------------------------------------- eventual, bounded ---------------------------- */

START_TEST(test_eventual_is_fair_at_the_first_release_after_the_fair_time) {
  given_a_holds_and_b_waits("eventual:fair=1000s");
  struct actor *holder = a, *waiter = b;
  for (int i = 0; i < 10; i++) {
    ck_assert(wins_its_own_lock_back(holder, waiter));
    clock_advance_settled(world->lock, 1000 * 1000 * MS);
    ck_assert(!wins_its_own_lock_back(holder, waiter));
    holder = actor_that_holds();
    waiter = holder == a ? b : a;
  }
  end_all(2);
}
END_TEST

START_TEST(test_eventual_asks_after_an_interval) {
  given_a_holds_and_b_waits("eventual");
  assert_asked_after(5 * MS);
  gives_way(a, b); /* more than 1 ms has passed: fair */
  end_all(2);
}
END_TEST

START_TEST(test_bounded_hands_over_as_soon_as_a_waiter_is_as_old_as_the_bound) {
  given_a_holds_and_b_waits("bounded");
  ck_assert(wins_its_own_lock_back(a, b));
  clock_advance_settled(world->lock, 1 * MS - 1);
  ck_assert(wins_its_own_lock_back(a, b)); /* a race that was lost does not make B younger */
  clock_advance_settled(world->lock, 1);
  ck_assert(!wins_its_own_lock_back(a, b));
  end_all(2);
}
END_TEST

START_TEST(test_bounded_hands_over_until_a_winner_has_waited_for_less) {
  given_a_holds_and_b_waits("bounded");
  clock_advance_settled(world->lock, 900 * US);
  given_c_waits_too();
  clock_advance_settled(world->lock, 100 * US);
  ck_assert(!wins_its_own_lock_back(a, b)); /* B is old, and not the last: the lock starves */
  ck_assert(!wins_its_own_lock_back(b, c)); /* C is young, but has the lock handed to it, and ends that */
  ck_assert(wins_its_own_lock_back(c, a));
  end_all(3);
}
END_TEST

START_TEST(test_bounded_competes_again_when_the_winner_was_the_last) {
  given_a_holds_and_b_waits("bounded");
  clock_advance_settled(world->lock, 1 * MS);
  ck_assert(!wins_its_own_lock_back(a, b)); /* B leaves an empty queue behind, in which A stands now */
  ck_assert(wins_its_own_lock_back(b, a));
  end_all(2);
}
END_TEST

/* ---------------------------------------------------------------- all of them ---------------------------------- */

START_TEST(test_a_new_policy_wakes_a_waiter_of_a_lock_that_the_old_one_left_free) {
  given_a_holds_and_b_waits("pypy:poll=1s");
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  ck_assert(parker_sleeps(&b->thread->lock_parker));
  set_policy("fifo");
  actor_finish(b);
  actor_queue(a, ACT_BLOCK_END, 0);
  end_all(2);
}
END_TEST

/* Threads come, go and change places under each, and are carried over to the next. */
START_TEST(test_waiters_are_carried_over_from_each_policy_to_each) {
  clock_install();
  for (size_t from = 0; gil_policy_at(from); from++) {
    world = world_new(gil_policy_at(from)->name);
    a = actor_new(world, "A");
    b = actor_new(world, "B");
    actor_enter(a);
    actor_queue(b, ACT_ENTER, 0);
    given_c_waits_too();
    for (size_t to = 0; gil_policy_at(to); to++) {
      set_policy(gil_policy_at(to)->name);
      struct actor *holder = actor_that_holds();
      actor_do(holder, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
      struct actor *next = actor_that_holds();
      ck_assert_ptr_ne(next, holder);
      actor_queue(holder, ACT_BLOCK_END, 0);
    }
    end_all(3);
  }
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_beazley_lets_an_io_thread_ask_a_cpu_thread_at_once,
      test_beazley_lets_a_cpu_thread_wait_a_whole_interval_for_an_io_thread,
      test_beazley_wakes_an_io_thread_before_a_cpu_thread_that_waits_longer,
      test_beazley_makes_one_who_was_asked_wait_for_its_successor,
      test_bfs_lets_a_sleeper_keep_its_deadline_and_the_rest_of_its_slice,
      test_bfs_gives_earlier_deadlines_to_higher_priorities,
      test_ruby_asks_when_ten_ticks_have_been_charged,
      test_ruby_charges_a_whole_tick_to_whoever_runs,
      test_ruby_never_charges_a_thread_that_blocks_before_the_tick,
      test_ruby_doubles_the_quantum_for_each_step_of_priority,
      test_ruby_hands_the_lock_down_the_queue,
      test_ruby_has_no_timer_while_nobody_queues,
      test_ocaml4_releases_the_lock_though_nobody_waits,
      test_ocaml4_gives_a_waiter_its_chance_while_the_releaser_sleeps,
      test_ocaml4_lets_the_releaser_win_against_a_slow_waiter,
      test_ocaml_asks_only_if_somebody_waits,
      test_ocaml_asks_also_one_who_has_the_lock_since_a_moment_ago,
      test_ocaml_makes_one_who_yields_wait_until_another_has_had_the_lock,
      test_ocaml_lets_one_who_blocks_go_its_way_even_if_it_was_asked,
      test_pypy_wakes_nobody_and_one_waiter_looks_every_poll,
      test_pypy_lets_bursts_of_short_calls_keep_the_lock,
      test_pypy_lets_the_next_begin_to_look_when_the_one_before_it_is_in,
      test_pypy_hands_the_lock_to_the_first_waiter_every_so_many_instructions,
      test_micropython_counts_jumps_as_instructions_and_unlocks_though_nobody_waits,
      test_eventual_is_fair_at_the_first_release_after_the_fair_time,
      test_eventual_asks_after_an_interval,
      test_bounded_hands_over_as_soon_as_a_waiter_is_as_old_as_the_bound,
      test_bounded_hands_over_until_a_winner_has_waited_for_less,
      test_bounded_competes_again_when_the_winner_was_the_last,
      test_a_new_policy_wakes_a_waiter_of_a_lock_that_the_old_one_left_free,
      test_waiters_are_carried_over_from_each_policy_to_each,
      NULL,
  };
  return run_tests("models", tests);
}
