/* tests/gil/checker.c - is a recorded sequence of events one that a lock can have? Room: tests/gil. Runs on the
 * test's thread after the fact.
 *
 * Each thread goes through the states below, the lock has one holder or none, and what an event says of others (who
 * held the lock before, who asked and when, since when the thread waited) must be what earlier events said. The
 * counts must be those of the statistics.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

enum state {
  ABSENT,
  WANTS,       /* attached, unblocked or yielding: WAIT or TAKE comes next */
  WAITS,       /* in the queue: TAKE ends it */
  HOLDS,
  LETS_GO,     /* through door 2: BLOCK comes next */
  BLOCKED,
  LEAVES,      /* DETACH comes next */
  GONE
};

struct thread_state {
  enum state state;
  int64_t wait_since_ns; /* as TAKE must say it: 0 without a WAIT */
};

struct checker {
  struct thread_state *threads;
  uint32_t thread_max;
  uint32_t holder, last_holder;
  uint8_t last_cause;
  bool asked;
  uint32_t asker;
  int64_t asked_ns, last_ns;
  uint64_t takes, switches, asks, lost_races, by_cause[GIL_CAUSE_COUNT];
};

static char complaint[256];

static bool wrong(const struct gil_event *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(const struct gil_event *event, const char *format, ...) {
  int used = snprintf(complaint, sizeof complaint, "at %" PRId64 " ns, thread %u, kind %u, cause %s: ",
                      event->time_ns, event->thread, event->kind, gil_cause_name(event->cause));
  va_list args;
  va_start(args, format);
  vsnprintf(complaint + used, sizeof complaint - (size_t)used, format, args);
  va_end(args);
  return false;
}

static bool check_take(struct checker *c, struct thread_state *thread, const struct gil_event *event) {
  if (c->holder) return wrong(event, "takes a lock that %u holds", c->holder);
  if (thread->state != WANTS && thread->state != WAITS) return wrong(event, "takes in state %d", (int)thread->state);
  if (event->other != c->last_holder)
    return wrong(event, "says %u held it before, %u did", event->other, c->last_holder);
  if (event->since_ns != thread->wait_since_ns) return wrong(event, "is wrong about the start of its wait");
  if (c->last_holder && c->last_holder != event->thread) {
    c->switches++;
    c->by_cause[c->last_cause]++;
  }
  c->takes++;
  c->holder = c->last_holder = event->thread;
  c->asked = false;
  *thread = (struct thread_state){.state = HOLDS};
  return true;
}

static bool check_let_go(struct checker *c, struct thread_state *thread, const struct gil_event *event) {
  if (c->holder != event->thread || thread->state != HOLDS) return wrong(event, "lets go of what it does not hold");
  if (event->cause >= GIL_CAUSE_COUNT) return wrong(event, "no such cause");
  if (event->since_ns != (c->asked ? c->asked_ns : 0)) return wrong(event, "is wrong about when it was asked");
  if (event->other != (c->asked ? c->asker : 0)) return wrong(event, "is wrong about who asked");
  if (event->cause == GIL_CAUSE_INTERVAL && !c->asked) return wrong(event, "was not asked");
  c->holder = 0;
  c->last_cause = event->cause;
  thread->state = event->cause == GIL_CAUSE_EXIT ? LEAVES : event->cause <= GIL_CAUSE_YIELD ? WANTS : LETS_GO;
  return true;
}

static bool check_ask(struct checker *c, const struct gil_event *event) {
  if (c->holder != event->thread) return wrong(event, "is asked but does not hold the lock");
  if (c->asked) return wrong(event, "is asked twice in one hold");
  if (event->other && c->threads[event->other].state != WAITS)
    return wrong(event, "%u asks and does not wait", event->other);
  c->asked = true;
  c->asker = event->other;
  c->asked_ns = event->time_ns;
  c->asks++;
  return true;
}

/* A change of a thread's state that depends on nothing else. */
static bool check_step(struct thread_state *thread, const struct gil_event *event, enum state from, enum state to) {
  if (thread->state != from) return wrong(event, "in state %d, not %d", (int)thread->state, (int)from);
  thread->state = to;
  return true;
}

static bool check_one(struct checker *c, const struct gil_event *event) {
  if (event->thread == 0 || event->thread >= c->thread_max) return wrong(event, "no such thread");
  if (event->time_ns < c->last_ns) return wrong(event, "time runs backwards, it was %" PRId64, c->last_ns);
  c->last_ns = event->time_ns;
  struct thread_state *thread = &c->threads[event->thread];
  switch ((gil_event_kind)event->kind) {
    case GIL_EVENT_ATTACH:
      return check_step(thread, event, ABSENT, WANTS);
    case GIL_EVENT_DETACH:
      return check_step(thread, event, LEAVES, GONE);
    case GIL_EVENT_WAIT:
      if (event->other != c->holder) return wrong(event, "says %u holds the lock, %u does", event->other, c->holder);
      thread->wait_since_ns = event->time_ns;
      return check_step(thread, event, WANTS, WAITS);
    case GIL_EVENT_TAKE:
      return check_take(c, thread, event);
    case GIL_EVENT_LOST_RACE:
      if (!c->holder || event->other != c->holder)
        return wrong(event, "lost against %u, %u holds", event->other, c->holder);
      c->lost_races++;
      return check_step(thread, event, WAITS, WAITS);
    case GIL_EVENT_ASK:
      return check_ask(c, event);
    case GIL_EVENT_LET_GO:
      return check_let_go(c, thread, event);
    case GIL_EVENT_BLOCK:
      return check_step(thread, event, LETS_GO, BLOCKED);
    case GIL_EVENT_UNBLOCK:
      return check_step(thread, event, BLOCKED, WANTS);
  }
  return wrong(event, "no such kind");
}

static const char *check_counts(const struct checker *c, gil *lock) {
  const char *what = NULL;
  struct gil_snapshot *snapshot = gil_snapshot_take(lock);
  if (!snapshot) return "out of memory";
  if (snapshot->lock.acquisitions != c->takes) what = "acquisitions are not the TAKE events";
  if (snapshot->lock.switches != c->switches) what = "switches are not the changes of holder";
  if (snapshot->lock.asks != c->asks) what = "asks are not the ASK events";
  if (snapshot->lock.lost_races != c->lost_races) what = "lost races are not the LOST_RACE events";
  for (int i = 0; i < GIL_CAUSE_COUNT; i++)
    if (snapshot->lock.by_cause[i] != c->by_cause[i]) what = "switches by cause are not those of the events";
  free(snapshot);
  return what;
}

const char *check_events(struct world *world, bool sealed) {
  size_t count = atomic_load_explicit(&world->event_count, memory_order_acquire);
  struct checker c = {.thread_max = 1};
  const char *what = NULL;
  for (size_t i = 0; i < count; i++)
    if (world->events[i].thread >= c.thread_max) c.thread_max = world->events[i].thread + 1;
  c.threads = calloc(c.thread_max, sizeof *c.threads);
  if (!c.threads) return "out of memory";
  for (size_t i = 0; i < count && !what; i++) {
    if (world->events[i].lock != gil_id(world->lock)) what = "an event of another lock";
    else if (!check_one(&c, &world->events[i])) what = complaint;
  }
  for (uint32_t i = 1; i < c.thread_max && !what && !sealed; i++)
    if (c.threads[i].state == WAITS || c.threads[i].state == WANTS) what = "a thread wants the lock for ever";
  if (!what) what = check_counts(&c, world->lock);
  free(c.threads);
  return what;
}
