/* workers/processes.c - copies of a script in forked processes. Room: workers/. The parent has no universe and one
 * thread, so there is nothing to repair after the fork; it waits for exactly its children and reports how each of
 * them ended.
 *
 *   no orphan    a child is killed when its parent dies (PR_SET_PDEATHSIG), also if it died before that was arranged
 *   no zombie    every child is waited for by its own process id
 *   all or none  children wait at a gate, a pipe whose other end the parent closes when all of them exist; so they
 *                also begin at the same time
 *   figures      a child writes its lock's statistics into a file in memory that the parent has made for it
 *   Ctrl-C       the terminal sends it to the whole process group; if somebody sends it to the parent alone, that
 *                passes it on; it does not end before its children have
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workers_internal.h"

struct child {
  pid_t pid;   /* 0: not started, or waited for */
  int figures; /* a file in memory; -1: none */
};

struct family {
  const struct copies_spec *spec;
  struct copies_result *out;
  struct child *children;
  unsigned started, running;
  int gate[2];
  sigset_t signals, signals_before; /* what the parent waits for; the mask that children get back */
  bool interrupted;
};

/* ---------------------------------------------------------------- the child ------------------------------------ */

static bool write_all(int fd, const void *data, size_t bytes) {
  for (const char *at = data; bytes > 0;) {
    ssize_t written = write(fd, at, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    bytes -= (size_t)written;
  }
  return true;
}

static void wait_at_gate(const struct family *family) {
  char nothing;
  close(family->gate[1]);
  while (read(family->gate[0], &nothing, 1) < 0 && errno == EINTR) continue;
  close(family->gate[0]);
}

_Noreturn static void run_child(struct family *family, unsigned index, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(EXIT_FAILURE); /* it died before the line above */
  sigprocmask(SIG_SETMASK, &family->signals_before, NULL);
  wait_at_gate(family);
  struct copy_job job;
  copy_describe(&job, family->spec, family->out, index);
  job.reseed = true;
  vm_signals_begin();
  int error = copy_run_alone(&job);
  if (error) copy_not_run(&job, error);
  int figures = family->children[index - 1].figures;
  if (figures >= 0 && job.snapshot && *job.snapshot)
    write_all(figures, *job.snapshot, gil_snapshot_bytes(*job.snapshot));
  fflush(NULL);
  _exit(job.result->status);
}

/* ---------------------------------------------------------------- starting ------------------------------------- */

static bool start_child(struct family *family, unsigned index) {
  struct child *child = &family->children[index - 1];
  child->figures = family->spec->want_snapshots ? memfd_create("gilvm figures", MFD_CLOEXEC) : -1;
  pid_t parent = getpid(), pid = fork();
  if (pid == 0) run_child(family, index, parent);
  if (pid < 0) return false;
  child->pid = pid;
  family->started++;
  family->running++;
  return true;
}

/* Not all could be started: those that wait at the gate never pass it. */
static int take_back(struct family *family, int error) {
  for (unsigned i = 0; i < family->started; i++) kill(family->children[i].pid, SIGKILL);
  for (unsigned i = 0; i < family->started; i++)
    while (waitpid(family->children[i].pid, NULL, 0) < 0 && errno == EINTR) continue;
  copies_complain("cannot start process %u of %u: %s; nothing was run", family->started + 1, family->spec->count,
                  strerror(error));
  return GIL_E_THREADS;
}

static int start_all(struct family *family) {
  if (pipe2(family->gate, O_CLOEXEC) != 0) {
    copies_complain("cannot start processes: no pipe: %s", strerror(errno));
    return GIL_E_THREADS;
  }
  fflush(NULL); /* what is in buffers now would be written by every child as well */
  int error = 0;
  for (unsigned i = 1; i <= family->spec->count && !error; i++)
    if (!start_child(family, i)) error = errno;
  int result = error ? take_back(family, error) : GIL_OK;
  close(family->gate[1]);
  close(family->gate[0]);
  return result;
}

/* ---------------------------------------------------------------- the end of a child --------------------------- */

/* What the child has written, or NULL if it died before it could, or in the middle of it. */
static struct gil_snapshot *read_figures(int fd) {
  struct stat status;
  struct gil_snapshot *snapshot = NULL;
  if (fstat(fd, &status) == 0 && status.st_size >= (off_t)sizeof *snapshot) snapshot = malloc((size_t)status.st_size);
  if (!snapshot) return NULL;
  if (pread(fd, snapshot, (size_t)status.st_size, 0) == status.st_size &&
      gil_snapshot_bytes(snapshot) == (size_t)status.st_size)
    return snapshot;
  free(snapshot);
  return NULL;
}

static void note_end(struct family *family, unsigned i, int how) {
  struct child *child = &family->children[i];
  struct copy_result *result = &family->out->copies[i];
  if (WIFSIGNALED(how)) {
    result->signal = WTERMSIG(how) == VM_SIGNAL_PASSED_ON ? SIGINT : WTERMSIG(how); /* before it could handle it */
    const char *name = sigabbrev_np(result->signal);
    if (!(family->interrupted && result->signal == SIGINT))
      copies_complain("copy %u (process %d) was killed by signal %d (SIG%s)", i + 1, (int)child->pid, result->signal,
                      name ? name : "?");
  } else {
    result->status = WEXITSTATUS(how);
    if (result->status && family->spec->count > 1 && !family->interrupted)
      copies_complain("copy %u failed with exit status %d", i + 1, result->status);
  }
  if (child->figures >= 0) family->out->snapshots[i] = read_figures(child->figures);
  child->pid = 0;
  family->running--;
}

static void collect(struct family *family) {
  for (unsigned i = 0; i < family->started; i++) {
    int how;
    pid_t pid = family->children[i].pid;
    if (pid && waitpid(pid, &how, WNOHANG) == pid) note_end(family, i, how);
  }
}

/* The first time the children may have got it as well, from the terminal or with the whole process group. */
static void note_signal(struct family *family, const siginfo_t *signal) {
  if (signal->si_signo != SIGINT) return;
  int passed_on = family->interrupted ? SIGINT : VM_SIGNAL_PASSED_ON;
  family->interrupted = true;
  for (unsigned i = 0; i < family->started; i++)
    if (family->children[i].pid) kill(family->children[i].pid, passed_on);
}

/* The signals are blocked and fetched here: no handler, and none that comes between looking and sleeping is lost. */
static void wait_for_all(struct family *family) {
  const struct timespec at_once = {0};
  siginfo_t signal;
  for (;;) {
    while (sigtimedwait(&family->signals, &signal, &at_once) > 0) note_signal(family, &signal);
    collect(family);
    if (family->running == 0) return;
    if (sigwaitinfo(&family->signals, &signal) > 0) note_signal(family, &signal);
  }
}

/* ---------------------------------------------------------------- the whole ------------------------------------ */

int processes_run(const struct copies_spec *spec, struct copies_result *out) {
  struct family family = {.spec = spec, .out = out, .children = calloc(spec->count, sizeof *family.children)};
  if (!family.children) return GIL_E_MEMORY;
  for (unsigned i = 0; i < spec->count; i++) family.children[i].figures = -1;
  /* With SIGCHLD ignored, as some parents leave it, the system would throw the exit statuses away. */
  struct sigaction standard = {.sa_handler = SIG_DFL}, child_before;
  sigaction(SIGCHLD, &standard, &child_before);
  sigemptyset(&family.signals);
  sigaddset(&family.signals, SIGCHLD);
  sigaddset(&family.signals, SIGINT);
  sigprocmask(SIG_BLOCK, &family.signals, &family.signals_before);
  int error = start_all(&family);
  if (!error) wait_for_all(&family);
  for (unsigned i = 0; i < spec->count; i++)
    if (family.children[i].figures >= 0) close(family.children[i].figures);
  sigprocmask(SIG_SETMASK, &family.signals_before, NULL);
  sigaction(SIGCHLD, &child_before, NULL);
  free(family.children);
  return error;
}
