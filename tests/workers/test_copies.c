/* tests/workers/test_copies.c - workers_run_copies from C, for what no script can reach: a setup that fails, a fork
 * that the system refuses, figures of each copy, children that are left. Real processes, real threads. */
#include <check.h>
#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workers/workers.h"

static const enum worker_mode modes[] = {WORKER_SERIAL, WORKER_THREADS, WORKER_INTERPRETERS, WORKER_PROCESSES};

/* Shared with forked copies. */
struct counts {
  _Atomic int setups, bodies;
  _Atomic unsigned copies_seen; /* bit i: copy i */
};
static struct counts *counts;

static void share_counts(void) {
  counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ck_assert_ptr_ne(counts, MAP_FAILED);
}

static int open_workers(lua_State *L) {
  workers_open(L);
  return 0;
}

static int set_up(lua_State *L, void *user) {
  counts->setups++;
  lua_pushcfunction(L, open_workers);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) return 99;
  return *(int *)user;
}

/* Copy i ends with the status that is the i-th of the array after the setup's. */
static int run_body(lua_State *L, void *user) {
  (void)L;
  int copy = vm_thread_copy(vm_self());
  counts->bodies++;
  counts->copies_seen |= 1U << copy;
  if (((int *)user)[copy] < 0) raise(-((int *)user)[copy]);
  return ((int *)user)[copy];
}

static struct copies_spec spec_of(enum worker_mode mode, unsigned count, int *statuses) {
  struct copies_spec spec = {.mode = mode, .count = count, .setup = set_up, .body = run_body, .user = statuses,
                             .want_snapshots = true};
  char message[128];
  ck_assert_int_eq(gil_policy_parse("cpython", &spec.vm.policy, message, sizeof message), GIL_OK);
  return spec;
}

static void assert_no_children(void) {
  ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
  ck_assert_int_eq(errno, ECHILD);
}

START_TEST(test_each_copy_runs_once_and_keeps_its_status) {
  int statuses[] = {0, 0, 5, 0, 7};
  struct copies_spec spec = spec_of(modes[_i], 4, statuses);
  struct copies_result result;
  ck_assert_int_eq(workers_run_copies(&spec, &result), GIL_OK);
  ck_assert_uint_eq(result.count, 4);
  for (int copy = 1; copy <= 4; copy++) {
    ck_assert_int_eq(result.copies[copy - 1].status, statuses[copy]);
    ck_assert_int_eq(result.copies[copy - 1].signal, 0);
  }
  ck_assert_int_eq(copies_exit_status(&result), 5);
  ck_assert_int_eq(counts->bodies, 4);
  ck_assert_uint_eq(counts->copies_seen, 2 + 4 + 8 + 16);
  ck_assert_int_eq(counts->setups, modes[_i] == WORKER_THREADS ? 1 : 4);
  copies_result_finish(&result);
  assert_no_children();
}
END_TEST

START_TEST(test_a_setup_that_fails_gives_all_copies_its_status) {
  int statuses[] = {3, 0, 0, 0};
  struct copies_spec spec = spec_of(modes[_i], 3, statuses);
  struct copies_result result;
  ck_assert_int_eq(workers_run_copies(&spec, &result), GIL_OK);
  for (unsigned i = 0; i < 3; i++) ck_assert_int_eq(result.copies[i].status, 3);
  ck_assert_int_eq(counts->bodies, 0);
  copies_result_finish(&result);
}
END_TEST

START_TEST(test_every_lock_has_its_figures) {
  int statuses[] = {0, 0, 0, 0};
  struct copies_spec spec = spec_of(modes[_i], 3, statuses);
  struct copies_result result;
  ck_assert_int_eq(workers_run_copies(&spec, &result), GIL_OK);
  bool shares = modes[_i] == WORKER_THREADS;
  ck_assert_uint_eq(result.snapshot_count, shares ? 1 : 3);
  for (unsigned i = 0; i < result.snapshot_count; i++) {
    const struct gil_snapshot *snapshot = result.snapshots[i];
    ck_assert_ptr_nonnull(snapshot);
    ck_assert_uint_eq(snapshot->thread_count, shares ? 3 : 1);
    char name[GIL_NAME_BYTES];
    snprintf(name, sizeof name, "copy %u", i + 1);
    ck_assert_str_eq(snapshot->threads[0].name, name);
    ck_assert_int_gt(snapshot->threads[0].hold_ns, 0);
  }
  copies_result_finish(&result);
}
END_TEST

START_TEST(test_one_copy_is_called_main_and_prints_nothing) {
  int statuses[] = {0, 4};
  struct copies_spec spec = spec_of(modes[_i], 1, statuses);
  struct copies_result result;
  ck_assert_int_eq(workers_run_copies(&spec, &result), GIL_OK);
  ck_assert_int_eq(copies_exit_status(&result), 4);
  ck_assert_str_eq(result.snapshots[0]->threads[0].name, "main");
  copies_result_finish(&result);
  assert_no_children();
}
END_TEST

START_TEST(test_a_killed_process_is_told_from_one_that_failed) {
  int statuses[] = {0, 0, -SIGKILL, 1};
  struct copies_spec spec = spec_of(WORKER_PROCESSES, 3, statuses);
  struct copies_result result;
  ck_assert_int_eq(workers_run_copies(&spec, &result), GIL_OK);
  ck_assert_int_eq(result.copies[1].signal, SIGKILL);
  ck_assert_int_eq(result.copies[2].status, 1);
  ck_assert_int_eq(copies_exit_status(&result), 128 + SIGKILL);
  ck_assert_ptr_null(result.snapshots[1]);
  ck_assert_ptr_nonnull(result.snapshots[2]);
  copies_result_finish(&result);
  assert_no_children();
}
END_TEST

START_TEST(test_exit_statuses_survive_a_parent_that_ignored_sigchld) {
  int statuses[] = {0, 0, 6};
  signal(SIGCHLD, SIG_IGN);
  struct copies_spec spec = spec_of(WORKER_PROCESSES, 2, statuses);
  struct copies_result result;
  ck_assert_int_eq(workers_run_copies(&spec, &result), GIL_OK);
  ck_assert_int_eq(copies_exit_status(&result), 6);
  copies_result_finish(&result);
}
END_TEST

/* The limit counts the processes of a user, and does not hold root: so as a user who has no others. */
START_TEST(test_a_refused_fork_leaves_nothing_behind_and_runs_nothing) {
  int statuses[64] = {0};
  const uid_t nobody_else = 54321;
  if (geteuid() != 0) return; /* cannot become somebody else, and the own user's processes are not ours to count */
  ck_assert_int_eq(setresuid(nobody_else, nobody_else, nobody_else), 0);
  const struct rlimit few = {4, 4};
  ck_assert_int_eq(setrlimit(RLIMIT_NPROC, &few), 0);
  struct copies_spec spec = spec_of(WORKER_PROCESSES, 10, statuses);
  struct copies_result result;
  ck_assert_int_eq(workers_run_copies(&spec, &result), GIL_E_THREADS);
  ck_assert_int_eq(counts->setups, 0);
  assert_no_children();
}
END_TEST

START_TEST(test_modes_have_names_that_parse) {
  static const char *const names[] = {"serial", "threads", "interpreters", "processes"};
  for (int i = 0; i < 4; i++) {
    enum worker_mode mode;
    ck_assert_str_eq(worker_mode_name(modes[i]), names[i]);
    ck_assert(worker_mode_parse(names[i], &mode));
    ck_assert_int_eq(mode, modes[i]);
  }
  enum worker_mode mode = WORKER_SERIAL;
  ck_assert(!worker_mode_parse("thread", &mode));
  ck_assert(!worker_mode_parse("", &mode));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("copies");
  TCase *copies = tcase_create("copies");
  tcase_add_checked_fixture(copies, share_counts, NULL);
  tcase_set_timeout(copies, 60);
  tcase_add_loop_test(copies, test_each_copy_runs_once_and_keeps_its_status, 0, 4);
  tcase_add_loop_test(copies, test_a_setup_that_fails_gives_all_copies_its_status, 0, 4);
  tcase_add_loop_test(copies, test_every_lock_has_its_figures, 0, 4);
  tcase_add_loop_test(copies, test_one_copy_is_called_main_and_prints_nothing, 0, 4);
  tcase_add_test(copies, test_a_killed_process_is_told_from_one_that_failed);
  tcase_add_test(copies, test_exit_statuses_survive_a_parent_that_ignored_sigchld);
  tcase_add_test(copies, test_a_refused_fork_leaves_nothing_behind_and_runs_nothing);
  tcase_add_test(copies, test_modes_have_names_that_parse);
  suite_add_tcase(suite, copies);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_SILENT);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
