/* cli/compare.c - `gilvm compare`: copies of a script run in all four ways, and one table. Room: cli/. Main thread
 * only.
 *
 * All four ways are run in turn, then all four again: what else the machine does meanwhile then falls upon all of
 * them. What is shown is the median of the rounds; each run is measured in a process of its own (measure.c).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "measure.h"
#include "view/view.h"

#define MODES 4
#define RUNS_STANDARD 3
#define RUNS_MAX 1000

enum {
  OPTION_RUNS = CLI_OPTION_OWN,
  OPTION_JSON,
  OPTION_SHOW_OUTPUT,
};

struct comparison {
  struct cli_options options;
  unsigned runs_wanted, cpus;
  struct runs_file json;
  bool show_output;

  unsigned rounds;       /* done as a whole */
  struct measured *runs; /* MODES times runs_wanted, a mode's runs together */
  unsigned done[MODES];  /* how many of them are filled */
  int failed[MODES];     /* exit status of the run that failed, 0: none */
  bool wrote_to_stderr;  /* some run that succeeded did */
  struct view_compare_row rows[MODES];
};

/* In the order in which they are run and shown. */
static const enum worker_mode modes[MODES] = {WORKER_SERIAL, WORKER_THREADS, WORKER_INTERPRETERS, WORKER_PROCESSES};

/* ---------------------------------------------------------------- the command line ----------------------------- */

static const struct option long_options[] = {
    CLI_SHARED_LONG,
    {"runs", required_argument, NULL, OPTION_RUNS},
    {"json", required_argument, NULL, OPTION_JSON},
    {"show-output", no_argument, NULL, OPTION_SHOW_OUTPUT},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int print_help(void) {
  fputs("usage: gilvm compare [options] script.lua [args]\n"
        "Runs copies of the script one after the other (serial), as threads under one GIL, as interpreters and as\n"
        "processes with a GIL each; shows what each way costs and gains, and what that means for this script.\n"
        "  -j, --jobs N            copies (default: one for each CPU, at least 2)\n"
        "      --runs K            rounds to take the median of (default: 3)\n"
        "      --json FILE         the same as data; '-' is standard output, and the table goes to standard error\n"
        "      --show-output       print afterwards what the script wrote, for each way\n"
        "      --policy NAME[:key=value,...]\n"
        "                          the lock's policy (see 'gilvm policies')\n"
        "      --checkpoint WHERE  instruction or line: where a thread can be asked to let the GIL go\n"
        "      --color WHEN        auto, always or never\n",
        stdout);
  return cli_finish_stdout();
}

static int take_runs(struct comparison *comparison, const char *value) {
  long runs;
  if (!cli_parse_count(value, 1, RUNS_MAX, &runs))
    return cli_usage_error("--runs %s: the number of runs is a whole number from 1 to %d, like --runs 3", value,
                           RUNS_MAX);
  comparison->runs_wanted = (unsigned)runs;
  return CLI_GO_ON;
}

static int take_option(struct comparison *comparison, int option, const char *value) {
  int taken = cli_take_shared(&comparison->options, option, value);
  if (taken <= 0) return taken < 0 ? CLI_STATUS_USAGE : CLI_GO_ON;
  switch (option) {
    case OPTION_RUNS:
      return take_runs(comparison, value);
    case OPTION_JSON:
      comparison->json.name = value;
      return CLI_GO_ON;
    case OPTION_SHOW_OUTPUT:
      comparison->show_output = true;
      return CLI_GO_ON;
    case 'h':
      return print_help();
    default:
      return cli_option_error(comparison->options.argv, option);
  }
}

static int parse(struct comparison *comparison, int argc, char **argv) {
  struct cli_options *options = &comparison->options;
  comparison->runs_wanted = RUNS_STANDARD;
  comparison->cpus = runs_usable_cpus();
  opterr = 0;
  int option;
  while ((option = getopt_long(argc, argv, "+:h" CLI_SHARED_SHORT, long_options, NULL)) != -1) {
    int status = take_option(comparison, option, optarg);
    if (status != CLI_GO_ON) return status;
  }
  options->script = optind;
  if (options->script == argc) return cli_usage_error("compare: which script? Like: gilvm compare -j 2 script.lua");
  if (!options->copies_given) options->copies = comparison->cpus > 2 ? comparison->cpus : 2;
  return CLI_GO_ON;
}

/* ---------------------------------------------------------------- before the runs ------------------------------ */

static int prepare(struct comparison *comparison) {
  int status = cli_read_script(&comparison->options);
  if (status == 0) status = runs_check_script(&comparison->options);
  if (status == 0) status = runs_open_file(&comparison->json);
  if (status != 0) return status;
  comparison->runs = calloc((size_t)MODES * comparison->runs_wanted, sizeof comparison->runs[0]);
  return comparison->runs ? 0 : cli_failure("not enough memory for %u runs", comparison->runs_wanted);
}

/* ---------------------------------------------------------------- progress ------------------------------------- */

static void show_progress(const struct comparison *comparison, enum worker_mode mode, unsigned round) {
  if (!runs_show_progress()) return;
  fprintf(stderr, "\r\033[K%s, run %u of %u ...", worker_mode_name(mode), round + 1, comparison->runs_wanted);
}

/* ---------------------------------------------------------------- what scripts wrote --------------------------- */

static void show_output(const struct comparison *comparison, FILE *out) {
  for (int i = 0; i < MODES; i++) {
    const struct measured *run = &comparison->runs[(size_t)i * comparison->runs_wanted];
    if (comparison->done[i] == 0 || run->output < 0) continue;
    const char *mode = worker_mode_name(modes[i]);
    fprintf(out, "\n--- %s, first run, standard output:\n", mode);
    runs_copy_text(run->output, out);
    if (runs_copy_text(run->errors, NULL) == 0) continue;
    fprintf(out, "--- %s, first run, standard error:\n", mode);
    runs_copy_text(run->errors, out);
  }
}

/* ---------------------------------------------------------------- the runs ------------------------------------- */

static void report_failure(const struct comparison *comparison, enum worker_mode mode, unsigned round,
                           const struct measured *run) {
  runs_erase_progress();
  cli_failure("compare: %s, run %u of %u failed with exit status %d; its standard error:", worker_mode_name(mode),
              round + 1, comparison->runs_wanted, run->status);
  if (runs_copy_text(run->errors, stderr) == 0) fputs("(empty)\n", stderr);
}

/* Only a mode's first run is ever shown. */
static void keep_run(struct comparison *comparison, int mode, const struct measured *run) {
  unsigned index = comparison->done[mode]++;
  struct measured *kept = &comparison->runs[(size_t)mode * comparison->runs_wanted + index];
  *kept = *run;
  if (run->status == 0 && runs_copy_text(run->errors, NULL) > 0) comparison->wrote_to_stderr = true;
  if (index > 0 || !comparison->show_output) measured_finish(kept);
}

/* Returns 0 to go on, or the status with which the comparison ends. */
static int run_once(struct comparison *comparison, int mode, unsigned round) {
  struct copies_spec spec;
  struct measured run;
  cli_fill_copies(&comparison->options, &spec);
  spec.mode = modes[mode];
  spec.want_snapshots = true;
  spec.vm.exit_ends_copy = true;
  show_progress(comparison, modes[mode], round);
  int rc = measure_run(&spec, comparison->show_output, &run);
  int status = measure_stopped() ? 128 + measure_stopped() : 0;
  if (rc < 0) {
    runs_erase_progress();
    if (status == 0)
      status = cli_failure("compare: cannot run %s: %s", worker_mode_name(modes[mode]), strerror(errno));
  }
  if (status != 0) {
    measured_finish(&run);
    return status;
  }
  if (run.status != 0) {
    comparison->failed[mode] = run.status;
    report_failure(comparison, modes[mode], round, &run);
  }
  keep_run(comparison, mode, &run);
  /* Without serial there is nothing to compare with; and a script that fails alone fails in company too. */
  return comparison->failed[0] ? CLI_STATUS_FAILED : 0;
}

static int run_all(struct comparison *comparison) {
  int status = 0;
  measure_begin();
  for (unsigned round = 0; round < comparison->runs_wanted && status == 0; round++) {
    for (int mode = 0; mode < MODES && status == 0; mode++)
      if (!comparison->failed[mode]) status = run_once(comparison, mode, round);
    if (status == 0) comparison->rounds++;
  }
  measure_end();
  runs_erase_progress();
  return status;
}

/* ---------------------------------------------------------------- figures -------------------------------------- */

static double wall_of(const struct measured *run) { return (double)run->wall_ns / 1e9; }
static double cores_of(const struct measured *run) { return (double)run->cpu_ns / (double)run->wall_ns; }
static double switches_of(const struct measured *run) { return (double)run->report.switches; }

static double share(int64_t part_ns, int64_t whole_ns) {
  return whole_ns > 0 ? (double)part_ns / (double)whole_ns : 0;
}
static double wait_of(const struct measured *run) { return share(run->report.wait_ns, run->report.life_ns); }
static double held_of(const struct measured *run) { return share(run->report.held_ns, run->report.age_ns); }

static double median(const struct measured *runs, unsigned count, double (*figure)(const struct measured *),
                     double *values) {
  for (unsigned i = 0; i < count; i++) values[i] = figure(&runs[i]);
  return runs_median(values, count);
}

/* Of those runs whose memory was seen; 0 for none. */
static double median_pss(const struct measured *runs, unsigned count, double *values) {
  unsigned seen = 0;
  for (unsigned i = 0; i < count; i++)
    if (runs[i].pss_kb > 0) values[seen++] = (double)runs[i].pss_kb;
  return seen > 0 ? runs_median(values, seen) : 0;
}

/* Of rounds that are whole only, so that all modes rest upon the same ones. */
static void fill_row(const struct comparison *comparison, int mode, struct view_compare_row *row) {
  const struct measured *runs = &comparison->runs[(size_t)mode * comparison->runs_wanted];
  unsigned count = comparison->rounds;
  *row = (struct view_compare_row){.mode = worker_mode_name(modes[mode]), .failed = comparison->failed[mode]};
  if (row->failed || count == 0) return;
  double values[RUNS_MAX];
  row->runs = count;
  row->wall_s = median(runs, count, wall_of, values);
  row->wall_min_s = values[0];
  row->wall_max_s = values[count - 1];
  row->cores = median(runs, count, cores_of, values);
  row->gil_wait_share = median(runs, count, wait_of, values);
  row->gil_held_share = median(runs, count, held_of, values);
  row->switches = median(runs, count, switches_of, values);
  row->pss_kb = median_pss(runs, count, values);
}

static void fill_rows(struct comparison *comparison) {
  for (int mode = 0; mode < MODES; mode++) fill_row(comparison, mode, &comparison->rows[mode]);
  const struct view_compare_row *serial = &comparison->rows[0];
  for (int mode = 0; mode < MODES && serial->runs > 0; mode++)
    if (comparison->rows[mode].runs > 0)
      comparison->rows[mode].speedup = serial->wall_s / comparison->rows[mode].wall_s;
}

/* ---------------------------------------------------------------- the result ----------------------------------- */

static int write_json(struct comparison *comparison, const struct view_compare *view) {
  if (!comparison->json.stream) return 0;
  return runs_close_file(&comparison->json, view_compare_json(comparison->json.stream, view) != 0);
}

static int print_table(const struct comparison *comparison, const struct view_compare *view, FILE *out) {
  int rc = view_compare_table(out, view, view_wants_color(out, comparison->options.color));
  if (rc == 0) {
    fputc('\n', out);
    rc = view_compare_verdict(out, view);
  }
  if (rc == 0 && comparison->show_output) {
    show_output(comparison, out);
    rc = fflush(out) == 0 && !ferror(out) ? 0 : -1;
  }
  return rc == 0 ? 0 : cli_failure("compare: cannot write the table: %s", strerror(errno));
}

/* Shows what there is, `status` telling how the runs ended. Returns the exit status. */
static int show(struct comparison *comparison, int status) {
  fill_rows(comparison);
  const struct view_compare view = {.script = runs_script_name(&comparison->options),
                                    .copies = comparison->options.copies,
                                    .runs = comparison->rounds,
                                    .cpus = comparison->cpus,
                                    .count = MODES,
                                    .rows = comparison->rows};
  int written = 0;
  /* After a stop in the first round there is no figure to show; after a failure the table says who failed. */
  if (comparison->rounds > 0 || !measure_stopped())
    written = print_table(comparison, &view, comparison->json.stream == stdout ? stderr : stdout);
  int json_written = write_json(comparison, &view);
  if (comparison->wrote_to_stderr && !comparison->show_output)
    fputs("gilvm: compare: the script wrote to standard error; --show-output shows what\n", stderr);
  for (int mode = 0; mode < MODES && status == 0; mode++)
    if (comparison->failed[mode]) status = CLI_STATUS_FAILED;
  if (status == 0) status = written ? written : json_written;
  return status;
}

static void finish(struct comparison *comparison) {
  for (int mode = 0; mode < MODES; mode++)
    for (unsigned i = 0; i < comparison->done[mode]; i++)
      measured_finish(&comparison->runs[(size_t)mode * comparison->runs_wanted + i]);
  free(comparison->runs);
  if (comparison->json.stream && comparison->json.stream != stdout) fclose(comparison->json.stream);
  cli_options_finish(&comparison->options);
}

int cli_compare(int argc, char **argv) {
  struct comparison comparison = {.json = {.option = "--json"}};
  cli_options_init(&comparison.options, argc, argv);
  int status = parse(&comparison, argc, argv);
  if (status == CLI_GO_ON) {
    status = prepare(&comparison);
    if (status == 0) status = show(&comparison, run_all(&comparison));
  }
  finish(&comparison);
  return status;
}
