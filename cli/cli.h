/* cli/cli.h - what the files of the room `cli/` share: what a person typed, and how it is turned into a run.
 *
 * Room: cli/. Uses all other rooms; nobody uses it. Everything here runs on the process's main thread, but for the
 * two callbacks that cli_fill_copies puts into a copies_spec: they run on the threads of the copies.
 */
#ifndef CLI_H
#define CLI_H

#include <getopt.h>

#include "workers/workers.h"

#define CLI_STATUS_FAILED 1 /* the script, or what was asked for, failed */
#define CLI_STATUS_USAGE 2  /* the command line is wrong */
#define CLI_COPIES_MAX 10000

/* ---------------------------------------------------------------- options.c: what was typed -------------------- */

/* One of Lua's own options that run code before the script, in the order in which they were typed. */
struct cli_step {
  char option;       /* 'e', 'l' or 'W' */
  const char *value; /* within argv; NULL for 'W' */
};

struct cli_options {
  /* the options that `gilvm SCRIPT` and `gilvm compare SCRIPT` share */
  unsigned copies; /* -j */
  bool copies_given;
  struct gil_policy_choice policy;  /* --policy */
  enum vm_checkpoint_at checkpoint; /* --checkpoint */
  enum vm_deadlock deadlock;        /* --deadlock */
  const char *color;                /* --color: auto, always, never */

  /* gilvm's others */
  enum worker_mode mode;  /* --as */
  bool stats;             /* --stats */
  const char *stats_json; /* --stats-json; NULL: not wanted; "-": standard output */

  /* Lua's own */
  bool interactive;        /* -i */
  bool show_version;       /* -v */
  bool ignore_environment; /* -E */
  struct cli_step *steps;  /* -e, -l, -W; owned */
  size_t step_count;

  /* the command line itself; the script is argv[script], or there is none if script == argc */
  int argc;
  char **argv;
  int script;

  /* What standard input held, if it is the script of several copies: cli_read_script. Owned; NULL: not read. */
  char *script_text;
  size_t script_bytes;
};

/* The options without a letter, as getopt_long returns them. A command's own start at CLI_OPTION_OWN. */
enum cli_option {
  CLI_OPTION_POLICY = 256,
  CLI_OPTION_CHECKPOINT,
  CLI_OPTION_DEADLOCK,
  CLI_OPTION_COLOR,
  CLI_OPTION_OWN,
};

/* For the option string and the table of a getopt_long loop that takes the shared options. Begin the string with
   "+:", so that the loop ends at the script and cli_option_error can tell a missing value from an unknown option. */
#define CLI_SHARED_SHORT "j:"
/* clang-format off */
#define CLI_SHARED_LONG                                              \
  {"jobs", required_argument, NULL, 'j'},                            \
  {"policy", required_argument, NULL, CLI_OPTION_POLICY},            \
  {"checkpoint", required_argument, NULL, CLI_OPTION_CHECKPOINT},    \
  {"deadlock", required_argument, NULL, CLI_OPTION_DEADLOCK},        \
  {"color", required_argument, NULL, CLI_OPTION_COLOR}
/* clang-format on */

/* What holds when nothing is typed: one copy, threads, policy cpython. `script` is argc. */
void cli_options_init(struct cli_options *options, int argc, char **argv);
void cli_options_finish(struct cli_options *options);

/* Takes one of the shared options, as getopt_long returned it. Returns 0; 1 if `option` is none of them; or -1
   when the value is wrong: a sentence has been printed, the status is CLI_STATUS_USAGE. */
int cli_take_shared(struct cli_options *options, int option, const char *value);

/* Reads a whole number from `min` to `max`; false if `text` is anything else. */
bool cli_parse_count(const char *text, long min, long max, long *out);

/* After getopt_long returned '?' or ':': says what is wrong with the option. Returns CLI_STATUS_USAGE. */
int cli_option_error(char **argv, int returned);

/* Prints "gilvm: ", the sentence, and where to look for help. Returns CLI_STATUS_USAGE. */
int cli_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "gilvm: " and the sentence to stderr. Returns CLI_STATUS_FAILED. */
int cli_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define CLI_GO_ON (-1)

/* Reads the command line of `gilvm [options] [script [args]]` into `out`, which the caller finishes in any case.
   Leaves optind at the script. Returns CLI_GO_ON, or the status with which to end: help or version have been
   printed, or a usage error. */
int cli_parse(int argc, char **argv, struct cli_options *out);

/* ---------------------------------------------------------------- run.c: options become a run ------------------ */

/* Fills `spec`: mode, count, vm options, and callbacks that run LUA_INIT, -e, -l and the script of `options`,
   which must outlive the run. A command may change mode, count and want_snapshots afterwards. */
void cli_fill_copies(const struct cli_options *options, struct copies_spec *spec);

/* Whether the script is what standard input holds: `-`, or nothing named and no terminal to prompt at. */
bool cli_script_is_stdin(const struct cli_options *options);

/* Whether a prompt opens at the end: -i, or nothing named and a terminal to prompt at. */
bool cli_wants_prompt(const struct cli_options *options);

/* Reads a script on standard input into `options`, so that each of several copies can run it. Does nothing if the
   script is a file. Returns 0, or says what failed and returns CLI_STATUS_FAILED. */
int cli_read_script(struct cli_options *options);

/* What to say when workers_run_copies has returned an error. Returns CLI_STATUS_FAILED. */
int cli_report_no_run(int error);

/* Runs what was typed. Returns the exit status. */
int cli_run(struct cli_options *options);

/* ---------------------------------------------------------------- script.c: what a copy runs ------------------- */

/* The callbacks of a copies_spec; `options` is the struct cli_options of the run. */
int cli_setup(lua_State *L, void *options);
int cli_body(lua_State *L, void *options);

/* luaL_loadfilex for text only; what it leaves on the stack for bytecode says what to do instead. */
int cli_load_file(lua_State *L, const char *name);

/* Prints the error object on top of the stack to stderr, after "gilvm: " if `named`, and pops it. */
void cli_print_error(lua_State *L, bool named);

/* Reads from the standard input that scripts see, `io.stdin:read(format)`. Pushes two values: a message or nil,
   and on top what was read, nil at the end or on failure. May switch; may raise. */
void cli_read_stdin(lua_State *L, const char *format);

/* ---------------------------------------------------------------- interactive.c -------------------------------- */

/* The prompt: reads, runs and prints until end of file, or until an os.exit that ends the copy. Runs in a C function
   under lua_pcall, with nothing else on its stack. May switch. */
void cli_interactive(lua_State *L);

/* ---------------------------------------------------------------- the other commands --------------------------- */

/* argv[0] is the command's name. Each returns the exit status. */
int cli_compare(int argc, char **argv);  /* compare.c */
int cli_lab(int argc, char **argv);      /* lab.c */
int cli_policies(int argc, char **argv); /* policies.c */
int cli_help(int argc, char **argv);     /* help.c */

void cli_print_help(void);

/* Flushes stdout at the end of a command that prints. Returns 0, or says what failed and returns
   CLI_STATUS_FAILED. */
int cli_finish_stdout(void);

#endif
