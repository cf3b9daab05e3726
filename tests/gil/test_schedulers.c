/* tests/gil/test_schedulers.c - policies out of the textbooks: shares of the lock, levels, chance; and the heap under
 * them. Threads that compute are played step by step on the virtual clock: it goes on by a step, and if the holder is
 * asked it goes to its checkpoint. Room: tests/gil. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#define THREADS_MAX 8
#define STEPS_MAX 4000

static struct world *world;
static struct actor *actors[THREADS_MAX];
static int actor_count;
static int64_t held_ns[THREADS_MAX];
static int took_steps;
static uint8_t history[STEPS_MAX]; /* who held the lock during each step */

static unsigned asks(void) { return count_events(world, GIL_EVENT_ASK, 0); }

static struct actor *holder(void) {
  gil_thread *thread = holder_of(world->lock);
  ck_assert_ptr_nonnull(thread);
  return gil_thread_user(thread);
}

static int index_of(const struct actor *actor) {
  int i = 0;
  while (actors[i] != actor) i++;
  return i;
}

static void given(const char *policy, int count) {
  clock_install();
  world = world_new_recording(policy, 100000);
  memset(held_ns, 0, sizeof held_ns);
  actor_count = count;
  took_steps = 0;
  for (int i = 0; i < count; i++) actors[i] = actor_new(world, "spinner");
}

/* The first holds the lock, and all others compute as well. */
static void all_enter(void) {
  actor_enter(actors[0]);
  for (int i = 1; i < actor_count; i++) actor_queue(actors[i], ACT_ENTER, 0);
}

static void give_way(void) {
  struct actor *before = holder();
  actor_queue(before, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  ck_assert_ptr_ne(holder(), before);
  actor_finish(holder());
}

/* The clock goes on by a step; the holder lets go if it was asked. */
static void step(int64_t ns) {
  int i = index_of(holder());
  clock_advance_settled(world->lock, ns);
  held_ns[i] += ns;
  if (took_steps < STEPS_MAX) history[took_steps++] = (uint8_t)i;
  if (gil_is_asked(world->lock)) give_way();
}

static void run(int steps, int64_t ns) {
  while (steps-- > 0) step(ns);
}

static void end_all(void) {
  for (int i = 0; i < actor_count; i++) {
    struct actor *last = holder();
    actor_finish(last);
    actor_end(last);
  }
  const char *what = check_events(world, false);
  ck_assert_msg(!what, "%s", what);
  world_free(world);
}

static void blocks(struct actor *actor) {
  actor_do(actor, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  actor_finish(holder());
}

/* ---------------------------------------------------------------- mlfq ----------------------------------------- */

START_TEST(test_mlfq_lets_a_thread_that_uses_up_its_time_sink_to_longer_turns) {
  given("mlfq", 2);
  all_enter();
  run(50, MS);
  /* 5 ms each on level 0, 10 ms each on level 1, 20 ms for the first on level 2 */
  static const struct {
    int from, to, who;
  } turns[] = {{0, 5, 0}, {5, 10, 1}, {10, 20, 0}, {20, 30, 1}, {30, 50, 0}};
  for (size_t turn = 0; turn < sizeof turns / sizeof turns[0]; turn++)
    for (int i = turns[turn].from; i < turns[turn].to; i++) ck_assert_int_eq(history[i], turns[turn].who);
  ck_assert_ptr_eq(holder(), actors[1]);
  run(40, MS); /* and on the last level they take turns */
  ck_assert_int_eq(history[69], 1);
  ck_assert_int_eq(history[70], 0);
  end_all();
}
END_TEST

START_TEST(test_mlfq_lets_a_thread_of_a_higher_level_in_at_once_and_one_of_a_lower_never) {
  given("mlfq", 3);
  actor_enter(actors[0]);
  actor_queue(actors[1], ACT_ENTER, 0);
  run(10, MS); /* both are on level 1, and the first holds */
  ck_assert_ptr_eq(holder(), actors[0]);
  unsigned before = asks();
  actor_queue(actors[2], ACT_ENTER, 0);
  ck_assert_uint_eq(asks(), before + 1);
  give_way();
  ck_assert_ptr_eq(holder(), actors[2]);
  run(4, MS);
  ck_assert_ptr_eq(holder(), actors[2]);
  run(1, MS); /* it sinks to the level of the others, who have waited longer */
  ck_assert_ptr_ne(holder(), actors[2]);
  end_all();
}
END_TEST

START_TEST(test_mlfq_is_not_fooled_by_one_who_blocks_before_its_time_is_up) {
  given("mlfq", 2);
  all_enter();
  run(4, MS);
  blocks(actors[0]);
  actor_queue(actors[0], ACT_BLOCK_END, 0);
  run(5, MS); /* the second's time on level 0 */
  ck_assert_ptr_eq(holder(), actors[0]);
  run(1, MS); /* the fifth millisecond of the first */
  ck_assert_int_eq(gil_heap_key(actors[0]->thread), 1);
  end_all();
}
END_TEST

START_TEST(test_mlfq_lifts_all_at_the_boost) {
  given("mlfq:boost=100ms", 3);
  all_enter();
  run(99, MS);
  for (int i = 0; i < 3; i++)
    if (actors[i] != holder()) ck_assert_int_eq(gil_heap_key(actors[i]->thread), 2);
  run(1, MS);
  for (int i = 0; i < 3; i++)
    if (actors[i] != holder()) ck_assert_int_eq(gil_heap_key(actors[i]->thread), 0);
  run(5, MS); /* a turn of level 0 */
  ck_assert_int_ne(history[99], index_of(holder()));
  end_all();
}
END_TEST

/* ---------------------------------------------------------------- lottery, stride ------------------------------ */

START_TEST(test_lottery_gives_shares_in_proportion_to_tickets) {
  given("lottery:seed=7", 3);
  for (int i = 0; i < 3; i++) gil_thread_set_tickets(actors[i]->thread, 100 * (i + 1));
  all_enter();
  run(1200, 5 * MS);
  double chi_square = 0;
  for (int i = 0; i < 3; i++) {
    double expected = 200.0 * (i + 1), had = (double)(held_ns[i] / (5 * MS));
    chi_square += (had - expected) * (had - expected) / expected;
  }
  ck_assert_double_lt(chi_square, 13.8); /* 2 degrees of freedom: one seed in a thousand would fail */
  end_all();
}
END_TEST

START_TEST(test_lottery_draws_without_a_memory) {
  given("lottery:seed=3", 2);
  all_enter();
  run(2000, 5 * MS);
  int same = 0;
  for (int i = 1; i < 2000; i++) same += history[i] == history[i - 1];
  ck_assert_int_gt(same, 1000 - 100); /* four and a half standard deviations */
  ck_assert_int_lt(same, 1000 + 100);
  end_all();
}
END_TEST

/* Whoever yields is out of the draw; those who lost the last one are in it with the same chances as before. */
START_TEST(test_lottery_draws_successors_by_their_tickets) {
  static const double chances[3][3] = {{0, 2 / 5.0, 3 / 5.0}, {1 / 4.0, 0, 3 / 4.0}, {1 / 3.0, 2 / 3.0, 0}};
  int turns[3] = {0}, next[3][3] = {{0}};
  given("lottery:seed=5", 3);
  for (int i = 0; i < 3; i++) gil_thread_set_tickets(actors[i]->thread, 100 * (i + 1));
  all_enter();
  for (int round = 0; round < 3000; round++) {
    int from = index_of(holder());
    actor_queue(actors[from], ACT_CHECKPOINT, GIL_CAUSE_YIELD);
    int to = index_of(holder());
    actor_finish(actors[to]);
    turns[from]++;
    next[from][to]++;
  }
  for (int from = 0; from < 3; from++)
    for (int to = 0; to < 3; to++)
      ck_assert_double_eq_tol((double)next[from][to] / turns[from], chances[from][to], 0.07);
  end_all();
}
END_TEST

static void play(const char *policy, int steps, int64_t ns, uint8_t *out) {
  given(policy, 3);
  all_enter();
  run(steps, ns);
  memcpy(out, history, (size_t)steps);
  end_all();
}

START_TEST(test_lottery_and_random_repeat_with_their_seed) {
  static const char *const policies[][2] = {{"lottery:seed=11", "lottery:seed=12"},
                                            {"random:seed=11", "random:seed=12"}};
  uint8_t first[300], second[300], other[300];
  for (int i = 0; i < 2; i++) {
    play(policies[i][0], 300, 5 * MS, first);
    play(policies[i][0], 300, 5 * MS, second);
    play(policies[i][1], 300, 5 * MS, other);
    ck_assert_mem_eq(first, second, sizeof first);
    ck_assert_mem_ne(first, other, sizeof first);
  }
}
END_TEST

START_TEST(test_stride_is_exact) {
  given("stride", 3);
  for (int i = 0; i < 3; i++) gil_thread_set_tickets(actors[i]->thread, 100 << i);
  all_enter();
  for (int round = 1; round <= 50; round++) {
    run(7, 5 * MS);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(held_ns[i], (round << i) * 5 * MS);
  }
  end_all();
}
END_TEST

START_TEST(test_stride_is_never_a_quantum_away_from_the_share) {
  static const int tickets[] = {100, 300, 700, 130};
  given("stride", 4);
  for (int i = 0; i < 4; i++) gil_thread_set_tickets(actors[i]->thread, tickets[i]);
  all_enter();
  for (int quanta = 1; quanta <= 300; quanta++) {
    run(1, 5 * MS);
    for (int i = 1; i < 4; i++) { /* each pair is within a quantum of its proportion */
      double ahead = (double)held_ns[i] / tickets[i] - (double)held_ns[0] / tickets[0];
      ck_assert_double_le(ahead, 5.0 * MS / tickets[i] + 1);
      ck_assert_double_ge(ahead, -5.0 * MS / tickets[0] - 1);
    }
  }
  end_all();
}
END_TEST

START_TEST(test_stride_saves_nothing_up_for_one_who_was_away) {
  given("stride", 2);
  all_enter();
  run(1, 5 * MS);
  ck_assert_ptr_eq(holder(), actors[1]);
  actor_do(actors[1], ACT_BLOCK_BEGIN, GIL_CAUSE_SLEEP);
  actor_finish(actors[0]);
  clock_advance_settled(world->lock, 1000 * MS); /* the first runs alone */
  actor_queue(actors[1], ACT_BLOCK_END, 0);
  took_steps = 0;
  run(1, 1); /* the quantum was over long ago */
  memset(held_ns, 0, sizeof held_ns);
  run(100, 5 * MS);
  ck_assert_int_le(llabs(held_ns[0] - held_ns[1]), 5 * MS);
  end_all();
}
END_TEST

/* ---------------------------------------------------------------- fair ----------------------------------------- */

START_TEST(test_fair_gives_shares_in_proportion_to_weights) {
  given("fair", 3);
  gil_thread_set_priority(actors[1]->thread, 3);
  gil_thread_set_priority(actors[2]->thread, -3);
  all_enter();
  run(3000, MS);
  static const double weights[] = {1024, 2000, 523};
  for (int i = 0; i < 3; i++) {
    double share = (double)held_ns[i] / (3000.0 * MS);
    ck_assert_double_eq_tol(share, weights[i] / (1024 + 2000 + 523), 0.005);
  }
  end_all();
}
END_TEST

START_TEST(test_fair_lets_equals_take_turns_of_a_slice) {
  given("fair", 4);
  all_enter();
  for (int i = 0; i < 40; i++) {
    run(12, 250 * US + 1); /* a slice of 3 ms */
    int64_t least = INT64_MAX, most = 0;
    for (int k = 0; k < 4; k++) {
      least = held_ns[k] < least ? held_ns[k] : least;
      most = held_ns[k] > most ? held_ns[k] : most;
    }
    ck_assert_int_le(most - least, 2 * 3 * MS);
  }
  end_all();
}
END_TEST

START_TEST(test_fair_owes_nothing_to_one_who_slept) {
  given("fair", 2);
  all_enter();
  run(100, MS);
  blocks(holder());
  int away = index_of(holder()) == 0 ? 1 : 0;
  clock_advance_settled(world->lock, 1000 * MS);
  actor_queue(actors[away], ACT_BLOCK_END, 0);
  if (gil_is_asked(world->lock)) give_way();
  memset(held_ns, 0, sizeof held_ns);
  run(200, MS);
  ck_assert_int_le(llabs(held_ns[0] - held_ns[1]), 2 * 4 * MS);
  end_all();
}
END_TEST

START_TEST(test_fair_lets_one_who_is_behind_its_share_in_at_once) {
  given("fair", 2);
  all_enter();
  run(4, MS); /* the first has had its slice of 3 ms, the second has just begun its own */
  ck_assert_ptr_eq(holder(), actors[1]);
  blocks(actors[1]); /* it goes behind its share */
  run(1, MS);
  unsigned before = asks();
  actor_queue(actors[1], ACT_BLOCK_END, 0);
  ck_assert_uint_eq(asks(), before + 1);
  give_way();
  ck_assert_ptr_eq(holder(), actors[1]);
  end_all();
}
END_TEST

/* ---------------------------------------------------------------- random --------------------------------------- */

START_TEST(test_random_draws_moments_around_the_mean_and_any_successor) {
  given("random:interval=1ms", 4);
  all_enter();
  run(4000, 250 * US);
  int switches = 0, to[4] = {0};
  for (int i = 1; i < 4000; i++) {
    if (history[i] == history[i - 1]) continue;
    switches++;
    to[history[i]]++;
  }
  /* A moment is seen at the end of its step, an eighth of a millisecond late on average: some 890 turns a second. */
  ck_assert_int_gt(switches, 800);
  ck_assert_int_lt(switches, 980);
  for (int i = 0; i < 4; i++) {
    ck_assert_int_gt(to[i], switches / 4 - 60);
    ck_assert_int_lt(to[i], switches / 4 + 60);
  }
  end_all();
}
END_TEST

/* ---------------------------------------------------------------- the heap under them -------------------------- */

/* Adds and removes at random, and compares the first with the least of those that should be in it. */
START_TEST(test_the_heap_has_the_least_key_first_whatever_is_added_and_removed) {
  enum { COUNT = 200 };
  static struct gil_thread threads[COUNT];
  static int64_t keys[COUNT];
  struct gil_heap heap = {0};
  uint64_t dice = gil_dice_seed(5);
  for (int round = 0; round < 20000; round++) {
    int i = (int)gil_dice_below(&dice, COUNT);
    if (gil_heap_has(&threads[i])) {
      gil_heap_remove(&heap, &threads[i]);
    } else {
      keys[i] = gil_dice_below(&dice, 1000) - 500;
      gil_heap_add(&heap, &threads[i], keys[i]);
    }
    int64_t least = INT64_MAX;
    for (int k = 0; k < COUNT; k++)
      if (gil_heap_has(&threads[k]) && keys[k] < least) least = keys[k];
    ck_assert_int_eq(heap.first ? gil_heap_key(heap.first) : INT64_MAX, least);
  }
}
END_TEST

START_TEST(test_the_heap_takes_equal_keys_in_the_order_of_adding) {
  static struct gil_thread threads[50];
  struct gil_heap heap = {.added = UINT32_MAX - 20}; /* also when the count wraps around */
  for (int i = 0; i < 50; i++) gil_heap_add(&heap, &threads[i], 7);
  for (int i = 0; i < 50; i++) {
    ck_assert_ptr_eq(heap.first, &threads[i]);
    gil_heap_remove(&heap, &threads[i]);
  }
  ck_assert_ptr_null(heap.first);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_mlfq_lets_a_thread_that_uses_up_its_time_sink_to_longer_turns,
      test_mlfq_lets_a_thread_of_a_higher_level_in_at_once_and_one_of_a_lower_never,
      test_mlfq_is_not_fooled_by_one_who_blocks_before_its_time_is_up,
      test_mlfq_lifts_all_at_the_boost,
      test_lottery_gives_shares_in_proportion_to_tickets,
      test_lottery_draws_without_a_memory,
      test_lottery_draws_successors_by_their_tickets,
      test_lottery_and_random_repeat_with_their_seed,
      test_stride_is_exact,
      test_stride_is_never_a_quantum_away_from_the_share,
      test_stride_saves_nothing_up_for_one_who_was_away,
      test_fair_gives_shares_in_proportion_to_weights,
      test_fair_lets_equals_take_turns_of_a_slice,
      test_fair_owes_nothing_to_one_who_slept,
      test_fair_lets_one_who_is_behind_its_share_in_at_once,
      test_random_draws_moments_around_the_mean_and_any_successor,
      test_the_heap_has_the_least_key_first_whatever_is_added_and_removed,
      test_the_heap_takes_equal_keys_in_the_order_of_adding,
      NULL,
  };
  return run_tests("schedulers", tests);
}
