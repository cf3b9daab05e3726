/* workers/os_thread.c - how an OS thread is made. Room: workers/. Any thread; touches neither Lua nor a lock. */
#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>

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

/* Where address space is short (ulimit -v), the last stack that fits would leave nothing to say so with. So a reserve is
   kept while threads are started, and given back when the system refuses one. */
enum { RESERVE_BYTES = 4 * 1024 * 1024 };
static void *_Atomic reserve;

static bool have_reserve(void) {
  if (atomic_load(&reserve)) return true;
  void *block = mmap(NULL, RESERVE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (block == MAP_FAILED) return false;
  void *none = NULL;
  if (!atomic_compare_exchange_strong(&reserve, &none, block)) munmap(block, RESERVE_BYTES); /* another was faster */
  return true;
}

static void give_reserve_back(void) {
  void *block = atomic_exchange(&reserve, NULL);
  if (block) munmap(block, RESERVE_BYTES);
}

int os_thread_start(void *(*run)(void *), void *arg, pthread_t *joinable) {
  if (!have_reserve()) return EAGAIN;
  pthread_attr_t attr;
  int error = pthread_attr_init(&attr);
  if (error) return error;
  error = pthread_attr_setstacksize(&attr, STACK_BYTES);
  if (error) gil_fatal("pthread_attr_setstacksize", error);
  pthread_attr_setdetachstate(&attr, joinable ? PTHREAD_CREATE_JOINABLE : PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  error = pthread_create(joinable ? joinable : &thread, &attr, run, arg);
  pthread_attr_destroy(&attr);
  if (error) give_reserve_back();
  return error;
}
