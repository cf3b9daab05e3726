/* workers/os_thread.c - how an OS thread is made. Room: workers/. Any thread; touches neither Lua nor a lock. */
#include <signal.h>

#include "workers_internal.h"

/* Lua nests C calls up to 200 deep. The most that its libraries need for that is 450 KiB (string.gsub whose
   replacement function calls string.gsub ...). Only what is touched becomes memory, so thousands of these stacks cost
   little. Sanitizers make frames several times larger. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_BYTES (4096 * 1024)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define STACK_BYTES (4096 * 1024)
#endif
#endif
#ifndef STACK_BYTES
#define STACK_BYTES (1024 * 1024)
#endif

/* What a worker must not take from the main thread: Ctrl-C above all, and every other signal sent to the process.
   Left open are the kick of the checkpoint (SIGURG), what a thread does to itself, and what profilers send. */
static void signals_to_block(sigset_t *set) {
  static const int open[] = {SIGURG, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPIPE, SIGPROF};
  sigfillset(set);
  for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) sigdelset(set, open[i]);
}

int os_thread_start(void *(*run)(void *), void *arg, pthread_t *joinable) {
  pthread_attr_t attr;
  int error = pthread_attr_init(&attr);
  if (error) return error;
  error = pthread_attr_setstacksize(&attr, STACK_BYTES);
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
