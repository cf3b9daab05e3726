/* cli/options.c - reads the command line: Lua's own options, gilvm's, and those that the commands share. Room: cli/.
 * Runs on the main thread before anything else does; touches no Lua. Never exits: returns the status to end with. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum {
  OPTION_AS = CLI_OPTION_OWN,
  OPTION_STATS,
  OPTION_STATS_JSON,
  OPTION_VERSION,
};

static const char short_options[] = "+:" CLI_SHARED_SHORT "e:l:ivEWh";

static const struct option long_options[] = {
    CLI_SHARED_LONG,
    {"as", required_argument, NULL, OPTION_AS},
    {"stats", no_argument, NULL, OPTION_STATS},
    {"stats-json", required_argument, NULL, OPTION_STATS_JSON},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

/* ---------------------------------------------------------------- messages ------------------------------------- */

int cli_usage_error(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("gilvm: ", stderr);
  vfprintf(stderr, format, arguments);
  fputs("\nTry 'gilvm --help'.\n", stderr);
  va_end(arguments);
  return CLI_STATUS_USAGE;
}

int cli_failure(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("gilvm: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  return CLI_STATUS_FAILED;
}

int cli_option_error(char **argv, int returned) {
  const char *typed = argv[optind - 1];
  bool is_long = strncmp(typed, "--", 2) == 0;
  if (returned == ':' && optopt == 'j') return cli_usage_error("'%s' needs a number of copies, like -j 4", typed);
  if (returned == ':' && is_long) return cli_usage_error("'%s' needs a value", typed);
  if (returned == ':') return cli_usage_error("'-%c' needs argument", optopt); /* Lua's words */
  if (is_long && optopt != 0) return cli_usage_error("'%s': this option takes no value", typed);
  if (is_long) return cli_usage_error("unrecognized option '%s'", typed);
  return cli_usage_error("unrecognized option '-%c'", optopt);
}

/* ---------------------------------------------------------------- values --------------------------------------- */

bool cli_parse_count(const char *text, long min, long max, long *out) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || value < min || value > max) return false;
  *out = value;
  return true;
}

static int take_jobs(struct cli_options *options, const char *value) {
  long copies;
  if (!cli_parse_count(value, 1, CLI_COPIES_MAX, &copies)) {
    cli_usage_error("-j %s: the number of copies is a whole number from 1 to %d, like -j 4", value, CLI_COPIES_MAX);
    return -1;
  }
  options->copies = (unsigned)copies;
  options->copies_given = true;
  return 0;
}

static int take_policy(struct cli_options *options, const char *value) {
  char message[512];
  if (gil_policy_parse(value, &options->policy, message, sizeof message) == GIL_OK) return 0;
  cli_usage_error("--policy %s: %s", value, message);
  return -1;
}

static int take_checkpoint(struct cli_options *options, const char *value) {
  if (strcmp(value, "instruction") == 0) {
    options->checkpoint = VM_CHECKPOINT_INSTRUCTION;
  } else if (strcmp(value, "line") == 0) {
    options->checkpoint = VM_CHECKPOINT_LINE;
  } else {
    cli_usage_error("--checkpoint %s: a checkpoint is at every 'instruction' or at every 'line'", value);
    return -1;
  }
  return 0;
}

static int take_deadlock(struct cli_options *options, const char *value) {
  static const char *const words[] = {
      [VM_DEADLOCK_ERROR] = "error", [VM_DEADLOCK_REPORT] = "report", [VM_DEADLOCK_IGNORE] = "ignore"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(value, words[i]) != 0) continue;
    options->deadlock = (enum vm_deadlock)i;
    return 0;
  }
  cli_usage_error("--deadlock %s: a wait that could never end is an 'error', is only 'report'ed, or 'ignore'd", value);
  return -1;
}

static int take_color(struct cli_options *options, const char *value) {
  if (strcmp(value, "auto") != 0 && strcmp(value, "always") != 0 && strcmp(value, "never") != 0) {
    cli_usage_error("--color %s: one of auto, always, never", value);
    return -1;
  }
  options->color = value;
  return 0;
}

int cli_take_shared(struct cli_options *options, int option, const char *value) {
  switch (option) {
    case 'j':
      return take_jobs(options, value);
    case CLI_OPTION_POLICY:
      return take_policy(options, value);
    case CLI_OPTION_CHECKPOINT:
      return take_checkpoint(options, value);
    case CLI_OPTION_DEADLOCK:
      return take_deadlock(options, value);
    case CLI_OPTION_COLOR:
      return take_color(options, value);
    default:
      return 1;
  }
}

/* ---------------------------------------------------------------- the command line ----------------------------- */

void cli_options_init(struct cli_options *options, int argc, char **argv) {
  *options = (struct cli_options){.copies = 1,
                                  .mode = WORKER_THREADS,
                                  .checkpoint = VM_CHECKPOINT_INSTRUCTION,
                                  .color = "auto",
                                  .argc = argc,
                                  .argv = argv,
                                  .script = argc};
  char message[256];
  if (gil_policy_parse("cpython", &options->policy, message, sizeof message) != GIL_OK) gil_fatal(message, EINVAL);
}

void cli_options_finish(struct cli_options *options) {
  free(options->steps);
  free(options->script_text);
}

/* Lua refuses a value of -e or -l that looks like an option: it was most likely forgotten. */
static bool is_forgotten(const struct cli_options *options, const char *value) {
  return value == options->argv[optind - 1] && value[0] == '-';
}

static int add_step(struct cli_options *options, char option, const char *value) {
  if (value && is_forgotten(options, value)) return cli_usage_error("'-%c' needs argument", option);
  struct cli_step *steps = realloc(options->steps, (options->step_count + 1) * sizeof *steps);
  if (!steps) return cli_failure("not enough memory");
  options->steps = steps;
  options->steps[options->step_count++] = (struct cli_step){option, value};
  return CLI_GO_ON;
}

static int take_own(struct cli_options *options, int option, const char *value) {
  switch (option) {
    case 'e':
    case 'l':
    case 'W':
      return add_step(options, (char)option, value);
    case 'i':
      options->interactive = true;
      return CLI_GO_ON;
    case 'v':
      options->show_version = true;
      return CLI_GO_ON;
    case 'E':
      options->ignore_environment = true;
      return CLI_GO_ON;
    case OPTION_STATS:
      options->stats = true;
      return CLI_GO_ON;
    case OPTION_STATS_JSON:
      options->stats_json = value;
      return CLI_GO_ON;
    case OPTION_AS:
      if (worker_mode_parse(value, &options->mode)) return CLI_GO_ON;
      return cli_usage_error("--as %s: one of threads, interpreters, processes, serial", value);
    case 'h':
      cli_print_help();
      return cli_finish_stdout();
    case OPTION_VERSION:
      printf("gilvm %s (%s)\n", GILVM_VERSION, LUA_RELEASE);
      return cli_finish_stdout();
    default:
      return cli_option_error(options->argv, option);
  }
}

/* What is wrong with each option on its own has been said; this is about several of them together. */
static int check_together(const struct cli_options *options) {
  if (!options->interactive) return CLI_GO_ON;
  if (options->copies > 1) return cli_usage_error("-i with -j %u: a prompt serves one copy", options->copies);
  if (options->mode != WORKER_THREADS)
    return cli_usage_error("-i with --as %s: a prompt runs in the plain way only", worker_mode_name(options->mode));
  return CLI_GO_ON;
}

int cli_parse(int argc, char **argv, struct cli_options *out) {
  cli_options_init(out, argc, argv);
  opterr = 0;
  int option;
  while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
    int taken = cli_take_shared(out, option, optarg);
    if (taken < 0) return CLI_STATUS_USAGE;
    int status = taken == 0 ? CLI_GO_ON : take_own(out, option, optarg);
    if (status != CLI_GO_ON) return status;
  }
  out->script = optind;
  return check_together(out);
}
