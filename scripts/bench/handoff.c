/* scripts/bench/handoff.c - what it costs to pass the lock on, against the least that the system can do: two threads
 * that wake each other through a bare futex. Room: scripts/bench. Uses gil/ only; two threads at a time run here.
 *
 * A handoff is the way from "one thread lets go" to "the other one runs", wake-up included. Three ways are measured
 * in turn, several times over, and the medians are printed:
 *
 *   futex        each thread has a word; to pass the turn is FUTEX_WAKE on the other's and FUTEX_WAIT on one's own
 *   checkpoint   policy `fifo`, both threads always want the lock, each yields at once: handoff through door 1
 *   wait         policy `fifo`, gil_wake for the other and gil_wait for oneself: what locks and queues do (door 2)
 *
 * Both with the threads on two CPUs and with both on one, since the system's share differs. It never fails for being
 * slow. Usage: handoff [ROUNDS [HANDOFFS]]
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gil/gil.h"

#define ROUNDS_MAX 101

static long handoffs = 20000;
static int cpus[2]; /* where the two threads of a pair run */

static void die(const char *what, int error) {
  fprintf(stderr, "handoff: %s: %s\n", what, strerror(error));
  exit(1);
}

static void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  int error = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
  if (error) die("pthread_setaffinity_np", error);
}

/* Runs `body` on two threads, with 0 and 1; the first returns how long it took, in nanoseconds. */
static double run_pair(void *(*body)(void *)) {
  pthread_t threads[2];
  void *ns;
  for (intptr_t i = 0; i < 2; i++) {
    int error = pthread_create(&threads[i], NULL, body, (void *)i);
    if (error) die("pthread_create", error);
  }
  pthread_join(threads[0], &ns);
  pthread_join(threads[1], NULL);
  return (double)(intptr_t)ns / (double)handoffs;
}

/* ---------------------------------------------------------------- the floor ------------------------------------ */

static _Atomic uint32_t turn[2]; /* 1: it is this thread's turn */

static void futex_give(int to) {
  atomic_store(&turn[to], 1);
  syscall(SYS_futex, &turn[to], FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void futex_take(int me) {
  while (!atomic_exchange(&turn[me], 0)) syscall(SYS_futex, &turn[me], FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void *futex_body(void *arg) {
  int me = (int)(intptr_t)arg;
  pin(cpus[me]);
  if (me == 0)
    futex_take(0); /* the other is there */
  else
    futex_give(0);
  int64_t start = gil_now_ns();
  for (long i = 0; i < handoffs / 2; i++) {
    if (me == 1) futex_take(1);
    futex_give(1 - me);
    if (me == 0) futex_take(0);
  }
  return (void *)(intptr_t)(gil_now_ns() - start);
}

/* ---------------------------------------------------------------- through the lock ----------------------------- */

static gil *lock;
static gil_thread *threads[2];
static bool present[2]; /* under the lock */
static bool over;       /* under the lock */

/* The second thread is at the lock, and the two take turns from now on. */
static void meet(int me) GIL_REQUIRES(gil_held) {
  present[me] = true;
  while (!present[1 - me]) gil_checkpoint(threads[me], GIL_CAUSE_YIELD);
}

static void *checkpoint_body(void *arg) {
  int me = (int)(intptr_t)arg;
  pin(cpus[me]);
  gil_enter(threads[me]);
  meet(me);
  int64_t start = gil_now_ns();
  if (me == 0) {
    for (long i = 0; i < handoffs / 2; i++) gil_checkpoint(threads[0], GIL_CAUSE_YIELD);
    over = true;
  } else {
    while (!over) gil_checkpoint(threads[1], GIL_CAUSE_YIELD);
  }
  int64_t end = gil_now_ns();
  gil_leave(threads[me]);
  return (void *)(intptr_t)(end - start);
}

static int whose_turn; /* under the lock */

static void *wait_body(void *arg) {
  const struct gil_reason reason = {.cause = GIL_CAUSE_QUEUE, .deadline_ns = GIL_NEVER};
  int me = (int)(intptr_t)arg;
  pin(cpus[me]);
  gil_enter(threads[me]);
  meet(me);
  int64_t start = gil_now_ns();
  for (long i = 0; i < handoffs / 2; i++) {
    while (whose_turn != me) gil_wait(threads[me], &reason);
    whose_turn = 1 - me;
    gil_wake(threads[1 - me]);
  }
  int64_t end = gil_now_ns();
  gil_leave(threads[me]);
  return (void *)(intptr_t)(end - start);
}

static double run_at_lock(void *(*body)(void *)) {
  struct gil_policy_choice choice;
  char message[256];
  if (gil_policy_parse("fifo", &choice, message, sizeof message)) die(message, EINVAL);
  lock = gil_create(&choice, NULL);
  if (!lock) die("gil_create", ENOMEM);
  present[0] = present[1] = over = false;
  whose_turn = 0;
  for (int i = 0; i < 2; i++) {
    int error = gil_attach(lock, i ? "right" : "left", NULL, &threads[i]);
    if (error) die(gil_strerror(error), ENOMEM);
  }
  double ns = run_pair(body);
  gil_destroy(lock);
  return ns;
}

/* ---------------------------------------------------------------- the table ------------------------------------ */

static int by_size(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return left < right ? -1 : left > right;
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, by_size);
  return values[count / 2];
}

static void measure(const char *where, int rounds) {
  static double futex[ROUNDS_MAX], checkpoint[ROUNDS_MAX], wait[ROUNDS_MAX];
  for (int i = 0; i < rounds; i++) {
    turn[0] = turn[1] = 0;
    futex[i] = run_pair(futex_body);
    checkpoint[i] = run_at_lock(checkpoint_body);
    wait[i] = run_at_lock(wait_body);
  }
  double floor = median(futex, rounds), door1 = median(checkpoint, rounds), door2 = median(wait, rounds);
  printf("handoff, checkpoint, %-8s  futex %6.2f us   gil %6.2f us   ratio %.2f   target 1.50\n", where, floor / 1e3,
         door1 / 1e3, door1 / floor);
  printf("handoff, wait/wake,  %-8s  futex %6.2f us   gil %6.2f us   ratio %.2f\n", where, floor / 1e3, door2 / 1e3,
         door2 / floor);
}

/* The first two CPUs that we may run on; the same twice if there is one only. */
static int find_cpus(int found[2]) {
  cpu_set_t set;
  int count = 0;
  if (sched_getaffinity(0, sizeof set, &set)) die("sched_getaffinity", errno);
  for (int cpu = 0; cpu < CPU_SETSIZE && count < 2; cpu++)
    if (CPU_ISSET(cpu, &set)) found[count++] = cpu;
  return count;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 15;
  if (argc > 2) handoffs = atol(argv[2]);
  if (rounds < 1 || rounds > ROUNDS_MAX || handoffs < 2) {
    fprintf(stderr, "usage: handoff [ROUNDS (1 to %d) [HANDOFFS (at least 2)]]\n", ROUNDS_MAX);
    return 2;
  }
  int found[2];
  if (find_cpus(found) == 2) {
    cpus[0] = found[0], cpus[1] = found[1];
    measure("two CPUs", rounds);
  }
  cpus[0] = cpus[1] = found[0];
  measure("one CPU", rounds);
  return 0;
}
