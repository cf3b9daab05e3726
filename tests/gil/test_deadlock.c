/* tests/gil/test_deadlock.c - the wait-for graph: what is a deadlock, what is none, and whom the edges lead to. Room:
 * tests/gil. Actors wait for things; one that stays awake holds the lock, and asks on behalf of the others. */
#include "harness.h"

enum { MANY = 40 };

static struct world *world;
static struct actor *awake, *actors[MANY];
static struct gil_waitable things[MANY]; /* guarded by the lock under test: changed while `awake` has it */

/* `awake` holds the lock; `count` others have entered and are in blocking sections that end by themselves. */
static void given_actors(int count) {
  clock_install();
  world = world_new("fifo");
  for (int i = 0; i < count; i++) {
    actors[i] = actor_new(world, "actor");
    actor_enter(actors[i]);
    actor_do(actors[i], ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
    things[i] = (struct gil_waitable){.owner = actors[i]->thread};
  }
  awake = actor_new(world, "awake");
  actor_enter(awake);
}

static void let_awake_go(void) { actor_do(awake, ACT_BLOCK_BEGIN, GIL_CAUSE_IO); }
static void take_back(void) { actor_do(awake, ACT_BLOCK_END, GIL_CAUSE_IO); }

/* The actor waits for the thing from now on; `awake` has the lock again. */
static void given_waits(int who, const struct gil_waitable *on, int64_t deadline_ns) {
  let_awake_go();
  actor_do(actors[who], ACT_BLOCK_END, GIL_CAUSE_IO);
  actors[who]->on = on;
  actor_start(actors[who], ACT_WAIT, GIL_CAUSE_LOCK, deadline_ns);
  while (!parker_sleeps(&actors[who]->thread->wait_parker)) sched_yield();
  take_back();
}

/* What the actor would run into, if it began to wait. */
static gil_deadlock ask(struct actor *who, const struct gil_waitable *on) GIL_TRUSTED {
  const struct gil_reason reason = {.cause = GIL_CAUSE_LOCK, .deadline_ns = GIL_NEVER, .on = on};
  return gil_find_deadlock(who->thread, &reason);
}

static void tell(struct actor *who, const struct gil_waitable *on, gil_deadlock found) GIL_TRUSTED {
  const struct gil_reason reason = {.cause = GIL_CAUSE_LOCK, .deadline_ns = GIL_NEVER, .on = on};
  gil_deadlock_told(who->thread, &reason, found);
}

static const struct gil_reason *edge_of(struct actor *who) GIL_TRUSTED { return gil_blocked_for(who->thread); }
static void give_answer(struct actor *who) GIL_TRUSTED { gil_wait_is_over(who->thread); }

static size_t count_blocked(void) GIL_TRUSTED {
  gil_thread *one;
  return gil_blocked_threads(world->lock, awake->thread, &one, 1);
}

/* Ends all waits and the world. */
static void end_all(int count) {
  let_awake_go();
  for (int i = 0; i < count; i++) {
    if (actors[i]->on) {
      gil_wake(actors[i]->thread);
      actor_finish(actors[i]);
    } else {
      actor_do(actors[i], ACT_BLOCK_END, GIL_CAUSE_IO);
    }
    actor_end(actors[i]);
  }
  take_back();
  actor_end(awake);
  world_free(world);
}

START_TEST(test_a_wait_for_somebody_who_runs_is_no_deadlock) {
  given_actors(2);
  given_waits(0, &things[1], GIL_NEVER); /* who is in the system */
  ck_assert_int_eq(ask(awake, &things[0]), GIL_DEADLOCK_NONE);
  end_all(2);
}
END_TEST

START_TEST(test_a_wait_for_oneself_is_a_cycle) {
  given_actors(1);
  ck_assert_int_eq(ask(actors[0], &things[0]), GIL_DEADLOCK_CYCLE);
  end_all(1);
}
END_TEST

START_TEST(test_a_cycle_of_any_length_is_found_by_the_one_who_closes_it) {
  given_actors(MANY);
  for (int i = 0; i < MANY - 1; i++) {
    ck_assert_int_eq(ask(actors[MANY - 1], &things[0]), GIL_DEADLOCK_NONE);
    given_waits(i, &things[i + 1], GIL_NEVER);
  }
  ck_assert_int_eq(ask(actors[MANY - 1], &things[0]), GIL_DEADLOCK_CYCLE);
  ck_assert_int_eq(ask(awake, &things[0]), GIL_DEADLOCK_NONE);
  end_all(MANY);
}
END_TEST

START_TEST(test_a_wait_with_a_deadline_has_no_edge) {
  given_actors(2);
  given_waits(0, &things[1], clock_now() + 1000 * MS);
  ck_assert_int_eq(ask(actors[1], &things[0]), GIL_DEADLOCK_NONE);
  ck_assert_ptr_null(edge_of(actors[0]));
  end_all(2);
}
END_TEST

START_TEST(test_the_edge_follows_the_thing_to_its_new_owner) {
  given_actors(3);
  static struct gil_waitable handed;
  handed = (struct gil_waitable){.owner = actors[2]->thread};
  given_waits(0, &handed, GIL_NEVER);
  ck_assert_int_eq(ask(actors[1], &things[0]), GIL_DEADLOCK_NONE);
  ck_assert_int_eq(ask(actors[2], &things[0]), GIL_DEADLOCK_CYCLE);
  handed.owner = actors[1]->thread;
  ck_assert_int_eq(ask(actors[1], &things[0]), GIL_DEADLOCK_CYCLE);
  ck_assert_int_eq(ask(actors[2], &things[0]), GIL_DEADLOCK_NONE);
  end_all(3);
}
END_TEST

/* Handed the thing, and not yet running: its edge would lead to itself. */
START_TEST(test_a_thread_that_has_been_woken_has_no_edge) {
  given_actors(2);
  given_waits(0, &things[1], GIL_NEVER);
  ck_assert_int_eq(ask(actors[1], &things[0]), GIL_DEADLOCK_CYCLE);
  things[1].owner = actors[0]->thread;
  gil_wake(actors[0]->thread);
  ck_assert_int_eq(ask(actors[1], &things[1]), GIL_DEADLOCK_NONE);
  end_all(2);
}
END_TEST

START_TEST(test_a_thread_whose_wait_is_over_has_no_edge_before_it_is_woken) {
  given_actors(2);
  given_waits(0, &things[1], GIL_NEVER);
  give_answer(actors[0]);
  ck_assert_int_eq(ask(actors[1], &things[0]), GIL_DEADLOCK_NONE);
  end_all(2);
}
END_TEST

START_TEST(test_what_a_thread_has_taken_away_with_it_is_lost) {
  given_actors(2);
  things[0] = (struct gil_waitable){.is_lost = true};
  ck_assert_int_eq(ask(awake, &things[0]), GIL_DEADLOCK_LOST);
  given_waits(1, &things[0], GIL_NEVER); /* although it was told */
  ck_assert_int_eq(ask(awake, &things[1]), GIL_DEADLOCK_LOST);
  end_all(2);
}
END_TEST

/* An empty queue: anybody might put something in. */
START_TEST(test_the_last_one_who_could_wake_anybody_is_stuck) {
  given_actors(3);
  static struct gil_waitable queue;
  ck_assert_int_eq(ask(awake, &queue), GIL_DEADLOCK_NONE);
  given_waits(0, &queue, GIL_NEVER);
  given_waits(1, &things[0], GIL_NEVER);
  ck_assert_int_eq(ask(awake, &queue), GIL_DEADLOCK_NONE); /* actor 2 is in the system */
  given_waits(2, &queue, clock_now() + 1000 * MS);
  ck_assert_int_eq(ask(awake, &queue), GIL_DEADLOCK_NONE); /* or waits with a deadline */
  clock_advance(1000 * MS);
  let_awake_go();
  actor_finish(actors[2]);
  actor_do(actors[2], ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  take_back();
  given_waits(2, &queue, GIL_NEVER);
  ck_assert_int_eq(ask(awake, &queue), GIL_DEADLOCK_STUCK);
  ck_assert_int_eq(ask(awake, &things[1]), GIL_DEADLOCK_STUCK); /* at the end of a path as well */
  ck_assert_uint_eq(count_blocked(), 3);
  gil_wake(actors[0]->thread);
  ck_assert_int_eq(ask(awake, &queue), GIL_DEADLOCK_NONE);
  end_all(3);
}
END_TEST

START_TEST(test_a_thread_that_has_not_entered_yet_may_still_wake_somebody) {
  given_actors(0);
  static const struct gil_waitable queue;
  struct actor *newborn = actor_new(world, "newborn");
  ck_assert_int_eq(ask(awake, &queue), GIL_DEADLOCK_NONE);
  gil_detach_unentered(newborn->thread);
  actor_quit(newborn);
  ck_assert_int_eq(ask(awake, &queue), GIL_DEADLOCK_STUCK);
  end_all(0);
}
END_TEST

START_TEST(test_a_deadlock_is_told_once) {
  given_actors(3);
  given_waits(0, &things[1], GIL_NEVER);
  ck_assert_int_eq(ask(actors[1], &things[0]), GIL_DEADLOCK_CYCLE);
  tell(actors[1], &things[0], GIL_DEADLOCK_CYCLE);
  ck_assert_int_eq(ask(actors[1], &things[0]), GIL_DEADLOCK_NONE);
  given_waits(1, &things[0], GIL_NEVER);
  ck_assert_int_eq(ask(actors[2], &things[0]), GIL_DEADLOCK_NONE); /* it runs into a cycle that everybody knows */
  ck_assert_int_eq(ask(actors[2], &things[2]), GIL_DEADLOCK_CYCLE);
  give_answer(actors[1]);
  ck_assert_int_eq(ask(actors[1], &things[0]), GIL_DEADLOCK_NONE); /* what actor 0 waits for has been told */
  end_all(3);
}
END_TEST

START_TEST(test_a_cycle_of_others_that_nobody_told_ends_the_walk_as_well) {
  given_actors(4);
  given_waits(0, &things[1], GIL_NEVER);
  given_waits(1, &things[2], GIL_NEVER);
  given_waits(2, &things[0], GIL_NEVER);
  ck_assert_int_eq(ask(actors[3], &things[0]), GIL_DEADLOCK_CYCLE);
  end_all(4);
}
END_TEST

START_TEST(test_after_the_seal_everything_that_others_have_is_lost) {
  given_actors(1);
  static const struct gil_waitable queue;
  actor_do(awake, ACT_SEAL, 0);
  ck_assert_int_eq(ask(awake, &things[0]), GIL_DEADLOCK_LOST);
  ck_assert_int_eq(ask(awake, &queue), GIL_DEADLOCK_STUCK);
  actor_end(awake);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_a_wait_for_somebody_who_runs_is_no_deadlock,
      test_a_wait_for_oneself_is_a_cycle,
      test_a_cycle_of_any_length_is_found_by_the_one_who_closes_it,
      test_a_wait_with_a_deadline_has_no_edge,
      test_the_edge_follows_the_thing_to_its_new_owner,
      test_a_thread_that_has_been_woken_has_no_edge,
      test_a_thread_whose_wait_is_over_has_no_edge_before_it_is_woken,
      test_what_a_thread_has_taken_away_with_it_is_lost,
      test_the_last_one_who_could_wake_anybody_is_stuck,
      test_a_thread_that_has_not_entered_yet_may_still_wake_somebody,
      test_a_deadlock_is_told_once,
      test_a_cycle_of_others_that_nobody_told_ends_the_walk_as_well,
      test_after_the_seal_everything_that_others_have_is_lost,
      NULL,
  };
  return run_tests("deadlock", tests);
}
