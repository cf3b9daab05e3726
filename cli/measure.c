/* cli/measure.c - one run of copies in a process of its own, and what it cost. Room: cli/. Main thread only; the
 * child of measure_run is where scripts run.
 *
 * A process of its own for each run, so that memory and CPU time are the run's alone, and nothing that a script does
 * to its process reaches the next run. It leads a process group, so that Ctrl-C reaches the measuring process only,
 * which then kills the group; and it dies with the measuring process, whatever becomes of that.
 *
 * SIGNALS are blocked while a run is measured, but for the moments in which the parent sleeps. The stop signal of
 * Ctrl-Z is blocked even then: it takes effect between two runs, where no clock is running.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

/* ---------------------------------------------------------------- signals -------------------------------------- */

static const int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { STOP_SIGNALS = sizeof stop_signals / sizeof stop_signals[0] };

static volatile sig_atomic_t stop_signal;
static struct sigaction actions_before[STOP_SIGNALS];

static void on_stop(int signal) { stop_signal = signal; }

void measure_begin(void) {
  stop_signal = 0;
  struct sigaction action = {.sa_handler = on_stop}; /* no SA_RESTART: ppoll is to end */
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < STOP_SIGNALS; i++) {
    sigaction(stop_signals[i], NULL, &actions_before[i]);
    if (actions_before[i].sa_handler != SIG_IGN) sigaction(stop_signals[i], &action, NULL);
  }
}

void measure_end(void) {
  for (int i = 0; i < STOP_SIGNALS; i++) sigaction(stop_signals[i], &actions_before[i], NULL);
}

int measure_stopped(void) { return stop_signal; }

/* Blocks the stop signals and Ctrl-Z; `before` is the mask to return to, `asleep` the one to sleep with. */
static void block_signals(sigset_t *before, sigset_t *asleep) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTSTP);
  for (int i = 0; i < STOP_SIGNALS; i++) sigaddset(&blocked, stop_signals[i]);
  sigprocmask(SIG_BLOCK, &blocked, before);
  *asleep = *before;
  sigaddset(asleep, SIGTSTP);
}

/* ---------------------------------------------------------------- the child ------------------------------------ */

struct run {
  const struct copies_spec *spec;
  struct measure_report *report; /* shared with the child */
  int input, output, errors;     /* what the child gets as standard streams */
  sigset_t signals_before, signals_asleep;
  pid_t parent;
};

static int run_copies(const struct copies_spec *spec, struct measure_report *report) {
  struct copies_result result;
  int error = workers_run_copies(spec, &result);
  if (error) {
    fprintf(stderr, "gilvm: cannot start %s: %s\n", worker_mode_name(spec->mode), gil_strerror(error));
    return 1;
  }
  int status = copies_exit_status(&result);
  if (!measure_fill_report(&result, report)) {
    fputs("gilvm: not enough memory for the figures of the run\n", stderr);
    if (status == 0) status = 1;
  }
  copies_result_finish(&result);
  return status;
}

static _Noreturn void be_child(const struct run *run) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != run->parent) _exit(1); /* it died before it could be watched */
  measure_end();
  sigprocmask(SIG_SETMASK, &run->signals_before, NULL);
  if (dup2(run->input, STDIN_FILENO) < 0 || dup2(run->output, STDOUT_FILENO) < 0 ||
      dup2(run->errors, STDERR_FILENO) < 0)
    _exit(1);
  int status = run_copies(run->spec, run->report);
  if (fflush(stdout) != 0 && status == 0) status = 1;
  _exit(status); /* not exit: what was set up before the fork is the parent's */
}

/* ---------------------------------------------------------------- the parent ----------------------------------- */

/* Sleeps until `deadline_ns`, the end of the process behind `pidfd`, or a signal. Returns whether the process
   ended. */
static bool sleep_until(int pidfd, int64_t deadline_ns, const sigset_t *mask) {
  struct pollfd poll = {.fd = pidfd, .events = POLLIN};
  struct timespec timeout, *limit = NULL;
  if (deadline_ns != GIL_NEVER) {
    int64_t left = deadline_ns - gil_now_ns();
    if (left < 0) left = 0;
    timeout = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    limit = &timeout;
  }
  return ppoll(&poll, 1, limit, mask) == 1;
}

static void await_end(pid_t child, int pidfd, const struct run *run, struct measured *out) {
  struct pss_sampler sampler;
  pss_begin(&sampler, child);
  while (!stop_signal && !sleep_until(pidfd, sampler.next_ns, &run->signals_asleep))
    if (gil_now_ns() >= sampler.next_ns) pss_sample(&sampler);
  if (stop_signal) kill(-child, SIGKILL);
  out->pss_kb = pss_end(&sampler);
}

static int64_t ns_of(struct timeval time) { return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000; }

static void reap(pid_t child, struct measured *out) {
  siginfo_t info;
  while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) continue;
  out->wall_ns += gil_now_ns();
  /* Whoever outlives a killed run is a copy that has lost its parent. The group's number is still ours: not
     reaped. */
  if (info.si_code != CLD_EXITED) kill(-child, SIGKILL);
  int status = 0;
  struct rusage usage;
  while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR) continue;
  out->cpu_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
  out->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int start_and_await(struct run *run, struct measured *out) {
  fflush(NULL); /* or the child would write it a second time */
  run->parent = getpid();
  out->wall_ns = -gil_now_ns();
  pid_t child = fork();
  if (child == 0) be_child(run);
  if (child < 0) return -1;
  setpgid(child, child); /* both do it, since neither knows who comes first */
  int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
  int error = pidfd < 0 ? errno : 0;
  if (pidfd < 0)
    kill(-child, SIGKILL);
  else
    await_end(child, pidfd, run, out);
  reap(child, out);
  if (pidfd >= 0) close(pidfd);
  errno = error;
  return error ? -1 : 0;
}

/* Appending: several copies write at once, and without it two may write in the same place (the system guards the offset of
   ordinary files only). */
static int open_capture(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd >= 0) fcntl(fd, F_SETFL, O_APPEND);
  return fd;
}

static int open_streams(struct run *run, bool keep_output, struct measured *out) {
  run->input = open("/dev/null", O_RDWR | O_CLOEXEC);
  out->errors = open_capture("stderr");
  out->output = keep_output ? open_capture("stdout") : -1;
  run->errors = out->errors;
  run->output = keep_output ? out->output : run->input;
  return run->input < 0 || run->errors < 0 || run->output < 0 ? -1 : 0;
}

int measure_run(const struct copies_spec *spec, bool keep_output, struct measured *out) {
  *out = (struct measured){.output = -1, .errors = -1};
  struct run run = {.spec = spec, .input = -1};
  struct measure_report *report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                                       0);
  if (report == MAP_FAILED) return -1;
  run.report = report;
  int rc = open_streams(&run, keep_output, out);
  if (rc == 0) {
    block_signals(&run.signals_before, &run.signals_asleep);
    rc = start_and_await(&run, out);
    int error = errno;
    sigprocmask(SIG_SETMASK, &run.signals_before, NULL);
    errno = error;
  }
  out->report = *report;
  int error = errno;
  munmap(report, sizeof *report);
  if (run.input >= 0) close(run.input);
  errno = error;
  return rc;
}

void measured_finish(struct measured *measured) {
  if (measured->output >= 0) close(measured->output);
  if (measured->errors >= 0) close(measured->errors);
  measured->output = measured->errors = -1;
}
