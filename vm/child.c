/* vm/child.c - processes that a script starts. Room: vm/. Any thread of a universe; libc's own functions, which are
 * thread-safe, run without the GIL.
 *
 * A child inherits the signal mask of the thread that starts it. Workers block no signals, so that it can be ended by
 * Ctrl-C or by kill whoever has started it.
 */
#include "child.h"

#include <errno.h>
#include <stdlib.h>

#include "vm_internal.h"

FILE *vm_child_popen(const char *command, const char *mode) GIL_TRUSTED {
  const struct gil_reason reason = {.cause = GIL_CAUSE_IO, .deadline_ns = GIL_NEVER, .what = command};
  vm_block_begin(&reason);
  FILE *process = popen(command, mode);
  vm_block_end();
  return process;
}

/* An exit status is no error: luaL_execresult would take a leftover of errno for one. */
static int forget_errno_of_success(int status) {
  if (status != -1) errno = 0;
  return status;
}

int vm_child_pclose(FILE *process) GIL_TRUSTED {
  const struct gil_reason reason = {
      .cause = GIL_CAUSE_IO, .deadline_ns = GIL_NEVER, .what = "end of a child process"};
  vm_block_begin(&reason);
  int status = forget_errno_of_success(pclose(process));
  vm_block_end();
  return status;
}

/* system ignores SIGINT and SIGQUIT in the whole process while the child runs, as it does under lua. */
int vm_child_system(const char *command) GIL_TRUSTED {
  const struct gil_reason reason = {.cause = GIL_CAUSE_IO, .deadline_ns = GIL_NEVER, .what = command};
  vm_block_begin(&reason);
  int status = forget_errno_of_success(system(command));
  vm_block_end();
  return status;
}
