/* tests/gil/test_stats.c - the figures: hold, wait, whom one waited for, finished threads. Room: tests/gil. The clock
 * stands still unless moved, so every figure is exact. */
#include <stdlib.h>
#include <string.h>

#include "harness.h"

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

static const struct gil_thread_stats *stats_named(const struct gil_snapshot *snapshot, const char *name) {
  for (uint32_t i = 0; i < snapshot->thread_count; i++)
    if (strcmp(snapshot->threads[i].name, name) == 0) return &snapshot->threads[i];
  ck_abort_msg("no thread '%s' in the snapshot", name);
}

/* How long `stats` waited while the thread called `name` held the lock. */
static int64_t waited_on(const struct gil_snapshot *snapshot, const struct gil_thread_stats *stats,
                         const char *name) {
  for (uint32_t i = 0; i < stats->waited_on_count; i++)
    if (strcmp(snapshot->threads[stats->waited_on[i].thread].name, name) == 0) return stats->waited_on[i].ns;
  return 0;
}

/* What must hold of any snapshot at any moment. */
static void assert_consistent(const struct gil_snapshot *snapshot) {
  uint64_t acquisitions = 0, by_cause = 0;
  int64_t held = 0, longest = 0;
  for (uint32_t i = 0; i < snapshot->thread_count; i++) {
    const struct gil_thread_stats *stats = &snapshot->threads[i];
    int64_t named = 0;
    for (uint32_t j = 0; j < stats->waited_on_count; j++) {
      ck_assert_uint_lt((uint32_t)stats->waited_on[j].thread, snapshot->thread_count);
      named += stats->waited_on[j].ns;
    }
    ck_assert_int_eq(named + stats->waited_elsewhere_ns, stats->wait_ns);
    ck_assert_int_le(stats->longest_wait_ns, stats->wait_ns);
    int64_t life = stats->hold_ns + stats->wait_ns;
    for (int cause = 0; cause < GIL_CAUSE_COUNT; cause++) life += stats->blocked_ns[cause];
    ck_assert_int_eq(life, stats->life_ns);
    acquisitions += stats->acquisitions;
    held += stats->hold_ns;
    if (stats->longest_wait_ns > longest) longest = stats->longest_wait_ns;
  }
  for (int i = 0; i < GIL_CAUSE_COUNT; i++) by_cause += snapshot->lock.by_cause[i];
  ck_assert_uint_eq(acquisitions, snapshot->lock.acquisitions);
  ck_assert_uint_eq(by_cause, snapshot->lock.switches);
  ck_assert_int_eq(held, snapshot->lock.held_ns);
  ck_assert_int_eq(longest, snapshot->lock.longest_wait_ns);
}

static struct gil_snapshot *snapshot_now(void) {
  struct gil_snapshot *snapshot = gil_snapshot_take(world->lock);
  ck_assert_ptr_nonnull(snapshot);
  assert_consistent(snapshot);
  return snapshot;
}

START_TEST(test_hold_and_wait_are_measured_to_the_nanosecond) {
  given_a_holds_and_b_waits("cpython");
  clock_advance(7 * MS + 3);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  actor_finish(b);
  clock_advance(2 * MS);
  actor_do(b, ACT_BLOCK_BEGIN, GIL_CAUSE_SLEEP);
  struct gil_snapshot *snapshot = snapshot_now();
  const struct gil_thread_stats *of_a = stats_named(snapshot, "A"), *of_b = stats_named(snapshot, "B");
  ck_assert_int_eq(of_a->hold_ns, 7 * MS + 3);
  ck_assert_int_eq(of_a->wait_ns, 0);
  ck_assert_int_eq(of_a->blocked_ns[GIL_CAUSE_IO], 2 * MS);
  ck_assert_int_eq(of_b->hold_ns, 2 * MS);
  ck_assert_int_eq(of_b->wait_ns, 7 * MS + 3);
  ck_assert_int_eq(of_b->longest_wait_ns, 7 * MS + 3);
  ck_assert_int_eq(waited_on(snapshot, of_b, "A"), 7 * MS + 3);
  ck_assert_int_eq(of_b->waited_elsewhere_ns, 0);
  ck_assert_int_eq(of_a->life_ns, 9 * MS + 3);
  ck_assert_int_eq(of_b->life_ns, 9 * MS + 3);
  ck_assert_uint_eq(of_b->acquisitions, 1);
  ck_assert_int_eq(snapshot->lock.held_ns, 9 * MS + 3);
  ck_assert_int_eq(snapshot->lock.age_ns, 9 * MS + 3);
  ck_assert_int_eq(snapshot->lock.longest_wait_ns, 7 * MS + 3);
  ck_assert_uint_eq(gil_snapshot_bytes(snapshot), sizeof *snapshot + 2 * sizeof snapshot->threads[0]);
  free(snapshot);
}
END_TEST

START_TEST(test_the_time_between_two_holders_counts_only_if_somebody_waited) {
  given_a_holds_and_b_waits("fifo");
  clock_advance(4 * MS);
  parker_freeze(&b->thread->lock_parker);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO); /* B has the lock, and does not run yet */
  clock_advance(3 * MS);
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  struct gil_snapshot *snapshot = snapshot_now();
  ck_assert_int_eq(snapshot->lock.handover_ns, 3 * MS);
  ck_assert_uint_eq(snapshot->lock.waits.count, 1);
  ck_assert_int_eq(snapshot->lock.waits.max_ns, 7 * MS);
  free(snapshot);
  clock_advance(MS);
  actor_do(b, ACT_BLOCK_BEGIN, GIL_CAUSE_IO); /* nobody waits */
  clock_advance(5 * MS);
  actor_do(b, ACT_BLOCK_END, GIL_CAUSE_IO);
  snapshot = snapshot_now();
  ck_assert_int_eq(snapshot->lock.handover_ns, 3 * MS);
  ck_assert_uint_eq(snapshot->lock.waits.count, 1);
  free(snapshot);
}
END_TEST

START_TEST(test_a_wait_that_still_lasts_is_among_the_waits) {
  given_a_holds_and_b_waits("cooperative");
  clock_advance(9 * MS);
  struct gil_snapshot *snapshot = snapshot_now();
  ck_assert_uint_eq(snapshot->lock.waits.count, 1);
  ck_assert_int_eq(snapshot->lock.waits.max_ns, 9 * MS);
  free(snapshot);
}
END_TEST

START_TEST(test_a_snapshot_counts_the_hold_and_the_wait_that_still_last) {
  given_a_holds_and_b_waits("cpython");
  clock_advance(4 * MS);
  struct gil_snapshot *snapshot = snapshot_now();
  const struct gil_thread_stats *of_b = stats_named(snapshot, "B");
  ck_assert_int_eq(stats_named(snapshot, "A")->hold_ns, 4 * MS);
  ck_assert_int_eq(of_b->wait_ns, 4 * MS);
  ck_assert_int_eq(of_b->longest_wait_ns, 4 * MS);
  ck_assert_int_eq(waited_on(snapshot, of_b, "A"), 4 * MS);
  free(snapshot);
  clock_advance(MS);
  snapshot = snapshot_now(); /* nothing was counted twice */
  ck_assert_int_eq(stats_named(snapshot, "B")->wait_ns, 5 * MS);
  free(snapshot);
}
END_TEST

START_TEST(test_the_time_to_wake_up_is_nobodys_fault) {
  given_a_holds_and_b_waits("cpython");
  clock_advance(4 * MS);
  parker_freeze(&b->thread->lock_parker);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  clock_advance(MS); /* the lock is free, and B is slow to wake */
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  struct gil_snapshot *snapshot = snapshot_now();
  const struct gil_thread_stats *of_b = stats_named(snapshot, "B");
  ck_assert_int_eq(of_b->wait_ns, 5 * MS);
  ck_assert_int_eq(waited_on(snapshot, of_b, "A"), 4 * MS);
  ck_assert_int_eq(of_b->waited_elsewhere_ns, MS);
  free(snapshot);
}
END_TEST

START_TEST(test_under_handoff_the_time_to_wake_up_is_wait_and_not_hold) {
  given_a_holds_and_b_waits("fifo");
  clock_advance(4 * MS);
  parker_freeze(&b->thread->lock_parker);
  actor_do(a, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  clock_advance(MS); /* B owns the lock and sleeps */
  struct gil_snapshot *snapshot = snapshot_now();
  ck_assert_int_eq(stats_named(snapshot, "B")->hold_ns, 0);
  free(snapshot);
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  clock_advance(2 * MS);
  actor_do(b, ACT_BLOCK_BEGIN, GIL_CAUSE_IO);
  snapshot = snapshot_now();
  const struct gil_thread_stats *of_b = stats_named(snapshot, "B");
  ck_assert_int_eq(of_b->wait_ns, 5 * MS);
  ck_assert_int_eq(of_b->hold_ns, 2 * MS);
  ck_assert_int_eq(of_b->blocked_ns[GIL_CAUSE_IO], 0);
  ck_assert_int_eq(of_b->life_ns, 7 * MS);
  free(snapshot);
}
END_TEST

START_TEST(test_a_wait_is_shared_out_among_all_who_held_the_lock_meanwhile) {
  struct actor *holders[3];
  static const char *const names[] = {"H1", "H2", "H3"};
  given_a_holds_and_b_waits("cpython");
  parker_freeze(&b->thread->lock_parker);
  clock_advance(1 * MS);
  actor_end(a);
  for (int i = 0; i < 3; i++) { /* each passes by, for 2, 3 and 4 ms, while B sleeps on */
    holders[i] = actor_new(world, names[i]);
    actor_enter(holders[i]);
    clock_advance((i + 2) * MS);
    actor_end(holders[i]);
  }
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  struct gil_snapshot *snapshot = snapshot_now();
  const struct gil_thread_stats *of_b = stats_named(snapshot, "B");
  ck_assert_int_eq(waited_on(snapshot, of_b, "A"), 1 * MS);
  for (int i = 0; i < 3; i++) ck_assert_int_eq(waited_on(snapshot, of_b, names[i]), (i + 2) * MS);
  ck_assert_int_eq(of_b->wait_ns, 10 * MS);
  ck_assert_int_eq(of_b->waited_elsewhere_ns, 0);
  free(snapshot);
}
END_TEST

START_TEST(test_holders_past_the_tables_size_are_counted_as_elsewhere) {
  given_a_holds_and_b_waits("cpython");
  parker_freeze(&b->thread->lock_parker);
  clock_advance(MS);
  actor_end(a);
  for (int i = 0; i < GIL_WAITED_ON_MAX + 4; i++) {
    struct actor *holder = actor_new(world, "passer-by");
    actor_enter(holder);
    clock_advance(MS);
    actor_end(holder);
  }
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  struct gil_snapshot *snapshot = snapshot_now();
  const struct gil_thread_stats *of_b = stats_named(snapshot, "B");
  ck_assert_uint_eq(of_b->waited_on_count, GIL_WAITED_ON_MAX);
  ck_assert_int_eq(of_b->wait_ns, (GIL_WAITED_ON_MAX + 5) * MS);
  ck_assert_int_eq(of_b->waited_elsewhere_ns, 5 * MS);
  free(snapshot);
}
END_TEST

START_TEST(test_the_longest_wait_is_one_wait_and_not_the_sum) {
  given_a_holds_and_b_waits("fifo");
  static const int64_t waits[] = {2 * MS, 4 * MS, 1 * MS};
  for (int i = 0; i < 3; i++) {
    clock_advance(waits[i]);
    actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
    actor_finish(b);
    actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
    actor_finish(a);
  }
  struct gil_snapshot *snapshot = snapshot_now();
  ck_assert_int_eq(stats_named(snapshot, "B")->wait_ns, 7 * MS);
  ck_assert_int_eq(stats_named(snapshot, "B")->longest_wait_ns, 4 * MS);
  ck_assert_int_eq(snapshot->lock.longest_wait_ns, 4 * MS);
  free(snapshot);
}
END_TEST

START_TEST(test_a_finished_thread_keeps_its_record) {
  given_a_holds_and_b_waits("cpython");
  clock_advance(3 * MS);
  actor_end(a);
  actor_finish(b);
  clock_advance(MS);
  struct gil_snapshot *snapshot = snapshot_now();
  const struct gil_thread_stats *of_a = stats_named(snapshot, "A");
  ck_assert(of_a->finished);
  ck_assert(!stats_named(snapshot, "B")->finished);
  ck_assert_int_eq(of_a->life_ns, 3 * MS); /* stopped counting when it left */
  ck_assert_int_eq(of_a->hold_ns, 3 * MS);
  ck_assert_uint_eq(of_a->let_go[GIL_CAUSE_EXIT], 1);
  ck_assert_int_eq(waited_on(snapshot, stats_named(snapshot, "B"), "A"), 3 * MS);
  free(snapshot);
}
END_TEST

START_TEST(test_a_thread_that_has_not_entered_is_in_no_snapshot) {
  clock_install();
  world = world_new("cpython");
  a = actor_new(world, "A");
  struct gil_snapshot *snapshot = snapshot_now();
  ck_assert_uint_eq(snapshot->thread_count, 0);
  free(snapshot);
  actor_enter(a);
  snapshot = snapshot_now();
  ck_assert_uint_eq(snapshot->thread_count, 1);
  free(snapshot);
}
END_TEST

/* This very thread enters and leaves so many times, for 1 us each. */
static void live_and_die(int times) GIL_TRUSTED {
  for (int i = 0; i < times; i++) {
    gil_thread *thread;
    ck_assert_int_eq(gil_attach(world->lock, "mayfly", NULL, &thread), GIL_OK);
    gil_enter(thread);
    clock_advance(US);
    gil_leave(thread);
  }
}

START_TEST(test_finished_threads_past_4096_are_added_up_in_one_record) {
  enum { EXTRA = 123 };
  clock_install();
  world = world_new_recording("cpython", 100000);
  live_and_die(GIL_FINISHED_MAX);
  struct gil_snapshot *snapshot = snapshot_now();
  ck_assert_uint_eq(snapshot->thread_count, GIL_FINISHED_MAX);
  ck_assert_uint_eq(snapshot->threads[0].folded, 0);
  free(snapshot);
  live_and_die(EXTRA);
  snapshot = snapshot_now();
  ck_assert_uint_eq(snapshot->thread_count, GIL_FINISHED_MAX + 1);
  const struct gil_thread_stats *sum = &snapshot->threads[0];
  ck_assert_uint_eq(sum->folded, EXTRA);
  ck_assert(sum->finished);
  ck_assert_uint_eq(sum->acquisitions, EXTRA);
  ck_assert_int_eq(sum->hold_ns, EXTRA * US);
  ck_assert_str_eq(sum->name, "(123 more, finished)");
  ck_assert_int_eq(snapshot->lock.held_ns, (GIL_FINISHED_MAX + EXTRA) * US);
  free(snapshot);
  world_free(world);
}
END_TEST

START_TEST(test_a_snapshot_says_the_policy_as_it_would_be_typed) {
  clock_install();
  static const char *const policies[] = {"cpython:interval=100us", "cpython2:check=7", "fifo:interval=1s",
                                         "cooperative"};
  for (int i = 0; i < 4; i++) {
    struct world *one = world_new(policies[i]);
    struct gil_snapshot *snapshot = gil_snapshot_take(one->lock);
    ck_assert_str_eq(snapshot->lock.policy, policies[i]);
    ck_assert_uint_eq(snapshot->lock.id, gil_id(one->lock));
    free(snapshot);
    world_free(one);
  }
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_hold_and_wait_are_measured_to_the_nanosecond,
      test_the_time_between_two_holders_counts_only_if_somebody_waited,
      test_a_wait_that_still_lasts_is_among_the_waits,
      test_a_snapshot_counts_the_hold_and_the_wait_that_still_last,
      test_the_time_to_wake_up_is_nobodys_fault,
      test_under_handoff_the_time_to_wake_up_is_wait_and_not_hold,
      test_a_wait_is_shared_out_among_all_who_held_the_lock_meanwhile,
      test_holders_past_the_tables_size_are_counted_as_elsewhere,
      test_the_longest_wait_is_one_wait_and_not_the_sum,
      test_a_finished_thread_keeps_its_record,
      test_a_thread_that_has_not_entered_is_in_no_snapshot,
      test_finished_threads_past_4096_are_added_up_in_one_record,
      test_a_snapshot_says_the_policy_as_it_would_be_typed,
      NULL,
  };
  return run_tests("stats", tests);
}
