/* scripts/bench/thread_start.c - the floor of thread_start.lua: prints the microseconds that pthread_create and
 * pthread_join of a thread with nothing to do take, on the average of argv[1] of them. Room: scripts/bench. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gil/gil.h"

static void *do_nothing(void *arg) { return arg; }

int main(int argc, char **argv) {
  long count = argc == 2 ? atol(argv[1]) : 0;
  if (count < 1) {
    fputs("usage: thread_start COUNT\n", stderr);
    return 2;
  }
  int64_t start = gil_now_ns();
  for (long i = 0; i < count; i++) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, do_nothing, NULL);
    if (!error) error = pthread_join(thread, NULL);
    if (error) {
      fprintf(stderr, "thread_start: %s\n", strerror(error));
      return 1;
    }
  }
  printf("%.3f\n", (double)(gil_now_ns() - start) / 1e3 / (double)count);
  return 0;
}
