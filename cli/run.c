/* cli/run.c - turns options into a run of copies, and its figures into tables. Room: cli/. Main thread only; what the
 * copies do is in script.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "view/view.h"

/* ---------------------------------------------------------------- what standard input is for ------------------- */

/* Whether the command line names nothing to do: neither a script nor -e, -i or -v. */
static bool names_nothing(const struct cli_options *options) {
  for (size_t i = 0; i < options->step_count; i++)
    if (options->steps[i].option == 'e') return false;
  return options->script == options->argc && !options->interactive && !options->show_version;
}

bool cli_wants_prompt(const struct cli_options *options) {
  return options->interactive || (names_nothing(options) && isatty(STDIN_FILENO));
}

bool cli_script_is_stdin(const struct cli_options *options) {
  if (options->script == options->argc) return names_nothing(options) && !isatty(STDIN_FILENO);
  return strcmp(options->argv[options->script], "-") == 0 && strcmp(options->argv[options->script - 1], "--") != 0;
}

int cli_read_script(struct cli_options *options) {
  if (!cli_script_is_stdin(options)) return 0;
  size_t space = 0, used = 0;
  char *text = NULL;
  do {
    if (space - used < BUFSIZ) {
      char *larger = realloc(text, space = 2 * space + BUFSIZ);
      if (!larger) {
        free(text);
        return cli_failure("not enough memory for the script on standard input");
      }
      text = larger;
    }
    errno = 0;
    used += fread(text + used, 1, space - used, stdin);
  } while (!feof(stdin) && !ferror(stdin));
  options->script_text = text;
  options->script_bytes = used;
  return ferror(stdin) ? cli_failure("cannot read stdin: %s", strerror(errno)) : 0;
}

/* ---------------------------------------------------------------- the run -------------------------------------- */

void cli_fill_copies(const struct cli_options *options, struct copies_spec *spec) {
  *spec = (struct copies_spec){
      .mode = options->mode,
      .count = options->copies,
      .vm = {.policy = options->policy,
             .checkpoint = options->checkpoint,
             .deadlock = options->deadlock,
             .ignore_environment = options->ignore_environment,
             /* The plain run leaves os.exit as it is in lua: the end of the process, there and then. */
             .exit_ends_copy = options->copies > 1 || options->stats || options->stats_json},
      .setup = cli_setup,
      .body = cli_body,
      .user = (void *)options,
      .want_snapshots = options->stats || options->stats_json,
  };
}

int cli_report_no_run(int error) {
  if (error == GIL_E_MEMORY) return cli_failure("cannot create state: not enough memory");
  return cli_failure("cannot start: %s", gil_strerror(error));
}

/* ---------------------------------------------------------------- its figures ---------------------------------- */

/* Where the figures go as data; opened before the run, so that a bad name is known before a long script has run. */
struct json_file {
  FILE *stream; /* NULL: not wanted */
  const char *name;
};

static int open_json(const struct cli_options *options, struct json_file *out) {
  const char *name = options->stats_json;
  *out = (struct json_file){.name = name};
  if (!name) return 0;
  bool is_stdout = strcmp(name, "-") == 0;
  if (is_stdout) out->name = "standard output";
  out->stream = is_stdout ? stdout : fopen(name, "we");
  return out->stream ? 0 : cli_failure("--stats-json: cannot open %s: %s", name, strerror(errno));
}

static int write_json(struct json_file *file, const struct view_run *run) {
  if (!file->stream) return 0;
  errno = 0;
  bool failed = view_stats_json(file->stream, run) != 0;
  failed = fflush(file->stream) != 0 || ferror(file->stream) || failed;
  int error = errno;
  if (file->stream != stdout && fclose(file->stream) != 0 && !failed) {
    failed = true;
    error = errno;
  }
  file->stream = NULL;
  return failed ? cli_failure("--stats-json: cannot write %s: %s", file->name, strerror(error)) : 0;
}

/* What the lock of copy `index`, from 0, is called where each copy has its own. */
static void name_lock(char *label, size_t bytes, enum worker_mode mode, unsigned index) {
  static const char *const words[] = {[WORKER_SERIAL] = "copy",
                                      [WORKER_THREADS] = "copy",
                                      [WORKER_INTERPRETERS] = "interpreter",
                                      [WORKER_PROCESSES] = "process"};
  snprintf(label, bytes, "%s %u", words[mode], index + 1);
}

/* Shows the figures in the ways that are wanted. Returns 0 or CLI_STATUS_FAILED. */
static int show_figures(const struct cli_options *options, const struct copies_result *result,
                        struct json_file *json) {
  enum { LABEL_BYTES = 32 };
  unsigned count = result->snapshot_count;
  char(*labels)[LABEL_BYTES] = calloc(count + 1, sizeof *labels);
  const char **names = calloc(count + 1, sizeof *names);
  int status = 0;
  if (labels && names) {
    for (unsigned i = 0; i < count; i++) {
      if (count > 1) name_lock(labels[i], sizeof labels[i], options->mode, i);
      names[i] = labels[i];
    }
    const struct view_run run = {.count = count, .snapshots = result->snapshots, .labels = names};
    if (options->stats && view_stats_table(stderr, &run, view_wants_color(stderr, options->color)) != 0)
      status = CLI_STATUS_FAILED; /* standard error is gone: there is nobody to tell */
    int written = write_json(json, &run);
    if (written != 0) status = written;
  } else {
    status = cli_failure("not enough memory for the statistics");
  }
  free(labels);
  free(names);
  return status;
}

/* What is printed before anything runs. -v says what lua says, since programs read that. */
static int print_version(const struct cli_options *options) {
  if (options->show_version)
    puts(LUA_COPYRIGHT);
  else if (cli_wants_prompt(options))
    printf("gilvm %s (%s)%s\n", GILVM_VERSION, LUA_RELEASE, &LUA_COPYRIGHT[sizeof LUA_RELEASE - 1]);
  return cli_finish_stdout();
}

int cli_run(struct cli_options *options) {
  if (options->copies > 1 && cli_wants_prompt(options))
    return cli_usage_error("-j %u without a script: a prompt serves one copy", options->copies);
  struct json_file json;
  int status = options->copies > 1 ? cli_read_script(options) : 0;
  if (status == 0) status = print_version(options);
  if (status == 0) status = open_json(options, &json);
  if (status != 0) return status;

  struct copies_spec spec;
  struct copies_result result;
  cli_fill_copies(options, &spec);
  int error = workers_run_copies(&spec, &result);
  if (error != GIL_OK) {
    if (json.stream && json.stream != stdout) fclose(json.stream);
    return cli_report_no_run(error);
  }
  int figures = spec.want_snapshots ? show_figures(options, &result, &json) : 0;
  status = copies_exit_status(&result);
  copies_result_finish(&result);
  return status != 0 ? status : figures;
}
