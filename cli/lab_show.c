/* cli/lab_show.c - from runs to medians, and from those to tables, sentences and files. Room: cli/. Main thread
 * only. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lab.h"
#include "view/view.h"

bool lab_has_runs(const struct lab *lab) {
  for (unsigned i = 0; i < lab->count; i++)
    if (lab->configs[i].count > 0) return true;
  return false;
}

/* ---------------------------------------------------------------- figures -------------------------------------- */

/* What a view is made of. */
struct figures {
  const struct lab *lab;
  bool is_marked;
  unsigned name_count;
  const char *names[GIL_LATENCIES_MAX]; /* of latencies, in the order in which they come up */
  struct view_lab_row *rows;
  struct view_lab_latency *latencies; /* name_count for each row */
};

static double per_second(double count, const struct lab_sample *sample) {
  return count * 1e9 / (double)sample->wall_ns;
}

static double figure_of(const struct figures *figures, const struct lab_sample *sample, enum view_lab_figure figure) {
  const struct measure_report *report = &sample->report;
  switch (figure) {
    case VIEW_LAB_WORK:
      return per_second(figures->is_marked ? (double)report->work : 1, sample);
    case VIEW_LAB_FAIRNESS:
      return report->fairness;
    case VIEW_LAB_SWITCHES:
      return per_second((double)report->switches, sample);
    case VIEW_LAB_CPUS:
      return (double)sample->cpu_ns / (double)sample->wall_ns;
    case VIEW_LAB_LOST:
      return report->age_ns > 0 ? (double)report->handover_ns / (double)report->age_ns : 0;
    case VIEW_LAB_WAIT_P50:
      return (double)report->waits.p50_ns;
    case VIEW_LAB_WAIT_P99:
      return (double)report->waits.p99_ns;
    default:
      return (double)report->waits.max_ns;
  }
}

/* Sorts `values`. */
static struct view_lab_value value_of(double *values, unsigned count) {
  if (count == 0) return (struct view_lab_value){.is_known = false};
  double median = runs_median(values, count);
  return (struct view_lab_value){.is_known = true, .median = median, .min = values[0], .max = values[count - 1]};
}

static void fill_figures(const struct figures *figures, const struct lab_config *config, struct view_lab_row *row) {
  double values[LAB_RUNS_MAX];
  for (unsigned f = 0; f < VIEW_LAB_FIGURES; f++) {
    unsigned known = 0;
    for (unsigned i = 0; i < config->count; i++) {
      double value = figure_of(figures, &config->samples[i], (enum view_lab_figure)f);
      if (f != VIEW_LAB_FAIRNESS || value > 0) values[known++] = value;
    }
    row->figures[f] = value_of(values, known);
  }
}

static const struct measure_times *times_of(const struct lab_sample *sample, const char *name) {
  for (unsigned i = 0; i < sample->report.latency_count; i++)
    if (strcmp(sample->report.latencies[i].name, name) == 0) return &sample->report.latencies[i].times;
  return NULL;
}

static void fill_latency(const struct lab_config *config, const char *name, struct view_lab_latency *out) {
  double p50[LAB_RUNS_MAX], p99[LAB_RUNS_MAX], max[LAB_RUNS_MAX];
  unsigned known = 0;
  for (unsigned i = 0; i < config->count; i++) {
    const struct measure_times *times = times_of(&config->samples[i], name);
    if (!times) continue;
    p50[known] = (double)times->p50_ns;
    p99[known] = (double)times->p99_ns;
    max[known++] = (double)times->max_ns;
  }
  *out = (struct view_lab_latency){value_of(p50, known), value_of(p99, known), value_of(max, known)};
}

static void find_names(struct figures *figures, const struct lab_sample *sample) {
  if (sample->report.work > 0) figures->is_marked = true;
  for (unsigned i = 0; i < sample->report.latency_count; i++) {
    const char *name = sample->report.latencies[i].name;
    unsigned k = 0;
    while (k < figures->name_count && strcmp(figures->names[k], name) != 0) k++;
    if (k == figures->name_count && k < GIL_LATENCIES_MAX) figures->names[figures->name_count++] = name;
  }
}

static bool make_figures(const struct lab *lab, struct figures *out) {
  *out = (struct figures){.lab = lab};
  for (unsigned i = 0; i < lab->count; i++)
    for (unsigned k = 0; k < lab->configs[i].count; k++) find_names(out, &lab->configs[i].samples[k]);
  out->rows = calloc(lab->count + 1, sizeof out->rows[0]);
  out->latencies = calloc((size_t)lab->count * out->name_count + 1, sizeof out->latencies[0]);
  if (!out->rows || !out->latencies) return false;
  for (unsigned i = 0; i < lab->count; i++) {
    const struct lab_config *config = &lab->configs[i];
    struct view_lab_latency *latencies = &out->latencies[(size_t)i * out->name_count];
    out->rows[i] = (struct view_lab_row){
        .policy = config->name, .runs = config->count, .failed = config->failed, .latencies = latencies};
    fill_figures(out, config, &out->rows[i]);
    for (unsigned k = 0; k < out->name_count; k++) fill_latency(config, out->names[k], &latencies[k]);
  }
  return true;
}

/* ---------------------------------------------------------------- output --------------------------------------- */

static unsigned width_of(FILE *out) {
  struct winsize size;
  long columns;
  const char *wish = getenv("COLUMNS");
  if (wish && cli_parse_count(wish, 1, 10000, &columns)) return (unsigned)columns;
  return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static int print_tables(const struct view_lab *view, const char *color, FILE *out) {
  int rc = view_lab_table(out, view, width_of(out), view_wants_color(out, color));
  if (rc == 0) {
    fputc('\n', out);
    rc = view_lab_verdict(out, view);
  }
  return rc == 0 ? 0 : cli_failure("lab: cannot write the table: %s", strerror(errno));
}

static int write_file(struct runs_file *file, const struct view_lab *view,
                      int (*write)(FILE *out, const struct view_lab *view)) {
  return file->stream ? runs_close_file(file, write(file->stream, view) != 0) : 0;
}

static bool is_page(const char *name) {
  const char *dot = name ? strrchr(name, '.') : NULL;
  return dot && strcmp(dot, ".html") == 0;
}

int lab_show(const struct lab *lab, struct lab_outputs *outputs) {
  struct figures figures;
  int status = 0;
  if (!make_figures(lab, &figures)) status = cli_failure("lab: not enough memory for the figures");
  const struct view_lab view = {.script = lab->script,
                                .mode = lab->mode,
                                .copies = lab->copies,
                                .cpus = lab->cpus,
                                .runs = lab->runs,
                                .is_marked = figures.is_marked,
                                .latency_count = figures.name_count,
                                .latency_names = figures.names,
                                .count = lab->count,
                                .rows = figures.rows};
  if (status == 0) {
    bool stdout_is_data = outputs->csv.stream == stdout || outputs->json.stream == stdout;
    int written[] = {print_tables(&view, outputs->color, stdout_is_data ? stderr : stdout),
                     write_file(&outputs->csv, &view, view_lab_csv), write_file(&outputs->json, &view, view_lab_json),
                     write_file(&outputs->chart, &view, is_page(outputs->chart.name) ? view_lab_html : view_lab_svg)};
    for (unsigned i = 0; i < sizeof written / sizeof written[0] && status == 0; i++) status = written[i];
  }
  free(figures.rows);
  free(figures.latencies);
  return status;
}
