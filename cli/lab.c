/* cli/lab.c - `gilvm lab`: a script under one policy after the other, and one table. Room: cli/. Main thread only.
 *
 * All policies are run in turn, then all again: what else the machine does meanwhile then falls upon all of them. Each
 * run is made in a process of its own (measure.c), so that nothing carries over. With --shard the runs become lines of
 * JSON instead of a table, and --merge makes the table of such lines.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"

#define LONG_NS INT64_C(600000000000) /* a measurement longer than this is announced */

enum {
  OPTION_AS = CLI_OPTION_OWN,
  OPTION_POLICIES,
  OPTION_SWEEP,
  OPTION_RUNS,
  OPTION_CSV,
  OPTION_JSON,
  OPTION_CHART,
  OPTION_SHARD,
  OPTION_MERGE,
};

struct session {
  struct cli_options options;
  struct lab lab;
  struct lab_outputs outputs;
  struct lab_experiment experiment;
  const char *policies, *sweep, *shard; /* as typed; NULL: not given */
  unsigned shard_index, shard_count;    /* this one, from 0, of so many */
  bool merge;
  bool has_plan; /* an option was given that says what to run */

  unsigned jobs, jobs_done;
  int64_t begun_ns;
  bool announced, told_errors;
};

/* ---------------------------------------------------------------- the command line ----------------------------- */

static const struct option long_options[] = {
    CLI_SHARED_LONG,
    {"as", required_argument, NULL, OPTION_AS},
    {"policies", required_argument, NULL, OPTION_POLICIES},
    {"sweep", required_argument, NULL, OPTION_SWEEP},
    {"runs", required_argument, NULL, OPTION_RUNS},
    {"csv", required_argument, NULL, OPTION_CSV},
    {"json", required_argument, NULL, OPTION_JSON},
    {"chart", required_argument, NULL, OPTION_CHART},
    {"shard", required_argument, NULL, OPTION_SHARD},
    {"merge", no_argument, NULL, OPTION_MERGE},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int print_help(void) {
  fputs("usage: gilvm lab [options] script.lua [args]\n"
        "       gilvm lab [options] EXPERIMENT\n"
        "       gilvm lab --merge [--csv FILE] [--json FILE] [--chart FILE] FILES...\n"
        "Runs the script under one policy after the other and compares throughput, fairness, waits and latencies.\n"
        "Scripts mark units of work with gil.tick([n]) and operations with gil.measure(name) (gilvm.gil).\n"
        "Experiments (convoy, u_curve, ...) come with gilvm and bring their own options; typed ones win.\n"
        "  -j, --jobs N            copies of the script (1)\n"
        "      --as MODE           threads (the default), interpreters, processes or serial\n"
        "      --policies LIST     like cpython,fifo:interval=1ms (default: all that are built in)\n"
        "      --sweep KEY=LOW..HIGH\n"
        "                          each policy that has the parameter, with it at 1, 2, 5, 10, ... of the range\n"
        "      --runs K            runs of each (3); tables show the median\n"
        "      --checkpoint WHERE  instruction or line: where a thread can be asked to let the GIL go\n"
        "      --csv FILE, --json FILE\n"
        "                          the figures as data; '-' is standard output\n"
        "      --chart FILE        throughput against latency, as FILE.svg or FILE.html\n"
        "      --shard I/N         the I-th of N parts of the runs, as lines of JSON on standard output (or --json)\n"
        "      --merge             put the lines of all shards together; '-' is standard input\n"
        "      --color WHEN        auto, always or never\n",
        stdout);
  return cli_finish_stdout();
}

static int take_runs(struct session *session, const char *value) {
  long runs;
  if (!cli_parse_count(value, 1, LAB_RUNS_MAX, &runs))
    return cli_usage_error("--runs %s: the number of runs is a whole number from 1 to %d, like --runs 3", value,
                           LAB_RUNS_MAX);
  session->lab.runs = (unsigned)runs;
  return CLI_GO_ON;
}

static int take_shard(struct session *session, const char *value) {
  char text[64];
  long index = 0, count = 0;
  snprintf(text, sizeof text, "%s", value);
  char *slash = strchr(text, '/');
  if (slash) *slash++ = '\0';
  if (!slash || !cli_parse_count(slash, 1, 1000000, &count) || !cli_parse_count(text, 1, count, &index))
    return cli_usage_error("--shard %s: a shard is a number and how many there are, like --shard 2/8", value);
  session->shard = value;
  session->shard_index = (unsigned)index - 1;
  session->shard_count = (unsigned)count;
  return CLI_GO_ON;
}

static int take_chart(struct session *session, const char *value) {
  const char *dot = strrchr(value, '.');
  if (!dot || (strcmp(dot, ".svg") != 0 && strcmp(dot, ".html") != 0))
    return cli_usage_error("--chart %s: a chart is a file that ends in .svg or .html", value);
  session->outputs.chart.name = value;
  return CLI_GO_ON;
}

static int take_own(struct session *session, int option, const char *value) {
  switch (option) {
    case OPTION_AS:
      if (worker_mode_parse(value, &session->options.mode)) return CLI_GO_ON;
      return cli_usage_error("--as %s: one of threads, interpreters, processes, serial", value);
    case OPTION_POLICIES:
      session->policies = value;
      return CLI_GO_ON;
    case OPTION_SWEEP:
      session->sweep = value;
      return CLI_GO_ON;
    case OPTION_RUNS:
      return take_runs(session, value);
    case OPTION_CSV:
      session->outputs.csv.name = value;
      return CLI_GO_ON;
    case OPTION_JSON:
      session->outputs.json.name = value;
      return CLI_GO_ON;
    case OPTION_CHART:
      return take_chart(session, value);
    case OPTION_SHARD:
      return take_shard(session, value);
    case OPTION_MERGE:
      session->merge = true;
      return CLI_GO_ON;
    case 'h':
      return print_help();
    default:
      return cli_option_error(session->options.argv, option);
  }
}

static int take_option(struct session *session, int option, const char *value) {
  if (option == CLI_OPTION_POLICY)
    return cli_usage_error("--policy: the laboratory compares several: --policies %s", value);
  bool is_about_output = option == OPTION_CSV || option == OPTION_JSON || option == OPTION_CHART ||
                         option == OPTION_MERGE || option == CLI_OPTION_COLOR;
  if (!is_about_output) session->has_plan = true;
  int taken = cli_take_shared(&session->options, option, value);
  if (taken <= 0) return taken < 0 ? CLI_STATUS_USAGE : CLI_GO_ON;
  return take_own(session, option, value);
}

static bool is_stdout(const struct runs_file *file) { return file->name && strcmp(file->name, "-") == 0; }

/* What is wrong with each option on its own has been said; this is about several of them together. */
static int check_together(const struct session *session) {
  const struct lab_outputs *outputs = &session->outputs;
  bool has_argument = session->options.script < session->options.argc;
  if (session->merge && session->has_plan)
    return cli_usage_error("--merge runs nothing: it goes with --csv, --json, --chart, --color and files only");
  if (session->merge && !has_argument)
    return cli_usage_error("--merge: which files? Like: gilvm lab --merge shard-*.jsonl");
  if (!has_argument) return cli_usage_error("lab: which script? Like: gilvm lab -j 2 script.lua");
  if (session->shard && (outputs->csv.name || outputs->chart.name))
    return cli_usage_error("--shard makes lines for --merge, and that makes the table: give it --csv and --chart");
  if (is_stdout(&outputs->csv) && is_stdout(&outputs->json))
    return cli_usage_error("--csv - and --json -: standard output cannot be both");
  return CLI_GO_ON;
}

static int parse(struct session *session, int argc, char **argv) {
  opterr = 0;
  optind = 0; /* from the beginning: there may be a second time */
  int option;
  while ((option = getopt_long(argc, argv, "+:h" CLI_SHARED_SHORT, long_options, NULL)) != -1) {
    int status = take_option(session, option, optarg);
    if (status != CLI_GO_ON) return status;
  }
  session->options.script = optind;
  return check_together(session);
}

/* Reads the command line again with what the script brings. */
static int parse_again(struct session *session) {
  struct cli_options *options = &session->options;
  struct lab_experiment *experiment = &session->experiment;
  int status = lab_find_experiment(experiment, options->argc, options->argv, options->script);
  if (status != 0) return status;
  options->argc = experiment->argc;
  options->argv = experiment->argv;
  status = parse(session, experiment->argc, experiment->argv);
  if (status == CLI_GO_ON && options->script == experiment->script) return status;
  if (status == CLI_GO_ON)
    status = cli_usage_error("'%s': no option of gilvm lab", experiment->argv[options->script]);
  fprintf(stderr, "gilvm: lab: the options include those of the line '-- lab:' in %s\n", experiment->path);
  return status;
}

/* ---------------------------------------------------------------- before the runs ------------------------------ */

/* The script and its arguments: with others it is another measurement. */
static void write_title(const struct cli_options *options, char *out, size_t bytes) {
  int used = snprintf(out, bytes, "%s", runs_script_name(options));
  for (int i = options->script + 1; i < options->argc && (size_t)used < bytes; i++)
    used += snprintf(out + used, bytes - (size_t)used, " %s", options->argv[i]);
}

/* Run `round` of policy `config` belongs to this shard. Every round begins with another shard, so that the runs of one
   policy are spread over all. */
static bool is_ours(const struct session *session, unsigned config, unsigned round) {
  return !session->shard || (config + round) % session->shard_count == session->shard_index;
}

static int open_files(struct session *session) {
  struct lab_outputs *outputs = &session->outputs;
  if (session->shard && !outputs->json.name) outputs->json.name = "-";
  int status = runs_open_file(&outputs->csv);
  if (status == 0) status = runs_open_file(&outputs->json);
  if (status == 0) status = runs_open_file(&outputs->chart);
  return status;
}

static int prepare(struct session *session) {
  struct lab *lab = &session->lab;
  const struct cli_options *options = &session->options;
  int status = lab_plan(lab, session->policies, session->sweep);
  if (status == 0) status = cli_read_script(&session->options);
  if (status == 0) status = runs_check_script(options);
  if (status == 0) status = open_files(session);
  if (status != 0) return status;
  write_title(options, lab->script, sizeof lab->script);
  snprintf(lab->mode, sizeof lab->mode, "%s", worker_mode_name(options->mode));
  snprintf(lab->checkpoint, sizeof lab->checkpoint, "%s",
           options->checkpoint == VM_CHECKPOINT_LINE ? "line" : "instruction");
  lab->copies = options->copies;
  lab->cpus = runs_usable_cpus();
  for (unsigned round = 0; round < lab->runs; round++)
    for (unsigned i = 0; i < lab->count; i++) session->jobs += is_ours(session, i, round);
  return 0;
}

/* ---------------------------------------------------------------- progress ------------------------------------- */

static void write_duration(int64_t ns, char *out, size_t bytes) {
  int64_t seconds = (ns + 500000000) / 1000000000;
  if (seconds >= 5400)
    snprintf(out, bytes, "%d h %02d min", (int)(seconds / 3600), (int)(seconds % 3600 / 60));
  else if (seconds >= 90)
    snprintf(out, bytes, "%d min %02d s", (int)(seconds / 60), (int)(seconds % 60));
  else
    snprintf(out, bytes, "%d s", (int)seconds);
}

/* What is left, if the rest takes as long for each run as those so far. */
static int64_t time_left(const struct session *session) {
  if (session->jobs_done == 0) return 0;
  return (gil_now_ns() - session->begun_ns) / session->jobs_done * (session->jobs - session->jobs_done);
}

static void show_progress(const struct session *session, const struct lab_config *config) {
  char left[64] = "";
  if (!runs_show_progress()) return;
  if (session->jobs_done > 0) write_duration(time_left(session), left, sizeof left);
  fprintf(stderr, "\r\033[Krun %u of %u: %.40s ... %s%s", session->jobs_done + 1, session->jobs, config->name, left,
          left[0] ? " left" : "");
}

/* A measurement that will take long is announced after its first run, whether or not there is a terminal. */
static void announce(struct session *session) {
  int64_t left = time_left(session);
  if (session->announced || left < LONG_NS) return;
  char text[64];
  write_duration(left, text, sizeof text);
  session->announced = true;
  runs_erase_progress();
  fprintf(stderr, "gilvm: lab: %u runs; at the pace of the first they take about %s. Ctrl-C ends them and shows what "
                  "there is by then\n",
          session->jobs, text);
}

/* ---------------------------------------------------------------- the runs ------------------------------------- */

int lab_keep(struct lab_config *config, const struct lab_sample *sample) {
  if (sample->status != 0 && !config->failed) config->failed = sample->status;
  if (sample->status != 0) return 0;
  struct lab_sample *samples = realloc(config->samples, (config->count + 1) * sizeof *samples);
  if (!samples) return cli_failure("lab: not enough memory for the runs");
  config->samples = samples;
  samples[config->count++] = *sample;
  return 0;
}

/* What runs write to standard error is shown once; all others most likely write the same. */
static void show_errors(struct session *session, const struct measured *run) {
  if (!session->told_errors && runs_copy_text(run->errors, stderr) == 0) fputs("(empty)\n", stderr);
  session->told_errors = true;
}

static void report_failure(struct session *session, const struct lab_config *config, unsigned round,
                           const struct measured *run) {
  runs_erase_progress();
  cli_failure("lab: %s, run %u of %u failed with exit status %d%s", config->name, round + 1, session->lab.runs,
              run->status, session->told_errors ? "" : "; its standard error:");
  show_errors(session, run);
}

/* So may the lock itself, when a policy of one's own has a fault and is replaced. */
static void note_errors(struct session *session, struct lab_config *config, const struct measured *run) {
  if (runs_copy_text(run->errors, NULL) == 0) return;
  config->wrote_to_stderr = true;
  if (session->told_errors) return;
  runs_erase_progress();
  fprintf(stderr, "gilvm: lab: under %s the run wrote to standard error:\n", config->name);
  show_errors(session, run);
}

/* Whose runs did, if not all. */
static void name_writers(const struct lab *lab) {
  unsigned count = 0, named = 0;
  for (unsigned i = 0; i < lab->count; i++) count += lab->configs[i].wrote_to_stderr;
  if (count == 0) return;
  fputs("gilvm: lab: runs wrote to standard error under ", stderr);
  for (unsigned i = 0; i < lab->count && count < lab->count; i++)
    if (lab->configs[i].wrote_to_stderr) fprintf(stderr, "%s%s", named++ > 0 ? ", " : "", lab->configs[i].name);
  fputs(count < lab->count ? "\n" : "all policies\n", stderr);
}

static int keep_run(struct session *session, struct lab_config *config, unsigned round, const struct measured *run) {
  const struct lab_sample sample = {.round = round,
                                    .status = run->status,
                                    .wall_ns = run->wall_ns,
                                    .cpu_ns = run->cpu_ns,
                                    .report = run->report};
  if (run->status != 0)
    report_failure(session, config, round, run);
  else
    note_errors(session, config, run);
  session->jobs_done++;
  int status = lab_keep(config, &sample);
  struct runs_file *json = &session->outputs.json;
  if (status == 0 && session->shard && lab_write_line(json->stream, &session->lab, config, &sample) != 0) {
    int error = errno;
    runs_erase_progress();
    errno = error;
    status = runs_close_file(json, true);
  }
  announce(session);
  return status;
}

/* Returns 0 to go on, or the status with which the measurement ends. */
static int run_once(struct session *session, struct lab_config *config, unsigned round) {
  struct copies_spec spec;
  struct measured run;
  cli_fill_copies(&session->options, &spec);
  spec.vm.policy = config->policy;
  spec.want_snapshots = true;
  spec.vm.exit_ends_copy = true;
  show_progress(session, config);
  int rc = measure_run(&spec, false, &run), error = errno;
  int status = measure_stopped() ? 128 + measure_stopped() : 0;
  if (rc < 0 && status == 0) {
    runs_erase_progress();
    status = cli_failure("lab: cannot run the script: %s", strerror(error));
  }
  if (status == 0) status = keep_run(session, config, round, &run);
  measured_finish(&run);
  return status;
}

static int run_all(struct session *session) {
  struct lab *lab = &session->lab;
  int status = 0;
  measure_begin();
  session->begun_ns = gil_now_ns();
  for (unsigned round = 0; round < lab->runs && status == 0; round++) {
    for (unsigned i = 0; i < lab->count && status == 0; i++) {
      if (!is_ours(session, i, round)) continue;
      if (lab->configs[i].failed)
        session->jobs--; /* once is enough */
      else
        status = run_once(session, &lab->configs[i], round);
    }
  }
  measure_end();
  runs_erase_progress();
  return status;
}

/* ---------------------------------------------------------------- the end -------------------------------------- */

static bool any_failed(const struct lab *lab) {
  for (unsigned i = 0; i < lab->count; i++)
    if (lab->configs[i].failed) return true;
  return false;
}

/* Shows what there is, `status` telling how the runs ended. Returns the exit status. */
static int show(struct session *session, int status) {
  int written = 0;
  if (session->shard)
    written = session->outputs.json.stream ? runs_close_file(&session->outputs.json, false) : 0;
  else if (lab_has_runs(&session->lab) || !measure_stopped())
    written = lab_show(&session->lab, &session->outputs);
  name_writers(&session->lab);
  if (status == 0 && any_failed(&session->lab)) status = CLI_STATUS_FAILED;
  return status != 0 ? status : written;
}

static int by_index(const void *a, const void *b) {
  const struct lab_config *left = a, *right = b;
  return (left->index > right->index) - (left->index < right->index);
}

static void name_missing(const struct lab *lab) {
  unsigned found = 0, wanted = lab->planned * lab->runs;
  for (unsigned i = 0; i < lab->count; i++) found += lab->configs[i].failed ? lab->runs : lab->configs[i].count;
  if (found < wanted) fprintf(stderr, "gilvm: lab: %u of %u runs are missing\n", wanted - found, wanted);
}

static int merge(struct session *session) {
  int status = 0;
  const struct cli_options *options = &session->options;
  struct lab *lab = &session->lab;
  for (int i = options->script; i < options->argc && status == 0; i++) status = lab_read_file(lab, options->argv[i]);
  if (status == 0 && lab->count == 0) status = cli_failure("lab: the files hold no runs");
  if (status == 0) status = open_files(session);
  if (status != 0) return status;
  if (lab->count > 1) qsort(lab->configs, lab->count, sizeof lab->configs[0], by_index);
  name_missing(lab);
  return show(session, 0);
}

void lab_finish(struct lab *lab) {
  for (unsigned i = 0; i < lab->count; i++) {
    free(lab->configs[i].name);
    free(lab->configs[i].samples);
  }
  free(lab->configs);
}

static void finish(struct session *session) {
  struct runs_file *files[] = {&session->outputs.csv, &session->outputs.json, &session->outputs.chart};
  for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++)
    if (files[i]->stream && files[i]->stream != stdout) fclose(files[i]->stream);
  lab_finish(&session->lab);
  cli_options_finish(&session->options);
  lab_experiment_finish(&session->experiment);
}

int cli_lab(int argc, char **argv) {
  struct session session = {
      .lab = {.runs = LAB_RUNS_STANDARD},
      .outputs = {.csv = {.option = "--csv"}, .json = {.option = "--json"}, .chart = {.option = "--chart"}}};
  cli_options_init(&session.options, argc, argv);
  int status = parse(&session, argc, argv);
  if (status == CLI_GO_ON && !session.merge) status = parse_again(&session);
  session.outputs.color = session.options.color;
  if (status == CLI_GO_ON && session.merge) {
    status = merge(&session);
  } else if (status == CLI_GO_ON) {
    status = prepare(&session);
    if (status == 0) status = show(&session, run_all(&session));
  }
  finish(&session);
  return status;
}
