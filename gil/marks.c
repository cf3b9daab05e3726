/* gil/marks.c - what a program says of its own progress: units of work, and how long its operations took. Room: gil/.
 * Runs on any thread that holds the lock.
 *
 * A unit of work is counted in the thread's own counter, which only that thread writes; it is atomic for the sake of
 * a snapshot that somebody takes without the lock. A latency goes into a histogram of its name under the lock's mutex:
 * it is as rare as the operations that are worth measuring, and the mutex is held for moments.
 */
#include <stdlib.h>
#include <string.h>

#include "gil_internal.h"

void gil_mark_work(gil_thread *thread, uint64_t units) {
  uint64_t done = atomic_load_explicit(&thread->work, memory_order_relaxed);
  atomic_store_explicit(&thread->work, done + units, memory_order_relaxed);
}

static struct gil_latency *find(gil *lock, const char *name) GIL_REQUIRES(lock->mutex) {
  for (uint32_t i = 0; i < lock->latency_count; i++)
    if (strncmp(lock->latencies[i]->name, name, GIL_NAME_BYTES - 1) == 0) return lock->latencies[i];
  return NULL;
}

/* Only the holder of the GIL makes names, so nobody makes the same one between the two looks at the table. */
static int add_name(gil *lock, const char *name) GIL_TRUSTED {
  struct gil_latency *latency = calloc(1, sizeof *latency);
  if (!latency) return GIL_E_MEMORY;
  memcpy(latency->name, name, strnlen(name, GIL_NAME_BYTES - 1));
  gil_mutex_lock(&lock->mutex);
  bool has_room = lock->latency_count < GIL_LATENCIES_MAX;
  if (has_room) lock->latencies[lock->latency_count++] = latency;
  gil_mutex_unlock(&lock->mutex);
  if (!has_room) free(latency);
  return has_room ? GIL_OK : GIL_E_LATENCIES;
}

static bool add_time(gil *lock, const char *name, int64_t ns) GIL_TRUSTED {
  gil_mutex_lock(&lock->mutex);
  struct gil_latency *latency = find(lock, name);
  if (latency) gil_histogram_add(&latency->times, ns);
  gil_mutex_unlock(&lock->mutex);
  return latency != NULL;
}

int gil_mark_latency(gil_thread *thread, const char *name, int64_t ns) {
  gil *lock = thread->lock;
  if (add_time(lock, name, ns)) return GIL_OK;
  int error = add_name(lock, name);
  if (!error) add_time(lock, name, ns);
  return error;
}

void gil_free_latencies(gil *lock) {
  for (uint32_t i = 0; i < lock->latency_count; i++) free(lock->latencies[i]);
}
