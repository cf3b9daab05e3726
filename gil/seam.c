/* gil/seam.c - time and parking. Room: gil/. Any thread; gil_unpark also from signal handlers.
 *
 * A parker is one word on a futex: EMPTY, TOKEN (a wake is kept) or PARKED (somebody sleeps on it). The sleeper is
 * always one and the same thread; wakers may be many. The futex rather than a condition variable, since the hand over
 * of the lock is the hot path of a contended program and costs 2.0 us instead of 3.3 us this way.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gil_internal.h"

enum { EMPTY = 0, TOKEN = 1, PARKED = 2 };

static int64_t real_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Takes the token if there is one. Acquire pairs with the release in real_unpark: what the waker wrote is seen. */
static bool take_token(gil_parker *parker) {
  uint32_t token = TOKEN;
  return atomic_compare_exchange_strong_explicit(&parker->state, &token, EMPTY, memory_order_acquire,
                                                 memory_order_relaxed);
}

static int real_park(gil_parker *parker, int64_t deadline_ns) {
  if (take_token(parker)) return 0;
  if (deadline_ns < 0) deadline_ns = 0; /* the system would refuse it, and a caller that tries again never end */
  struct timespec deadline = {.tv_sec = deadline_ns / 1000000000, .tv_nsec = deadline_ns % 1000000000};
  const struct timespec *until = deadline_ns == GIL_NEVER ? NULL : &deadline;
  uint32_t empty = EMPTY;
  if (!atomic_compare_exchange_strong_explicit(&parker->state, &empty, PARKED, memory_order_relaxed,
                                               memory_order_relaxed)) {
    take_token(parker); /* it came between the two exchanges */
    return 0;
  }
  /* FUTEX_WAIT_BITSET is the variant with an absolute deadline, on the monotonic clock unless told otherwise. */
  long rc = syscall(SYS_futex, &parker->state, FUTEX_WAIT_BITSET_PRIVATE, PARKED, until, NULL,
                    FUTEX_BITSET_MATCH_ANY);
  int error = rc == 0 ? 0 : errno;
  uint32_t old = atomic_exchange_explicit(&parker->state, EMPTY, memory_order_acquire);
  return old != TOKEN && error == ETIMEDOUT ? GIL_E_TIMEOUT : 0;
}

static void real_unpark(gil_parker *parker) {
  uint32_t old = atomic_exchange_explicit(&parker->state, TOKEN, memory_order_release);
  if (old == PARKED) syscall(SYS_futex, &parker->state, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static const struct gil_seam real = {real_now_ns, real_park, real_unpark};
static const struct gil_seam *seam = &real;

void gil_set_seam(const struct gil_seam *other) { seam = other ? other : &real; }

int64_t gil_now_ns(void) { return seam->now_ns(); }

int gil_park(gil_parker *parker, int64_t deadline_ns) { return seam->park(parker, deadline_ns); }

void gil_unpark(gil_parker *parker) { seam->unpark(parker); }

int64_t gil_deadline_in(double seconds) {
  int64_t now = gil_now_ns();
  if (!(seconds > 0)) return now; /* NaN too */
  /* 2^62 ns are 146 years: past that nobody waits to see the difference. */
  return seconds < 4.6e9 ? now + (int64_t)(seconds * 1e9) : GIL_NEVER;
}

void gil_mutex_lock(struct gil_mutex *mutex) GIL_TRUSTED {
  int error = pthread_mutex_lock(&mutex->pthread);
  if (error) gil_fatal("pthread_mutex_lock", error);
}

void gil_mutex_unlock(struct gil_mutex *mutex) GIL_TRUSTED {
  int error = pthread_mutex_unlock(&mutex->pthread);
  if (error) gil_fatal("pthread_mutex_unlock", error);
}

void gil_fatal(const char *what, int error) {
  fprintf(stderr, "gilvm: fatal: %s: %s\n", what, strerror(error));
  abort();
}

const char *gil_strerror(int error) {
  switch (error) {
#define ERROR_TEXT(name, value, text) \
  case name:                          \
    return text;
    GIL_ERRORS(ERROR_TEXT)
#undef ERROR_TEXT
  }
  return "unknown error";
}

const char *gil_cause_name(gil_cause cause) {
  static const char *const names[] = {
#define CAUSE_NAME(name, text) text,
      GIL_CAUSES(CAUSE_NAME)
#undef CAUSE_NAME
  };
  return (unsigned)cause < GIL_CAUSE_COUNT ? names[cause] : "?";
}
