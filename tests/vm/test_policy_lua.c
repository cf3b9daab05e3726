/* tests/vm/test_policy_lua.c - policies in Lua: what their files may say, what their functions are told and answer,
 * and what becomes of those that fail. Room: tests/vm. The lock is under observation as in tests/gil: real threads,
 * on a clock that stands still. argv[1] is the folder of the finished policies. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/gil/harness.h"
#include "vm/vm.h"

static const char *finished_policies;
static char path[64];
static char message[512];

static struct world *world;
static struct actor *a, *b, *c;

/* ---------------------------------------------------------------- files ---------------------------------------- */

/* Writes a policy's file, and forgets it with the test's process (Check runs each test in a fork). */
static void remove_file(void) { unlink(path); }

static void given_file(const char *text) {
  strcpy(path, "/tmp/gilvm-test-XXXXXX.lua");
  int fd = mkstemps(path, 4);
  ck_assert_int_ge(fd, 0);
  ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
  atexit(remove_file);
}

static int parse(const char *parameters, struct gil_policy_choice *out) {
  char text[256];
  snprintf(text, sizeof text, "%s%s", path, parameters);
  vm_enable_lua_policies();
  return gil_policy_parse(text, out, message, sizeof message);
}

static struct gil_policy_choice parsed(const char *parameters) {
  struct gil_policy_choice choice = {0};
  int error = parse(parameters, &choice);
  ck_assert_msg(error == GIL_OK, "%s", message);
  return choice;
}

/* The file is refused, with a message that contains `part`. */
static void refused(const char *text, const char *part) {
  struct gil_policy_choice choice = {0};
  given_file(text);
  int error = parse("", &choice);
  unlink(path);
  ck_assert_int_ne(error, GIL_OK);
  ck_assert_ptr_null(choice.policy);
  ck_assert_msg(strstr(message, part) && strstr(message, path) && !strchr(message, '\n'), "'%s' in: %s", part,
                message);
}

START_TEST(test_a_file_describes_its_policy) {
  given_file("return { name = 'n', summary = 's', badly = 'b', source = 'o', lets_go = function() end,\n"
             "  params = { zeta = { count = 3, max = 9, help = 'z' }, alpha = { time = '2ms' } } }");
  struct gil_policy_choice choice = parsed(":zeta=4");
  ck_assert_str_eq(choice.policy->name, path); /* as it is typed */
  ck_assert_str_eq(choice.policy->models, "n, a policy in Lua");
  ck_assert_str_eq(choice.policy->summary, "s");
  ck_assert_str_eq(choice.policy->badly, "b");
  ck_assert_str_eq(choice.policy->source, "o");
  ck_assert_int_eq(gil_policy_param_index(choice.policy, "alpha"), 0);
  ck_assert_int_eq(gil_policy_param_index(choice.policy, "zeta"), 1);
  ck_assert_int_eq(choice.values[0], 2 * MS);
  ck_assert_int_eq(choice.values[1], 4);
  ck_assert(!choice.policy->tick);
  ck_assert(choice.policy->waits);
  struct gil_policy_choice none;
  ck_assert_int_eq(parse(":zeta=10", &none), GIL_E_PARAMETER);
  ck_assert_str_eq(message, "zeta=10: outside the range 0 to 9");
  ck_assert_int_eq(parse(":beta=1", &none), GIL_E_PARAMETER);
  ck_assert_ptr_nonnull(strstr(message, "has no parameter 'beta'; it has: alpha=2ms, zeta=3"));
}
END_TEST

START_TEST(test_the_same_file_is_the_same_policy_until_it_changes) {
  given_file("return { lets_go = function() end }");
  const struct gil_policy *first = parsed("").policy;
  ck_assert_ptr_eq(parsed("").policy, first);
  FILE *file = fopen(path, "w");
  fputs("return { lets_go = function(lock) return lock:first() end }", file);
  fclose(file);
  ck_assert_ptr_ne(parsed("").policy, first);
}
END_TEST

START_TEST(test_files_that_are_no_policies_are_refused_with_a_sentence) {
  refused("return {", "1: unexpected symbol near <eof>");
  refused("error 'boom'", "1: boom");
  refused("error {}", "it raises an error that is no text");
  refused("return 3", "returns a number: a policy is a file that returns a table");
  refused("", "returns a nil");
  refused("return {}", "it lacks the function 'lets_go'");
  refused("return { lets_go = 3 }", "'lets_go' is a number: it should be a function");
  refused("return { lets_go = print, tock = print }", "a policy has no use for 'tock'; it knows: name, ");
  refused("return { lets_go = print, 5 }", "a policy has no use for 'a key that is no text'");
  refused("return { lets_go = print, summary = {} }", "'summary' is a table: it should be a text");
  refused("while true do end", "it does not come to an end");
  refused("while true do pcall(function() while true do end end) end", "it does not come to an end");
  refused("local s = 'x' while true do s = s .. s end", "it needs more than 16 MiB of memory");
  refused("require 'gilvm.thread'", "global 'require'");
  refused("io.write 'x'", "global 'io'");
  refused("os.exit()", "global 'os'");
  refused("setmetatable({}, { __gc = print })", "a policy has no finalizers");
  refused("\033Lua", "attempt to load a binary chunk");
}
END_TEST

START_TEST(test_parameters_that_make_no_sense_are_refused) {
  refused("return { lets_go = print, params = 3 }", "'params' is a number: it should be a table");
  refused("return { lets_go = print, params = { 3 } }", "the name of a parameter consists of letters");
  refused("return { lets_go = print, params = { ['a=b'] = {} } }", "the name of a parameter consists of letters");
  refused("return { lets_go = print, params = { a = 3 } }", "parameter 'a': it should be a table");
  refused("return { lets_go = print, params = { a = {} } }", "should have either 'time' or 'count'");
  refused("return { lets_go = print, params = { a = { time = '1s', count = 1 } } }", "either 'time' or 'count'");
  refused("return { lets_go = print, params = { a = { time = 5 } } }", "'time' is a text like \"5ms\"");
  refused("return { lets_go = print, params = { a = { time = '5' } } }", "a=5: a time is a number with its unit");
  refused("return { lets_go = print, params = { a = { count = 1.5 } } }", "'count' is not a whole number");
  refused("return { lets_go = print, params = { a = { count = 5, max = 4 } } }", "outside its own range");
  refused("return { lets_go = print, params = { a = { count = 5, least = 4 } } }",
          "no use for 'least'; it knows: time");
  refused("local p = {} for i = 1, 9 do p['p' .. i] = { count = i } end return { lets_go = print, params = p }",
          "8 parameters at most");
}
END_TEST

START_TEST(test_a_file_that_is_not_there_is_named) {
  struct gil_policy_choice choice;
  strcpy(path, "./no/such.lua");
  ck_assert_int_eq(parse("", &choice), GIL_E_POLICY);
  ck_assert_str_eq(message, "cannot read the policy './no/such.lua': No such file or directory");
  strcpy(path, "./policy.txt");
  ck_assert_int_eq(parse("", &choice), GIL_E_POLICY);
  ck_assert_str_eq(message, "'./policy.txt': the file of a policy ends in .lua or .so");
}
END_TEST

/* ---------------------------------------------------------------- at work -------------------------------------- */

/* What the policy has printed: it goes past the test's own standard error. */
static int saved_stderr, printed[2];

static void given_lock(const char *parameters) {
  struct gil_policy_choice choice = parsed(parameters);
  clock_install();
  world = world_new_recording("cooperative", 100000);
  ck_assert_int_eq(pipe(printed), 0);
  saved_stderr = dup(STDERR_FILENO);
  dup2(printed[1], STDERR_FILENO);
  close(printed[1]);
  gil_set_policy(world->lock, &choice);
}

static const char *all_printed(void) {
  static char text[16384];
  dup2(saved_stderr, STDERR_FILENO);
  close(saved_stderr);
  ssize_t length = read(printed[0], text, sizeof text - 1);
  text[length > 0 ? length : 0] = '\0';
  return text;
}

/* A holds, B and C wait in this order. */
static void given_a_holds_and_two_wait(const char *name_a, const char *name_b, const char *name_c) {
  a = actor_new(world, name_a);
  actor_enter(a);
  b = actor_new(world, name_b);
  actor_queue(b, ACT_ENTER, 0);
  c = actor_new(world, name_c);
  actor_queue(c, ACT_ENTER, 0);
}

static void everybody_leaves(void) {
  struct actor *left[] = {a, b, c};
  for (int count = 3; count > 0; count--) {
    int i = 0;
    while (!left[i] || holder_of(world->lock) != left[i]->thread) i = (i + 1) % 3;
    actor_finish(left[i]);
    actor_end(left[i]);
    left[i] = NULL;
  }
  world_free(world);
}

static const char *policy_in_force(void) {
  struct gil_policy_choice choice;
  gil_get_policy(world->lock, &choice);
  return choice.policy->name;
}

START_TEST(test_every_event_arrives_with_what_belongs_to_it) {
  given_file(
      "local function show(what) return function(lock, thread, ...)\n"
      "    print(what, thread.name, thread.id, ...)\n"
      "    return what == 'yields' or what == 'lets_go' and lock:first() or nil\n"
      "  end end\n"
      "return { params = { p = { count = 7 } },\n"
      "  starts = function(lock, now) print('starts', now, lock.params.p, lock.holder, lock.is_asked) end,\n"
      "  waits = function(lock, thread, now) print('waits', thread.name, now) return now + 1000000 end,\n"
      "  patience_ends = function(lock, thread, now)\n"
      "    print('patience_ends', thread.name, now) lock:ask(thread) lock:set_tick(now + 500000) end,\n"
      "  tick = function(lock, now) print('tick', now, lock.is_asked, lock.holder.name, lock.switch_number) end,\n"
      "  takes = show 'takes', yields = show 'yields', lets_go = show 'lets_go' }");
  given_lock(":p=8");
  a = actor_new(world, "A");
  actor_enter(a);
  b = actor_new(world, "B");
  actor_queue(b, ACT_ENTER, 0);
  clock_advance_settled(world->lock, MS);
  clock_advance_settled(world->lock, MS / 2);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  actor_finish(b);
  ck_assert_str_eq(all_printed(), "starts\t1000000000\t8\tnil\tfalse\n"
                                  "takes\tA\t1\t1000000000\n"
                                  "waits\tB\t1000000000\n"
                                  "patience_ends\tB\t1001000000\n"
                                  "tick\t1001500000\ttrue\tA\t0\n"
                                  "yields\tA\t1\tinterval\t1001500000\n"
                                  "lets_go\tA\t1\tinterval\t1001500000\n"
                                  "takes\tB\t2\t1001500000\n"
                                  "waits\tA\t1001500000\n");
}
END_TEST

START_TEST(test_the_choice_may_be_any_waiter) {
  given_file("return { lets_go = function(lock)\n"
             "  local last for thread in lock:waiters() do last = thread end return last end }");
  given_lock("");
  given_a_holds_and_two_wait("A", "B", "C");
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  ck_assert_ptr_eq(holder_of(world->lock), c->thread);
  actor_finish(c);
  actor_queue(c, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  everybody_leaves();
}
END_TEST

START_TEST(test_open_competition_leaves_the_lock_free_and_a_forced_switch_does_not_come_back) {
  given_file("return { params = { forced = { count = 0 } },\n"
             "  lets_go = function(lock) return lock:first(), lock.params.forced == 1 and 'forced' or 'open' end }");
  given_lock("");
  given_a_holds_and_two_wait("A", "B", "C");
  parker_freeze(&b->thread->lock_parker);
  ck_assert_int_eq(actor_checkpoint(a, GIL_CAUSE_YIELD), false); /* it has the lock again */
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
  struct gil_policy_choice forced = parsed(":forced=1");
  gil_set_policy(world->lock, &forced);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  ck_assert_ptr_null(holder_of(world->lock));
  parker_thaw(&b->thread->lock_parker);
  actor_finish(b);
  ck_assert_ptr_eq(holder_of(world->lock), b->thread);
}
END_TEST

START_TEST(test_a_threads_state_is_its_own_and_ends_with_it) {
  given_file(
      "return { lets_go = function(lock) return lock:first() end,\n"
      "  takes = function(lock, thread) local s = thread.state s.n = (s.n or 0) + 1 print(thread.name, s.n) end }");
  given_lock("");
  given_a_holds_and_two_wait("A", "B", "C");
  actor_end(a);
  actor_finish(b);
  a = actor_new(world, "D"); /* in the memory that was A's */
  actor_queue(a, ACT_ENTER, 0);
  actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(c);
  actor_queue(c, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(a);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(b);
  ck_assert_str_eq(all_printed(), "A\t1\nB\t1\nC\t1\nD\t1\nB\t2\n");
}
END_TEST

START_TEST(test_instructions_may_be_counted) {
  given_file(
      "return { tick_instructions = function(lock) return 123 end, lets_go = function(l) return l:first() end }");
  given_lock("");
  ck_assert_int_eq(gil_tick_instructions(world->lock), 123);
  given_a_holds_and_two_wait("A", "B", "C");
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_TICKS);
  actor_finish(b);
  everybody_leaves();
}
END_TEST

/* Handles of threads that have left may be kept, and say so. (Rarely: the thread sanitizer does not see errors unwind
   the stack, and each makes it slower.) */
START_TEST(test_many_threads_come_and_go_in_bounded_memory) {
  int errors = 0;
  given_file("local kept = {}\n"
             "return { takes = function(lock, thread)\n"
             "    kept[thread.id % 8] = thread local t = {} for i = 1, 64 do t[i] = i end thread.state.t = t end,\n"
             "  lets_go = function(lock, thread)\n"
             "    if thread.id % 1000 == 8 then\n"
             "      local ok, why = pcall(function() return kept[1].name end)\n"
             "      if ok or not why:find 'thread %d+ has ended' then error(why) end\n"
             "    end\n"
             "    return lock:first() end }");
  given_lock("");
  a = actor_new(world, "A");
  for (int i = 0; i < 20000; i++) {
    gil_enter(a->thread);
    gil_leave(a->thread);
    errors += gil_attach(world->lock, "A", NULL, &a->thread) != GIL_OK;
  }
  ck_assert_int_eq(errors, 0);
  ck_assert_str_eq(policy_in_force(), path);
}
END_TEST

/* ---------------------------------------------------------------- failing -------------------------------------- */

/* What `body` makes of a policy whose function of that name it is, once A has yielded to B. The failure is printed
   with `part` in it, with a traceback, once. */
static void fails(const char *function, const char *body, const char *part) {
  char text[512];
  snprintf(text, sizeof text,
           "local policy = { lets_go = function(lock) return lock:first() end }\n"
           "function policy.%s(lock, thread, cause, now)\n  %s\nend\nreturn policy",
           function, body);
  given_file(text);
  given_lock("");
  given_a_holds_and_two_wait("A", "B", "C");
  clock_advance_settled(world->lock, MS);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  actor_finish(b);
  ck_assert_str_eq(policy_in_force(), "fifo");
  everybody_leaves();
  const char *said = all_printed();
  const char *first = strstr(said, "gilvm: policy '");
  ck_assert_msg(first == said && !strstr(said + 1, "gilvm:") && strstr(said, part), "'%s' in: %s", part, said);
  unlink(path);
  if (!strstr(part, "MiB")) /* there is no room for a traceback */
    ck_assert_msg(strstr(said, "stack traceback:") != NULL, "%s", said);
}

static const struct {
  const char *function, *body, *part;
} failures[] = {
    {"lets_go", "error 'boom'", "lua:3: boom\n"},
    {"lets_go", "lock.nothing()", "the lock has no 'nothing'; it has: first, waiters, "},
    {"lets_go", "return thread.age", "a thread has no 'age'; it has: id, name, priority, tickets"},
    {"lets_go", "thread.age = 1", "a thread cannot be changed; keep 'age' in its table 'state'"},
    {"lets_go", "return 3", "'lets_go' returned '3': it should be a thread that waits, or nil"},
    {"lets_go", "return lock", "'lets_go' returned 'lock: "},
    {"lets_go", "return thread", "'lets_go' named thread 1 ('A'), which does not wait for the lock"},
    {"lets_go", "return lock:first(), 'hand'", "'lets_go' returned 'hand' as its second result"},
    {"lets_go", "return nil, 'forced', 1", "the pause '1': it goes with open, and is from 0 to 1000000000 ns"},
    {"lets_go", "return nil, 'open', 'long'", "the pause that 'lets_go' returned is 'long': it should be a time"},
    {"lets_go", "return nil, 'handoff'", "'lets_go' returned 'handoff' as its second result"},
    {"lets_go", "while true do end", "it does not come to an end: more than 1000000 instructions in one call"},
    {"lets_go", "while true do pcall(error) end", "it does not come to an end"},
    {"lets_go", "local function f() return 1 + f() end f()", "it needs more than 16 MiB of memory"},
    {"lets_go", "local s = 'x' while true do s = s .. s end", "it needs more than 16 MiB of memory"},
    {"lets_go", "local function f() return (('x'):gsub('x', f)) end f()", "C stack overflow"},
    {"waits", "return 'soon'",
     "what 'waits' returned is 'soon': it should be a time in nanoseconds, or nil for never"},
    {"waits", "return 0/0", "what 'waits' returned is '"},
    {"waits", "lock:set_tick {}", "the time for set_tick is 'table: "},
    {"waits", "lock:ask(3)", "bad argument #1 to 'ask'"},
    {"takes", "local x = nil + 1", "attempt to perform arithmetic on a nil value"},
    {"yields", "error {}", "(error object is a table value)"},
    {"starts", "error 'at once'", "at once"},
    {"tick_instructions", "return -1", "'tick_instructions' returned '-1': it should be a whole number from 0"},
};

START_TEST(test_a_policy_that_fails_is_reported_and_replaced) {
  for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
    fails(failures[i].function, failures[i].body, failures[i].part);
}
END_TEST

/* `body` is what a waiter's patience ends with. */
static void fails_on_the_timekeepers_thread(const char *body, const char *part) {
  char text[512];
  snprintf(
      text, sizeof text,
      "return { lets_go = function(lock) return lock:first() end, waits = function(_, _, now) return now + 1 end,\n"
      "  patience_ends = function() %s end }",
      body);
  given_file(text);
  given_lock("");
  given_a_holds_and_two_wait("A", "B", "C");
  clock_advance_settled(world->lock, MS);
  ck_assert_str_eq(policy_in_force(), "fifo");
  ck_assert_ptr_nonnull(strstr(all_printed(), part));
  everybody_leaves();
  unlink(path);
}

START_TEST(test_a_policy_that_fails_on_the_timekeepers_thread_is_replaced) {
  fails_on_the_timekeepers_thread("while true do end", "it does not come to an end");
  fails_on_the_timekeepers_thread("local function f() return (('x'):gsub('x', f)) end f()", "C stack overflow");
}
END_TEST

START_TEST(test_a_file_that_fails_only_for_a_second_time_is_replaced_at_once) {
  given_file("return { lets_go = function(lock) return lock:first() end, starts = function() error 'not now' end }");
  given_lock("");
  ck_assert_str_eq(policy_in_force(), "fifo");
  given_a_holds_and_two_wait("A", "B", "C");
  everybody_leaves();
  ck_assert_ptr_nonnull(strstr(all_printed(), "not now"));
}
END_TEST

/* ---------------------------------------------------------------- the finished ones ---------------------------- */

static void given_finished(const char *name, const char *parameters) {
  char text[512];
  struct gil_policy_choice choice;
  snprintf(text, sizeof text, "%s/%s.lua%s", finished_policies, name, parameters);
  clock_install();
  vm_enable_lua_policies();
  world = world_new("cooperative");
  ck_assert_msg(gil_policy_parse(text, &choice, message, sizeof message) == GIL_OK, "%s", message);
  gil_set_policy(world->lock, &choice);
}

START_TEST(test_the_template_is_a_queue_with_turns) {
  given_finished("template", ":interval=2ms");
  given_a_holds_and_two_wait("A", "B", "C");
  clock_advance_settled(world->lock, 2 * MS - 1);
  ck_assert_int_eq(gil_is_asked(world->lock), false);
  clock_advance_settled(world->lock, 1);
  ck_assert_int_eq(gil_is_asked(world->lock), true);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  ck_assert_ptr_eq(holder_of(world->lock), b->thread);
  everybody_leaves();
}
END_TEST

START_TEST(test_priority_by_name_serves_the_lowest_number_first) {
  given_finished("priority_by_name", "");
  given_a_holds_and_two_wait("nobody", "2 screen", "1 audio");
  ck_assert_int_eq(gil_is_asked(world->lock), true); /* at once: both are better */
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  ck_assert_ptr_eq(holder_of(world->lock), c->thread);
  actor_finish(c);
  clock_advance_settled(world->lock, 100 * MS);
  ck_assert_int_eq(gil_is_asked(world->lock), false); /* nobody may ask the best */
  ck_assert_int_eq(actor_checkpoint(c, GIL_CAUSE_YIELD), false);
  actor_end(c);
  actor_finish(b);
  ck_assert_ptr_eq(holder_of(world->lock), b->thread);
  gil_thread_rename(a->thread, "0 now the best");
  actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  ck_assert_ptr_eq(holder_of(world->lock), a->thread);
}
END_TEST

START_TEST(test_shortest_burst_first_lets_the_short_one_pass_until_patience_ends) {
  given_finished("shortest_burst_first", ":interval=5ms,patience=50ms");
  a = actor_new(world, "spinner");
  b = actor_new(world, "short");
  c = actor_new(world, "other spinner");
  actor_enter(b);
  clock_advance_settled(world->lock, MS);
  actor_do(b, ACT_BLOCK_BEGIN, GIL_CAUSE_IO); /* a burst of 1 ms */
  actor_enter(a);
  actor_queue(c, ACT_ENTER, 0);
  clock_advance_settled(world->lock, 5 * MS);
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL); /* 5 ms without an end */
  actor_finish(c);
  clock_advance_settled(world->lock, 6 * MS);
  actor_queue(c, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  actor_finish(a);
  actor_queue(b, ACT_BLOCK_END, 0);
  ck_assert_int_eq(gil_is_asked(world->lock), true); /* at once */
  actor_queue(a, ACT_CHECKPOINT, GIL_CAUSE_INTERVAL);
  ck_assert_ptr_eq(holder_of(world->lock), b->thread); /* although C has waited for longer */
  actor_finish(b);
  clock_advance_settled(world->lock, 50 * MS);
  actor_queue(b, ACT_CHECKPOINT, GIL_CAUSE_YIELD);
  ck_assert_ptr_eq(holder_of(world->lock), c->thread);
}
END_TEST

int main(int argc, char **argv) {
  const TTest *const tests[] = {
      test_a_file_describes_its_policy,
      test_the_same_file_is_the_same_policy_until_it_changes,
      test_files_that_are_no_policies_are_refused_with_a_sentence,
      test_parameters_that_make_no_sense_are_refused,
      test_a_file_that_is_not_there_is_named,
      test_every_event_arrives_with_what_belongs_to_it,
      test_the_choice_may_be_any_waiter,
      test_open_competition_leaves_the_lock_free_and_a_forced_switch_does_not_come_back,
      test_a_threads_state_is_its_own_and_ends_with_it,
      test_instructions_may_be_counted,
      test_many_threads_come_and_go_in_bounded_memory,
      test_a_policy_that_fails_is_reported_and_replaced,
      test_a_policy_that_fails_on_the_timekeepers_thread_is_replaced,
      test_a_file_that_fails_only_for_a_second_time_is_replaced_at_once,
      test_the_template_is_a_queue_with_turns,
      test_priority_by_name_serves_the_lowest_number_first,
      test_shortest_burst_first_lets_the_short_one_pass_until_patience_ends,
      NULL,
  };
  if (argc > 1) finished_policies = argv[1];
  return run_tests("policies in Lua", tests);
}
