/* vm/child.c - processes that a script starts. Room: vm/. Any thread of a universe; libc's own functions, which are
 * thread-safe, run without the GIL.
 *
 * OS threads other than the process's first one block nearly all signals (workers/os_thread.c), and a child inherits
 * the mask of the thread that starts it: a child of a worker could not be ended by Ctrl-C or by kill. So the mask is
 * opened while a child is started.
 */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "vm_internal.h"

/* Returns whether there is a mask to put back. */
static bool open_signals(sigset_t *before) {
  if (gettid() == getpid()) return false;
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_UNBLOCK, &all, before);
  return true;
}

static void restore_signals(bool opened, const sigset_t *before) {
  if (opened) pthread_sigmask(SIG_SETMASK, before, NULL);
}

FILE *vm_child_popen(const char *command, const char *mode) GIL_TRUSTED {
  const struct gil_reason reason = {.cause = GIL_CAUSE_IO, .deadline_ns = GIL_NEVER, .what = command};
  vm_block_begin(&reason);
  sigset_t before;
  bool opened = open_signals(&before);
  FILE *process = popen(command, mode);
  restore_signals(opened, &before);
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
  sigset_t before;
  bool opened = open_signals(&before);
  int status = forget_errno_of_success(system(command));
  restore_signals(opened, &before);
  vm_block_end();
  return status;
}
