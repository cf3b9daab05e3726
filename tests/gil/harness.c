/* tests/gil/harness.c - the clock, the lock under observation, and the actors of harness.h. Room: tests/gil. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- the clock ------------------------------------ */

struct sleeper {
  gil_parker *parker;
  int64_t deadline_ns;
  pthread_cond_t wake;
  struct sleeper *next;
};

#define FROZEN_MAX 64

/* Innermost of all locks: the functions below are called with a gil's mutex held. */
static pthread_mutex_t clock_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct sleeper *sleepers;
static gil_parker *frozen[FROZEN_MAX];
static _Atomic int64_t now_ns;

static bool is_frozen(const gil_parker *parker) {
  for (int i = 0; i < FROZEN_MAX; i++)
    if (frozen[i] == parker) return true;
  return false;
}

static bool may_wake(const struct sleeper *sleeper) {
  if (is_frozen(sleeper->parker)) return false;
  return atomic_load(&sleeper->parker->state) || sleeper->deadline_ns <= atomic_load(&now_ns);
}

static void wake_all_that_may(void) {
  for (struct sleeper *s = sleepers; s; s = s->next)
    if (may_wake(s)) pthread_cond_signal(&s->wake);
}

static int64_t virtual_now(void) { return atomic_load(&now_ns); }

static int virtual_park(gil_parker *parker, int64_t deadline_ns) {
  struct sleeper self = {.parker = parker, .deadline_ns = deadline_ns};
  pthread_cond_init(&self.wake, NULL);
  pthread_mutex_lock(&clock_mutex);
  self.next = sleepers;
  sleepers = &self;
  while (!may_wake(&self)) pthread_cond_wait(&self.wake, &clock_mutex);
  struct sleeper **link = &sleepers;
  while (*link != &self) link = &(*link)->next;
  *link = self.next;
  bool woken = atomic_exchange(&parker->state, 0) != 0;
  pthread_mutex_unlock(&clock_mutex);
  pthread_cond_destroy(&self.wake);
  return woken ? 0 : GIL_E_TIMEOUT;
}

static void virtual_unpark(gil_parker *parker) {
  pthread_mutex_lock(&clock_mutex);
  atomic_store(&parker->state, 1);
  for (struct sleeper *s = sleepers; s; s = s->next)
    if (s->parker == parker && may_wake(s)) pthread_cond_signal(&s->wake);
  pthread_mutex_unlock(&clock_mutex);
}

void clock_install(void) {
  static const struct gil_seam seam = {virtual_now, virtual_park, virtual_unpark};
  atomic_store(&now_ns, INT64_C(1000000000));
  gil_set_seam(&seam);
}

void clock_advance(int64_t ns) {
  pthread_mutex_lock(&clock_mutex);
  atomic_fetch_add(&now_ns, ns);
  wake_all_that_may();
  pthread_mutex_unlock(&clock_mutex);
}

int64_t clock_now(void) { return virtual_now(); }

bool parker_sleeps(gil_parker *parker) {
  bool found = false;
  pthread_mutex_lock(&clock_mutex);
  for (struct sleeper *s = sleepers; s; s = s->next)
    if (s->parker == parker && !may_wake(s)) found = true;
  pthread_mutex_unlock(&clock_mutex);
  return found;
}

int clock_sleepers_with_deadline(void) {
  int count = 0;
  pthread_mutex_lock(&clock_mutex);
  for (struct sleeper *s = sleepers; s; s = s->next) count += s->deadline_ns != GIL_NEVER;
  pthread_mutex_unlock(&clock_mutex);
  return count;
}

void clock_settle(gil *lock) {
  while (!parker_sleeps(&lock->timekeeper_parker)) sched_yield();
}

void clock_advance_settled(gil *lock, int64_t ns) {
  clock_settle(lock);
  clock_advance(ns);
  clock_settle(lock);
}

static void replace_frozen(const gil_parker *old, gil_parker *new) {
  int i = 0;
  pthread_mutex_lock(&clock_mutex);
  while (i < FROZEN_MAX && frozen[i] != old) i++;
  if (i < FROZEN_MAX) frozen[i] = new;
  wake_all_that_may();
  pthread_mutex_unlock(&clock_mutex);
  ck_assert_int_lt(i, FROZEN_MAX);
}

void parker_freeze(gil_parker *parker) { replace_frozen(NULL, parker); }
void parker_thaw(gil_parker *parker) { replace_frozen(parker, NULL); }

/* ---------------------------------------------------------------- a lock under observation --------------------- */

static void record(void *user, const struct gil_event *event) {
  struct world *world = user;
  size_t at = atomic_load_explicit(&world->event_count, memory_order_relaxed);
  if (at >= world->event_max) gil_fatal("a test has more events than it has room for", 0);
  world->events[at] = *event;
  atomic_store_explicit(&world->event_count, at + 1, memory_order_release); /* pairs with the readers' acquire */
}

static void count_kick(void *user, gil_thread *holder) {
  (void)holder;
  atomic_fetch_add(&((struct world *)user)->kicks, 1);
}

static void count_poke(void *user, gil_thread *holder) {
  (void)holder;
  atomic_fetch_add(&((struct world *)user)->pokes, 1);
}

struct world *world_new_recording(const char *policy, size_t event_max) {
  struct world *world = calloc(1, sizeof *world);
  struct gil_policy_choice choice;
  char message[256] = "";
  ck_assert_ptr_nonnull(world);
  world->event_max = event_max;
  world->events = malloc(event_max * sizeof *world->events);
  ck_assert_ptr_nonnull(world->events);
  int error = gil_policy_parse(policy, &choice, message, sizeof message);
  ck_assert_msg(error == GIL_OK, "%s", message);
  const struct gil_callbacks callbacks = {.kick = count_kick, .poked = count_poke, .event = record, .user = world};
  world->lock = gil_create(&choice, &callbacks);
  ck_assert_ptr_nonnull(world->lock);
  return world;
}

struct world *world_new(const char *policy) { return world_new_recording(policy, 10000); }

void world_free(struct world *world) {
  gil_destroy(world->lock);
  free(world->events);
  free(world);
}

unsigned count_events(struct world *world, gil_event_kind kind, uint32_t thread) {
  unsigned count = 0;
  size_t end = atomic_load_explicit(&world->event_count, memory_order_acquire);
  for (size_t i = 0; i < end; i++)
    count += world->events[i].kind == kind && (!thread || world->events[i].thread == thread);
  return count;
}

struct gil_event last_event(struct world *world, gil_event_kind kind) {
  size_t i = atomic_load_explicit(&world->event_count, memory_order_acquire);
  while (i > 0 && world->events[i - 1].kind != kind) i--;
  ck_assert_msg(i > 0, "no event of kind %d", (int)kind);
  return world->events[i - 1];
}

bool is_waiting(gil_thread *thread) GIL_TRUSTED {
  gil_mutex_lock(&thread->lock->mutex);
  bool waiting = thread->wait_since_ns != 0;
  gil_mutex_unlock(&thread->lock->mutex);
  return waiting;
}

void until_waiting(gil_thread *thread) {
  while (!is_waiting(thread) || !parker_sleeps(&thread->lock_parker)) sched_yield();
}

gil_thread *holder_of(gil *lock) GIL_TRUSTED {
  gil_mutex_lock(&lock->mutex);
  gil_thread *holder = lock->holder;
  gil_mutex_unlock(&lock->mutex);
  return holder;
}

/* ---------------------------------------------------------------- actors --------------------------------------- */

static void perform(struct actor *actor) GIL_TRUSTED {
  switch (actor->act) {
    case ACT_ENTER:
      gil_enter(actor->thread);
      break;
    case ACT_LEAVE:
      gil_leave(actor->thread);
      break;
    case ACT_CHECKPOINT:
      actor->result = gil_checkpoint(actor->thread, actor->cause);
      break;
    case ACT_BLOCK_BEGIN:
      gil_block_begin(actor->thread, &actor->reason);
      break;
    case ACT_BLOCK_END:
      gil_block_end(actor->thread);
      break;
    case ACT_WAIT:
      actor->result = gil_wait(actor->thread, &actor->reason);
      break;
    case ACT_SEAL:
      gil_seal(actor->thread);
      break;
    case ACT_QUIT:
      break;
  }
}

static void *act_on_command(void *arg) {
  struct actor *actor = arg;
  enum act act;
  do {
    pthread_mutex_lock(&actor->mutex);
    while (!actor->has_work) pthread_cond_wait(&actor->changed, &actor->mutex);
    act = actor->act;
    pthread_mutex_unlock(&actor->mutex);
    perform(actor);
    pthread_mutex_lock(&actor->mutex);
    actor->has_work = false;
    pthread_cond_broadcast(&actor->changed);
    pthread_mutex_unlock(&actor->mutex);
  } while (act != ACT_QUIT);
  return NULL;
}

struct actor *actor_new(struct world *world, const char *name) {
  struct actor *actor = calloc(1, sizeof *actor);
  ck_assert_ptr_nonnull(actor);
  pthread_mutex_init(&actor->mutex, NULL);
  pthread_cond_init(&actor->changed, NULL);
  ck_assert_int_eq(gil_attach(world->lock, name, actor, &actor->thread), GIL_OK);
  ck_assert_int_eq(pthread_create(&actor->pthread, NULL, act_on_command, actor), 0);
  return actor;
}

void actor_start(struct actor *actor, enum act act, gil_cause cause, int64_t deadline_ns) {
  pthread_mutex_lock(&actor->mutex);
  ck_assert_msg(!actor->has_work, "the actor is still at its last operation");
  actor->act = act;
  actor->cause = cause;
  const struct gil_waitable *on = act == ACT_WAIT ? actor->on : NULL;
  actor->reason = (struct gil_reason){.cause = cause, .deadline_ns = deadline_ns, .what = "a test", .on = on};
  actor->has_work = true;
  pthread_cond_broadcast(&actor->changed);
  pthread_mutex_unlock(&actor->mutex);
}

bool actor_is_done(struct actor *actor) {
  pthread_mutex_lock(&actor->mutex);
  bool done = !actor->has_work;
  pthread_mutex_unlock(&actor->mutex);
  return done;
}

int actor_finish(struct actor *actor) {
  pthread_mutex_lock(&actor->mutex);
  while (actor->has_work) pthread_cond_wait(&actor->changed, &actor->mutex);
  int result = actor->result;
  pthread_mutex_unlock(&actor->mutex);
  return result;
}

int actor_do(struct actor *actor, enum act act, gil_cause cause) {
  actor_start(actor, act, cause, GIL_NEVER);
  return actor_finish(actor);
}

void actor_enter(struct actor *actor) { actor_do(actor, ACT_ENTER, 0); }
int actor_checkpoint(struct actor *actor, gil_cause cause) { return actor_do(actor, ACT_CHECKPOINT, cause); }

void actor_queue(struct actor *actor, enum act act, gil_cause cause) {
  actor_start(actor, act, cause, GIL_NEVER);
  until_waiting(actor->thread);
}

void actor_quit(struct actor *actor) {
  actor_start(actor, ACT_QUIT, 0, 0);
  ck_assert_int_eq(pthread_join(actor->pthread, NULL), 0);
  free(actor);
}

void actor_end(struct actor *actor) {
  actor_do(actor, ACT_LEAVE, 0);
  actor_quit(actor);
}

/* ---------------------------------------------------------------- running -------------------------------------- */

int run_tests(const char *name, const TTest *const tests[]) {
  Suite *suite = suite_create(name);
  TCase *all = tcase_create(name);
  tcase_set_timeout(all, 120); /* a hang, and nothing else, takes so long */
  for (size_t i = 0; tests[i]; i++) tcase_add_test(all, tests[i]);
  suite_add_tcase(suite, all);
  SRunner *runner = srunner_create(suite);
  srunner_set_tap(runner, "-");
  srunner_run_all(runner, CK_SILENT);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed > 0;
}
