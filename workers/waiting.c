/* workers/waiting.c - how a thread waits for another one: in a queue, first come, first served. Room: workers/. Runs
 * on any thread of a universe, with its GIL held, which guards the queues.
 *
 * A waiter is a node on the C stack of the thread that waits. Whoever ends the wait takes the node out of its queue
 * and writes an answer into it; so an answer is never given to a thread that has gone, and what was handed over
 * together with the answer (a lock) is never lost, however close the deadline was.
 */
#include <math.h>

#include "workers_internal.h"

static void append(struct waiter_queue *queue, struct waiter *waiter) {
  waiter->next = NULL;
  waiter->prev = queue->last;
  *(queue->last ? &queue->last->next : &queue->first) = waiter;
  queue->last = waiter;
}

static void take_out(struct waiter_queue *queue, struct waiter *waiter) {
  *(waiter->prev ? &waiter->prev->next : &queue->first) = waiter->next;
  *(waiter->next ? &waiter->next->prev : &queue->last) = waiter->prev;
}

int wait_in_queue(struct waiter_queue *queue, struct thread *self, const struct gil_reason *reason) {
  if (reason->deadline_ns != GIL_NEVER && reason->deadline_ns <= gil_now_ns()) return WAIT_TIMEOUT; /* a try */
  struct waiter node = {.gil = vm_thread_gil(vm_self()), .who = self};
  locks_note_wait(self);
  append(queue, &node);
  /* A wake may be late, from a wait before this one: only the answer counts. */
  int timeout = 0;
  while (!node.answer && !timeout && !vm_is_interrupted()) timeout = vm_wait_quietly(reason);
  if (node.answer) return node.answer;
  take_out(queue, &node);
  return vm_is_interrupted() ? WAIT_INTERRUPTED : WAIT_TIMEOUT;
}

/* Called by C functions of Lua, which cannot carry the annotation: the GIL is held. */
gil_thread *wait_answer_unwoken(struct waiter_queue *queue, struct waiter *waiter, int answer) GIL_TRUSTED {
  take_out(queue, waiter);
  waiter->answer = answer;
  gil_wait_is_over(waiter->gil);
  return waiter->gil;
}

void wait_answer(struct waiter_queue *queue, struct waiter *waiter, int answer) {
  gil_wake(wait_answer_unwoken(queue, waiter, answer));
}

void wait_answer_all(struct waiter_queue *queue, int answer) {
  while (queue->first) wait_answer(queue, queue->first, answer);
}

void wait_raise(lua_State *L) {
  vm_raise_pending(L);
  luaL_error(L, "interrupted!"); /* not reached: nobody else takes back what is pending for this thread */
  __builtin_unreachable();
}

double wait_check_seconds(lua_State *L, int arg, const char *what) {
  double seconds = luaL_checknumber(L, arg);
  if (isnan(seconds)) luaL_argerror(L, arg, lua_pushfstring(L, "%s is not a number (nan)", what));
  if (seconds < 0) luaL_argerror(L, arg, lua_pushfstring(L, "%s must not be negative", what));
  return seconds;
}

int64_t wait_check_timeout(lua_State *L, int arg) {
  if (lua_isnoneornil(L, arg)) return GIL_NEVER;
  return gil_deadline_in(wait_check_seconds(L, arg, "timeout"));
}

int wait_push_timeout(lua_State *L) {
  lua_pushnil(L);
  lua_pushliteral(L, "timeout");
  return 2;
}
