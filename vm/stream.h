/* vm/stream.h - a FILE whose system calls pass the second door. Room: vm/; for iolib.c and what stands beside it.
 * Everything here runs with the GIL held. How it works is told in stream.c. */
#ifndef VM_STREAM_H
#define VM_STREAM_H

#include "vm_internal.h"

struct vm_stream;

/* A stream over `fd`. `mode` is that of fopen; `fd` was opened to suit it. The stream closes `fd` in the end if
   `owns`. `name` is what a wait for it is called; it is copied, and cut if long. NULL and errno: `fd` is still the
   caller's. */
struct vm_stream *vm_stream_open(vm *universe, int fd, const char *mode, const char *name, bool owns);

/* Only between enter and leave may this be given to a function of stdio that can come to a system call. */
FILE *vm_stream_file(const struct vm_stream *stream);

enum vm_stream_entry {
  VM_STREAM_ENTERED,
  VM_STREAM_CLOSED,      /* another thread has closed it meanwhile; the pointer is stale */
  VM_STREAM_GIVEN_UP,    /* a thread that will never run again is inside */
  VM_STREAM_INTERRUPTED, /* an interrupt is pending, or the wait would be a deadlock; not entered */
};

/* Waits until no other thread is inside a system call on the stream, and until those who came earlier have had it.
   Sets *waited if others may have run. Raises nothing. May switch. */
enum vm_stream_entry vm_stream_enter(struct vm_stream *stream, bool *waited);

/* To be called at the end of what enter has begun; harmless if an error jumps over it. */
void vm_stream_leave(struct vm_stream *stream);

/* fclose: frees the stream. Requires: entered, or known to nobody else. Returns 0, or EOF and errno. May switch. */
int vm_stream_close(struct vm_stream *stream);

bool vm_stream_is_terminal(const struct vm_stream *stream);

/* No other thread of the universe will run again: those who wait for a stream are forgotten, and streams that one is
   inside of are given up. */
void vm_streams_give_up(vm *universe);
/* Waits, for a bounded time, until no write of another thread is under way. Requires: the lock is sealed, so that none
   begins. */
void vm_streams_await_writers(vm *universe);
bool vm_stream_is_given_up(const struct vm_stream *stream);

#endif
