/* vm/stream.c - FILEs that let the GIL go while they read, write and close. Room: vm/. Runs on every OS thread that
 * is in a universe; the system calls themselves run without the GIL.
 *
 * A stream is a FILE of glibc's fopencookie over a descriptor. Stock liolib formats and parses on it as on any FILE;
 * when stdio comes to a system call, our callback lets the GIL go around it.
 *
 * THE BUSY PROTOCOL. Inside the callback, stdio's buffer is half-way, and stdio's own lock on the FILE is held by
 * this OS thread. Another thread that touched the FILE now would sleep on that lock with the GIL in its hand, and the
 * first could never come back: deadlock. So the callback marks its stream busy before it lets the GIL go, and clears
 * the mark when it has the GIL again. C code between the callback and its return to Lua never switches; hence a
 * stream that is not busy is consistent, and stays so until somebody lets the GIL go. Whoever wants to use a stream
 * calls vm_stream_enter first, which waits while it is busy. Nothing has to be unlocked, so an error that jumps out
 * of liolib leaves nothing locked.
 *
 * One queue of waiters for each stream, first come, first served: without it, a thread that writes in a loop into a
 * slow pipe would let the GIL go only while the stream is busy, and the others would never find it idle.
 *
 * `user` says who has entered. A callback on behalf of anybody else (a C module's fflush(NULL), which holds stdio's
 * list lock meanwhile; exit's last flush) makes its system call with the GIL held, or without any universe.
 *
 * FINALIZERS can run in the middle of a read, when liolib's buffer grows, and let the GIL go for reasons of their
 * own: one that closes a forgotten popen, for instance. The stream that is being read is half-way then too. So the
 * second door itself (vm_streams_hold) marks every stream that a thread has entered, if the thread is in a finalizer.
 * If it is not, the streams that it seems to have entered are left over from an error that jumped out of liolib, and
 * are forgotten.
 *
 * Never call fflush(NULL) or fcloseall in here: see above.
 */
#include "stream.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct waiter {
  vm_thread *thread;
  struct waiter *next;
};

struct vm_stream {
  vm *universe;
  FILE *file;
  int fd;
  bool owns; /* closes fd; false for the standard streams and those of popen */
  bool is_terminal;
  bool is_closed;         /* freed by the last who waits for it */
  bool is_given_up;       /* a thread that will never run again is inside: no more system calls */
  vm_thread *user;        /* who has entered; may be left over, see above */
  vm_thread *busy;        /* who is inside a system call, without the GIL */
  _Atomic bool writes;    /* that call writes, and has not come to its end; read without the GIL */
  int write_error;        /* errno of the first write that failed */
  const void *flushed_by; /* which call of vm_flush_streams has been here */
  struct waiter *first_waiter, *last_waiter;
  struct vm_stream *next, *prev; /* in vm.streams */
  struct gil_waitable use; /* what others wait for; its owner is `busy` */
  struct gil_reason reason;
  char name[64];
};

/* ---------------------------------------------------------------- busy and idle -------------------------------- */

/* Lua refuses all use of its collector, and answers -1, while it runs a finalizer. */
static bool is_in_finalizer(const vm *universe) { return lua_gc(universe->main_state, LUA_GCISRUNNING) < 0; }

static void set_user(struct vm_stream *stream) {
  if (stream->user == vm_current) return;
  stream->user = vm_current;
  vm_current->entered_streams++;
}

static void set_busy(struct vm_stream *stream, vm_thread *user) {
  stream->busy = user;
  stream->use.owner = user ? user->gil : NULL;
}

static void wake_first_waiter(struct vm_stream *stream) {
  if (stream->first_waiter) gil_wake(stream->first_waiter->thread->gil);
}

/* Returns whether the GIL was let go. */
static bool begin_system_call(struct vm_stream *stream) GIL_TRUSTED {
  vm_thread *self = vm_current;
  if (!self || stream->user != self || !atomic_load_explicit(&self->holding, memory_order_relaxed)) return false;
  set_busy(stream, self);
  self->calling = stream;
  vm_block_begin(&stream->reason);
  return true;
}

static void set_idle(struct vm_stream *stream) {
  set_busy(stream, NULL);
  wake_first_waiter(stream);
}

static void end_system_call(struct vm_stream *stream, bool was_begun) GIL_TRUSTED {
  if (!was_begun) return;
  vm_block_end();
  vm_current->calling = NULL;
  set_idle(stream);
}

/* The usual case, a system call outside finalizers, ends at the first line: all is marked already. */
void vm_streams_hold(vm_thread *self) {
  if (self->calling && self->entered_streams == 1) return;
  bool is_real = is_in_finalizer(self->universe);
  for (struct vm_stream *s = self->universe->streams; s; s = s->next) {
    if (s->user != self || s == self->calling) continue;
    if (is_real)
      set_busy(s, self);
    else
      s->user = NULL;
  }
  if (!is_real) self->entered_streams = self->calling ? 1 : 0;
}

void vm_streams_release(vm_thread *self) {
  if (self->calling && self->entered_streams == 1) return;
  for (struct vm_stream *s = self->universe->streams; s; s = s->next)
    if (s->busy == self && s != self->calling) set_idle(s);
}

/* A system call has failed with errno: is it to be made again? An interrupt (Ctrl-C) ends it, and is raised by
   whoever called into stdio. */
static bool is_to_be_repeated(void) { return errno == EINTR && !vm_is_interrupted(); }

/* ---------------------------------------------------------------- the callbacks -------------------------------- */

static ssize_t read_cookie(void *cookie, char *buffer, size_t bytes) {
  struct vm_stream *stream = cookie;
  if (stream->is_given_up) return 0;
  bool begun = begin_system_call(stream);
  ssize_t result;
  do result = read(stream->fd, buffer, bytes);
  while (result < 0 && is_to_be_repeated());
  /* An end of file for the moment: of an error, the iterator of lines would make a Lua error of its own. */
  if (result < 0 && errno == EINTR && begun) result = 0;
  end_system_call(stream, begun);
  return result;
}

/* What a C module has printed with stdio comes before what we write now, as it would if we shared its FILE. */
static void flush_native(const struct vm_stream *stream) {
  if (stream->fd == STDOUT_FILENO && __fpending(stdout) > 0) fflush(stdout);
}

/* Returns how much was written; for stdio, less than all is an error. */
static ssize_t write_cookie(void *cookie, const char *buffer, size_t bytes) {
  struct vm_stream *stream = cookie;
  if (stream->is_given_up) return (ssize_t)bytes;
  atomic_store_explicit(&stream->writes, true, memory_order_relaxed); /* before the GIL goes, which publishes it */
  bool begun = begin_system_call(stream);
  flush_native(stream);
  size_t written = 0;
  int error = 0;
  while (written < bytes && error == 0) {
    ssize_t result = write(stream->fd, buffer + written, bytes - written);
    if (result < 0 && is_to_be_repeated()) continue;
    if (result < 0)
      error = errno;
    else
      written += (size_t)result;
    /* A signal that comes when a part is written gives a short count, not EINTR. */
    if (error == 0 && written < bytes && vm_is_interrupted()) error = EINTR;
  }
  atomic_store_explicit(&stream->writes, false, memory_order_release); /* pairs with vm_streams_await_writers */
  end_system_call(stream, begun);
  /* An interrupt is reported as such; it says nothing about the file. */
  if (stream->write_error == 0 && error != EINTR) stream->write_error = error;
  if (error) errno = error;
  return (ssize_t)written;
}

static int seek_cookie(void *cookie, off64_t *offset, int whence) {
  const struct vm_stream *stream = cookie;
  off64_t result = lseek64(stream->fd, *offset, whence);
  if (result < 0) return -1;
  *offset = result;
  return 0;
}

static void unlink_stream(struct vm_stream *stream) {
  *(stream->prev ? &stream->prev->next : &stream->universe->streams) = stream->next;
  if (stream->next) stream->next->prev = stream->prev;
}

/* The last that stdio calls. Those who wait for the stream learn that it is closed, and the last of them frees it. */
static int close_cookie(void *cookie) {
  struct vm_stream *stream = cookie;
  int result = 0;
  if (stream->owns) {
    bool begun = begin_system_call(stream);
    result = close(stream->fd); /* not repeated: on Linux the descriptor is gone even after EINTR */
    end_system_call(stream, begun);
  }
  int error = errno;
  unlink_stream(stream);
  vm_stream_leave(stream);
  stream->is_closed = true;
  for (struct waiter *w = stream->first_waiter; w; w = w->next) gil_wake(w->thread->gil);
  if (!stream->first_waiter) free(stream);
  errno = error;
  return result;
}

/* ---------------------------------------------------------------- open, close ---------------------------------- */

struct vm_stream *vm_stream_open(vm *universe, int fd, const char *mode, const char *name, bool owns) {
  const cookie_io_functions_t functions = {
      .read = read_cookie, .write = write_cookie, .seek = seek_cookie, .close = close_cookie};
  struct vm_stream *stream = calloc(1, sizeof *stream);
  if (!stream) return NULL;
  stream->file = fopencookie(stream, mode, functions);
  if (!stream->file) {
    free(stream);
    return NULL;
  }
  /* So that fileno answers what C modules expect (file locks, isatty). All of stdio's own use of the descriptor goes
     through the callbacks. */
  stream->file->_fileno = fd;
  stream->universe = universe;
  stream->fd = fd;
  stream->owns = owns;
  snprintf(stream->name, sizeof stream->name, "%s", name);
  stream->reason = (struct gil_reason){.cause = GIL_CAUSE_IO, .deadline_ns = GIL_NEVER, .what = stream->name};
  int error = errno;
  stream->is_terminal = isatty(fd);
  errno = error;
  if (stream->is_terminal) setvbuf(stream->file, NULL, _IOLBF, 0);
  stream->next = universe->streams;
  if (stream->next) stream->next->prev = stream;
  universe->streams = stream;
  return stream;
}

/* A descriptor that is not ours is not closed: so that nobody who watches fclose (ThreadSanitizer) thinks so, stdio
   gets back the number that fopencookie has given. */
static int close_file(struct vm_stream *stream) {
  if (!stream->owns) stream->file->_fileno = -2;
  return fclose(stream->file);
}

int vm_stream_close(struct vm_stream *stream) {
  set_user(stream);
  return close_file(stream);
}

FILE *vm_stream_file(const struct vm_stream *stream) { return stream->file; }
bool vm_stream_is_terminal(const struct vm_stream *stream) { return stream->is_terminal; }
bool vm_stream_is_given_up(const struct vm_stream *stream) { return stream->is_given_up; }

/* ---------------------------------------------------------------- enter, leave --------------------------------- */

static void append_waiter(struct vm_stream *stream, struct waiter *waiter) {
  *(stream->last_waiter ? &stream->last_waiter->next : &stream->first_waiter) = waiter;
  stream->last_waiter = waiter;
}

static void remove_waiter(struct vm_stream *stream, const struct waiter *waiter) {
  struct waiter *before = NULL;
  struct waiter **link = &stream->first_waiter;
  while (*link != waiter) {
    before = *link;
    link = &before->next;
  }
  *link = waiter->next;
  if (stream->last_waiter == waiter) stream->last_waiter = before;
}

static bool is_my_turn(const struct vm_stream *stream, const struct waiter *me) {
  return !stream->busy && stream->first_waiter == me;
}

/* The slow half of vm_stream_enter. */
static enum vm_stream_entry wait_for_turn(struct vm_stream *stream) {
  struct waiter me = {.thread = vm_current};
  append_waiter(stream, &me);
  while (!stream->is_closed && !is_my_turn(stream, &me) && !vm_is_interrupted()) {
    struct gil_reason reason = stream->reason;
    reason.on = &stream->use;
    vm_wait_quietly(&reason);
  }
  bool my_turn = is_my_turn(stream, &me);
  remove_waiter(stream, &me);
  if (stream->is_closed) {
    if (!stream->first_waiter) free(stream);
    return VM_STREAM_CLOSED;
  }
  /* The next in the queue may find the stream idle without any system call of ours. If not, it waits again. */
  wake_first_waiter(stream);
  return my_turn ? VM_STREAM_ENTERED : VM_STREAM_INTERRUPTED;
}

enum vm_stream_entry vm_stream_enter(struct vm_stream *stream, bool *waited) {
  *waited = false;
  if (stream->is_given_up) return VM_STREAM_GIVEN_UP;
  /* If it is ours already, we are in a finalizer in the middle of our own use of it: no queueing then. */
  if (stream->user != vm_current && (stream->busy || stream->first_waiter)) {
    *waited = true;
    enum vm_stream_entry entry = wait_for_turn(stream);
    if (entry != VM_STREAM_ENTERED) return entry;
  }
  set_user(stream);
  return VM_STREAM_ENTERED;
}

void vm_stream_leave(struct vm_stream *stream) {
  if (!stream->user) return;
  stream->user = NULL;
  if (vm_current->entered_streams > 0) vm_current->entered_streams--;
}

/* ---------------------------------------------------------------- all streams of a universe -------------------- */

static struct vm_stream *next_to_flush(const vm *universe, const void *flusher) {
  for (struct vm_stream *s = universe->streams; s; s = s->next)
    if (s->flushed_by != flusher && !s->is_given_up && __fpending(s->file) > 0) return s;
  return NULL;
}

#define WRITERS_SECONDS 1.0 /* a write that takes longer is one that a full pipe blocks */
#define WRITERS_STEP_SECONDS 0.001

/* A daemon's write may carry what others have put into the same buffer before: the program must not end under it. */
void vm_streams_await_writers(vm *universe) {
  int64_t deadline_ns = gil_deadline_in(WRITERS_SECONDS);
  for (struct vm_stream *s = universe->streams; s; s = s->next) {
    while (s->busy && atomic_load_explicit(&s->writes, memory_order_acquire) && gil_now_ns() < deadline_ns) {
      const struct gil_reason reason = {
          .cause = GIL_CAUSE_IO, .deadline_ns = gil_deadline_in(WRITERS_STEP_SECONDS), .what = s->name};
      vm_wait_quietly(&reason);
      if (vm_is_interrupted()) return;
    }
  }
}

/* Each stream is flushed once, even if others go on writing; and the list is read anew each time, since others may
   have changed it meanwhile. A stream that cannot be entered because of an interrupt keeps its data. */
int vm_flush_streams(vm *universe) {
  const char me = 0; /* its address tells this call from others that are under way */
  for (struct vm_stream *s = universe->streams; s; s = s->next)
    if (s->flushed_by == &me) s->flushed_by = NULL;
  int error = 0;
  for (struct vm_stream *s; (s = next_to_flush(universe, &me));) {
    s->flushed_by = &me;
    bool waited;
    if (vm_stream_enter(s, &waited) != VM_STREAM_ENTERED) continue;
    if (fflush(s->file) != 0 && s->fd <= STDERR_FILENO) error = errno;
    vm_stream_leave(s);
  }
  if (error == 0) return 0;
  errno = error;
  return -1;
}

void vm_streams_give_up(vm *universe) {
  for (struct vm_stream *s = universe->streams; s; s = s->next) {
    s->first_waiter = s->last_waiter = NULL;
    if (s->busy && s->busy != vm_current) s->is_given_up = true;
  }
}

/* fflush on standard input too: on a file it puts the offset back to where the script has read to, for the program
   that reads on. Streams that a script has left open stay for exit. */
static void finish_stream(struct vm_stream *stream, bool is_standard) {
  stream->user = NULL;
  if (stream->is_given_up) return; /* stays for ever, for the thread that is inside */
  if (is_standard || __fpending(stream->file) > 0) fflush(stream->file);
}

int vm_streams_finish(vm *universe) {
  int error = 0;
  struct vm_stream *next;
  for (struct vm_stream *s = universe->streams; s; s = next) {
    next = s->next;
    bool is_standard = !s->owns && s->fd <= STDERR_FILENO;
    finish_stream(s, is_standard);
    if (is_standard && s->fd == STDOUT_FILENO && error == 0) error = s->write_error;
    if (is_standard && !s->is_given_up) close_file(s);
  }
  if (error == 0) return 0;
  dprintf(STDERR_FILENO, "gilvm: cannot write to standard output: %s\n", strerror(error));
  return -1;
}
