/* tests/gil/harness.h - real threads, a clock that stands still, and every event on record. Room: tests/gil.
 *
 * THE CLOCK is the test's: it moves only in `clock_advance`, and a park's deadline comes when the clock passes it. So
 * a test never sleeps, and nothing depends on how fast the machine is. Threads park for real (a condition variable).
 *
 * ACTORS are real threads that do one operation at a time when told to, so that a test can say "A holds, B waits, A
 * yields" and be sure of the order. A FROZEN parker does not wake, whatever happens to it, until it is thawed: that
 * is how a test makes a woken thread lose a race.
 *
 * Only the test's own thread asserts. Whatever waits here waits for ever: Check's time limit ends a test that hangs.
 */
#ifndef TESTS_GIL_HARNESS_H
#define TESTS_GIL_HARNESS_H

#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "gil/gil_internal.h"

#define MS INT64_C(1000000)
#define US INT64_C(1000)

/* ---------------------------------------------------------------- the clock ------------------------------------ */

/* Puts the test's clock and parking in the place of the real ones, from 1 s. Once, before the first lock. */
void clock_install(void);

/* Moves the clock and wakes whoever's deadline has come. */
void clock_advance(int64_t ns);

int64_t clock_now(void);

/* Moves the clock and returns when the lock's timekeeper has done all that was due. */
void clock_advance_settled(gil *lock, int64_t ns);
void clock_settle(gil *lock);

void parker_freeze(gil_parker *parker);
void parker_thaw(gil_parker *parker);

/* Whether a thread sleeps there and has no reason to wake. */
bool parker_sleeps(gil_parker *parker);

/* How many sleep with a deadline at this moment. */
int clock_sleepers_with_deadline(void);

/* ---------------------------------------------------------------- a lock under observation --------------------- */

struct world {
  gil *lock;
  struct gil_event *events; /* written under the lock's mutex */
  _Atomic size_t event_count;
  size_t event_max;
  _Atomic unsigned kicks, pokes;
};

/* A lock with a policy given as a person would type it. The caller owns it. */
struct world *world_new(const char *policy);
struct world *world_new_recording(const char *policy, size_t event_max);

/* Destroys the lock and forgets the events. */
void world_free(struct world *world);

/* How many events of this kind there are; `thread` 0 is any. */
unsigned count_events(struct world *world, gil_event_kind kind, uint32_t thread);

/* The last event of this kind. Fails the test if there is none. */
struct gil_event last_event(struct world *world, gil_event_kind kind);

/* Returns when `thread` waits for the lock and is asleep; then nothing moves until the test does something. */
void until_waiting(gil_thread *thread);

bool is_waiting(gil_thread *thread);
gil_thread *holder_of(gil *lock);

/* The text of what is wrong with the recorded sequence of events, or NULL. `sealed`: waits need not end. */
const char *check_events(struct world *world, bool sealed);

/* ---------------------------------------------------------------- actors --------------------------------------- */

enum act { ACT_ENTER, ACT_LEAVE, ACT_CHECKPOINT, ACT_BLOCK_BEGIN, ACT_BLOCK_END, ACT_WAIT, ACT_SEAL, ACT_QUIT };

struct actor {
  gil_thread *thread;
  pthread_t pthread;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  bool has_work;
  enum act act;
  gil_cause cause;
  struct gil_reason reason;
  const struct gil_waitable *on; /* what its waits are for, from now on */
  int result; /* of the last act that returns something */
};

/* A thread attached to the world's lock, which has not entered yet. */
struct actor *actor_new(struct world *world, const char *name);

/* Starts an operation and does not wait for its end. `cause` and `deadline_ns` where the operation takes them. */
void actor_start(struct actor *actor, enum act act, gil_cause cause, int64_t deadline_ns);

bool actor_is_done(struct actor *actor);

/* Waits for the end of the operation and returns its result. */
int actor_finish(struct actor *actor);

/* start and finish. */
int actor_do(struct actor *actor, enum act act, gil_cause cause);
void actor_enter(struct actor *actor);
int actor_checkpoint(struct actor *actor, gil_cause cause);

/* Starts an operation that is to end in the queue, and returns when it is there. */
void actor_queue(struct actor *actor, enum act act, gil_cause cause);

/* Leaves (the lock held) and ends the thread. */
void actor_end(struct actor *actor);

/* Ends the thread, which has left already. */
void actor_quit(struct actor *actor);

/* ---------------------------------------------------------------- running -------------------------------------- */

/* Runs all tests of one case, reports in TAP and returns main's result. */
int run_tests(const char *name, const TTest *const tests[]);

#endif
