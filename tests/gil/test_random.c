/* tests/gil/test_random.c - many real threads, the real clock, random operations. Room: tests/gil.
 *
 * Nobody can say in which order things happen here; but one thread at a time may be inside, no wake-up may be lost (a
 * lost one hangs the test), and the recorded events must make sense. What the holder alone may touch is deliberately
 * not atomic, so that the thread sanitizer sees a hole in the mutual exclusion even where luck hides it.
 */
#include <stdlib.h>

#include "harness.h"

#define THREADS_MAX 64
#define EVENTS_MAX 2000000

/* All there are, with the shortest times they take: some of those twice. */
static const char *const policies[] = {
    "cpython:interval=1us",      "cpython:interval=100us",         "cpython2:check=1",
    "beazley:interval=1us",      "beazley:interval=100us",         "bfs:slice=1us",
    "ruby:quantum=2us,tick=1us", "ocaml4:tick=1us",                "ocaml:tick=1us",
    "pypy:poll=1us,check=1",     "pypy:poll=100us",                "micropython:jumps=1",
    "fifo:interval=1us",         "fifo:interval=50us",             "eventual:interval=1us,fair=2us",
    "bounded:interval=1us",      "bounded:interval=50us,bound=9us", "fair:slice=1us",
    "fair:slice=50us",           "mlfq:slice=1us,boost=20us",      "lottery:quantum=1us",
    "stride:quantum=1us",        "random:interval=1us",            "cooperative",
};
enum { POLICY_COUNT = sizeof policies / sizeof policies[0] };

static struct world *world;
static gil_thread *threads[THREADS_MAX];
static int thread_count, operations;
static bool changes_policy;

/* guarded by the lock under test, and by nothing else */
static long inside_count;
static int inside;
static bool was_violated;

static uint32_t next_random(uint32_t *state) { /* xorshift */
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

/* Touches what only the holder may touch. */
static void visit(int me, uint32_t *random) {
  if (inside != 0) was_violated = true;
  inside = me + 1;
  inside_count++;
  for (volatile uint32_t i = next_random(random) % 200; i > 0;) i--;
  if (inside != me + 1) was_violated = true;
  inside = 0;
}

static void change_policy(uint32_t *random) {
  struct gil_policy_choice choice;
  char text[256];
  if (gil_policy_parse(policies[next_random(random) % POLICY_COUNT], &choice, text, sizeof text) == GIL_OK)
    gil_set_policy(world->lock, &choice);
}

static void operate(int me, uint32_t *random) GIL_TRUSTED {
  gil_thread *thread = threads[me];
  struct gil_reason reason = {.cause = GIL_CAUSE_SLEEP + next_random(random) % 6, .deadline_ns = GIL_NEVER};
  switch (next_random(random) % 10) {
    case 0:
    case 1:
      gil_checkpoint(thread, GIL_CAUSE_YIELD);
      break;
    case 2:
      gil_checkpoint(thread, GIL_CAUSE_TICKS);
      break;
    case 3:
    case 4:
    case 5:
      gil_checkpoint(thread, GIL_CAUSE_INTERVAL);
      break;
    case 6:
      gil_block_begin(thread, &reason);
      if (next_random(random) % 2) sched_yield();
      gil_block_end(thread);
      break;
    case 7:
      reason.deadline_ns = gil_now_ns() + next_random(random) % 50000;
      gil_wait(thread, &reason);
      break;
    case 8:
      gil_wake(threads[next_random(random) % (uint32_t)thread_count]);
      break;
    default:
      if (next_random(random) % 8 == 0) free(gil_snapshot_take(world->lock));
      if (changes_policy && next_random(random) % 4 == 0) change_policy(random);
  }
}

static void *operate_at_random(void *arg) GIL_TRUSTED {
  int me = (int)(intptr_t)arg;
  uint32_t random = 2463534242u + (uint32_t)me;
  gil_enter(threads[me]);
  for (int i = 0; i < operations; i++) {
    visit(me, &random);
    operate(me, &random);
    visit(me, &random);
  }
  gil_leave(threads[me]);
  return NULL;
}

static void run_threads(void *(*body)(void *), int count) {
  pthread_t pthreads[THREADS_MAX];
  thread_count = count;
  for (int i = 0; i < count; i++) ck_assert_int_eq(gil_attach(world->lock, "stress", NULL, &threads[i]), GIL_OK);
  for (intptr_t i = 0; i < count; i++) ck_assert_int_eq(pthread_create(&pthreads[i], NULL, body, (void *)i), 0);
  for (int i = 0; i < count; i++) ck_assert_int_eq(pthread_join(pthreads[i], NULL), 0);
}

static void stress(const char *policy, int count, int operations_each) {
  operations = operations_each;
  inside_count = 0;
  world = world_new_recording(policy, EVENTS_MAX);
  run_threads(operate_at_random, count);
  ck_assert(!was_violated);
  ck_assert_int_eq(inside_count, 2L * count * operations_each);
  const char *what = check_events(world, false);
  ck_assert_msg(!what, "%s, %d threads: %s", policy, count, what);
  world_free(world);
}

/* The environment variable GILVM_TEST_SCALE makes the tests shorter in builds that are slow. */
static int scaled(int operations_each) {
  const char *text = getenv("GILVM_TEST_SCALE");
  double scale = text ? strtod(text, NULL) : 1;
  return (int)(operations_each * (scale > 0 ? scale : 1)) + 1;
}

/* So many operations in all, by 2, by 8 and by 64 threads: fewest by two, which sleep and wake each time. */
static void stress_by_few_and_many(const char *policy, int operations_in_all) {
  static const struct {
    int threads, percent;
  } parts[] = {{2, 10}, {8, 45}, {64, 45}};
  for (int i = 0; i < 3; i++)
    stress(policy, parts[i].threads, scaled(operations_in_all / 100 * parts[i].percent / parts[i].threads));
}

/* A million operations in all. */
START_TEST(test_only_one_is_inside_under_each_policy) {
  for (int p = 0; p < POLICY_COUNT; p++) stress_by_few_and_many(policies[p], 1000000 / POLICY_COUNT);
}
END_TEST

START_TEST(test_only_one_is_inside_while_the_policy_changes_all_the_time) {
  changes_policy = true;
  stress_by_few_and_many("cpython", 40000);
}
END_TEST

/* ---------------------------------------------------------------- wake-ups ------------------------------------- */

#define TOKENS 3
#define ROUNDS 20

static int tokens[THREADS_MAX]; /* guarded by the lock under test */

/* Each token goes round the ring ROUNDS times. Waits have no deadline: a lost wake-up is a hang. */
static void *pass_tokens(void *arg) GIL_TRUSTED {
  const struct gil_reason reason = {.cause = GIL_CAUSE_QUEUE, .deadline_ns = GIL_NEVER};
  int me = (int)(intptr_t)arg, next = (me + 1) % thread_count;
  gil_enter(threads[me]);
  for (int i = 0; i < TOKENS * ROUNDS; i++) {
    while (tokens[me] == 0) gil_wait(threads[me], &reason);
    tokens[me]--;
    tokens[next]++;
    gil_wake(threads[next]);
    gil_checkpoint(threads[me], GIL_CAUSE_INTERVAL);
  }
  gil_leave(threads[me]);
  return NULL;
}

START_TEST(test_no_wake_up_is_lost_in_a_ring) {
  static const int counts[] = {2, 7, 32};
  for (int p = 0; p < POLICY_COUNT; p++) {
    for (int i = 0; i < 3; i++) {
      world = world_new_recording(policies[p], EVENTS_MAX);
      for (int t = 0; t < THREADS_MAX; t++) tokens[t] = 0;
      tokens[0] = TOKENS;
      run_threads(pass_tokens, counts[i]);
      ck_assert_int_eq(tokens[0], TOKENS);
      const char *what = check_events(world, false);
      ck_assert_msg(!what, "%s, %d threads: %s", policies[p], counts[i], what);
      world_free(world);
    }
  }
}
END_TEST

/* ---------------------------------------------------------------- coming and going ----------------------------- */

static int alive; /* guarded by the lock under test */
static gil_thread *boss;

static void *come_and_go(void *arg) GIL_TRUSTED {
  gil_thread *thread = arg;
  gil_enter(thread);
  gil_checkpoint(thread, GIL_CAUSE_YIELD);
  alive--;
  gil_wake(boss);
  gil_leave(thread);
  return NULL;
}

/* The last thread to leave need not be joined: whoever has seen, under the lock, that it is the last one left may
   destroy the lock, although the other is still on the last instructions of its gil_leave. */
static void come_go_and_destroy(const char *policy) GIL_TRUSTED {
  const struct gil_reason reason = {.cause = GIL_CAUSE_JOIN, .deadline_ns = GIL_NEVER};
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  world = world_new(policy);
  ck_assert_int_eq(gil_attach(world->lock, "boss", NULL, &boss), GIL_OK);
  gil_enter(boss);
  for (int i = 0; i < 4; i++) {
    gil_thread *thread;
    pthread_t pthread;
    ck_assert_int_eq(gil_attach(world->lock, "mayfly", NULL, &thread), GIL_OK);
    alive++;
    ck_assert_int_eq(pthread_create(&pthread, &detached, come_and_go, thread), 0);
  }
  while (alive > 0) gil_wait(boss, &reason);
  gil_leave(boss);
  const char *what = check_events(world, false);
  ck_assert_msg(!what, "%s: %s", policy, what);
  world_free(world);
  pthread_attr_destroy(&detached);
}

START_TEST(test_a_lock_may_be_destroyed_as_soon_as_the_last_thread_has_left) {
  for (int round = 0; round < 8; round++)
    for (int p = 0; p < POLICY_COUNT; p++) come_go_and_destroy(policies[p]);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {
      test_only_one_is_inside_under_each_policy,
      test_only_one_is_inside_while_the_policy_changes_all_the_time,
      test_no_wake_up_is_lost_in_a_ring,
      test_a_lock_may_be_destroyed_as_soon_as_the_last_thread_has_left,
      NULL,
  };
  return run_tests("random operations", tests);
}
