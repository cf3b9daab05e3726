/* workers/os_thread.c - how an OS thread is made. Room: workers/. Any thread; touches neither Lua nor a lock. */
#include <signal.h>

#include "workers_internal.h"

/* A Lua state's C stack stays small: nested C calls are limited to 200, and Lua's own stack is on the heap. Sanitizers
   make frames several times larger. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_FACTOR 4
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define STACK_FACTOR 4
#endif
#endif
#ifndef STACK_FACTOR
#define STACK_FACTOR 1
#endif

const size_t os_thread_small_stack = 256 * 1024 * STACK_FACTOR;
const size_t os_thread_large_stack = 1024 * 1024 * STACK_FACTOR;

/* What a worker must not take from the main thread: Ctrl-C above all, and every other signal sent to the process. Left
   open are the kick of the checkpoint (SIGURG), what a thread does to itself, and what profilers send. */
static void signals_to_block(sigset_t *set) {
  static const int open[] = {SIGURG, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPIPE, SIGPROF};
  sigfillset(set);
  for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) sigdelset(set, open[i]);
}

int os_thread_start(size_t stack_bytes, void *(*run)(void *), void *arg, pthread_t *joinable) {
  pthread_attr_t attr;
  int error = pthread_attr_init(&attr);
  if (error) return error;
  error = pthread_attr_setstacksize(&attr, stack_bytes);
  if (error) gil_fatal("pthread_attr_setstacksize", error);
  pthread_attr_setdetachstate(&attr, joinable ? PTHREAD_CREATE_JOINABLE : PTHREAD_CREATE_DETACHED);
  /* The mask is inherited: set here, there is no moment in which the new thread could take a signal. */
  sigset_t blocked, before;
  signals_to_block(&blocked);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  pthread_t thread;
  error = pthread_create(joinable ? joinable : &thread, &attr, run, arg);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
  return error;
}
