/* view/lab_data.c - what the laboratory measured, as lines with a heading and as one JSON object. Room: view/. Any
 * thread. Times are in seconds; what is not known is empty in the one and null in the other.
 *
 *   {"script": "echo.lua", "mode": "threads", "copies": 2, "cpus": 2, "runs": 3, "marked": true,
 *    "policies": [{"policy": "fifo", "runs": 3, "failed": 0, "work_per_s": {"median": 9.5, "min": 9, "max": 10},
 *                  "fairness": ..., "switches_per_s": ..., "cpus": ..., "lost": ..., "wait_p50_s": ...,
 *                  "wait_p99_s": ..., "wait_max_s": ..., "frontier": true,
 *                  "latencies": {"echo": {"p50_s": ..., "p99_s": ..., "max_s": ...}}}, ...]}
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab_internal.h"

static const char *const figure_names[VIEW_LAB_FIGURES] = {
    [VIEW_LAB_WORK] = "work_per_s",     [VIEW_LAB_FAIRNESS] = "fairness",
    [VIEW_LAB_SWITCHES] = "switches_per_s", [VIEW_LAB_CPUS] = "cpus",
    [VIEW_LAB_LOST] = "lost",           [VIEW_LAB_WAIT_P50] = "wait_p50_s",
    [VIEW_LAB_WAIT_P99] = "wait_p99_s", [VIEW_LAB_WAIT_MAX] = "wait_max_s"};

static const char *const part_names[] = {[LAB_P50] = "p50_s", [LAB_P99] = "p99_s", [LAB_MAX] = "max_s"};

static void number(FILE *out, const struct lab_column *column, double value) {
  if (column->is_latency || column->figure >= VIEW_LAB_WAIT_P50)
    view_json_seconds(out, llround(value));
  else
    view_json_number(out, value, column->figure == VIEW_LAB_WORK ? 3 : 6);
}

/* ---------------------------------------------------------------- CSV ------------------------------------------ */

static void csv_text(FILE *out, const char *text) {
  if (!strpbrk(text, ",\"\n\r")) {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  for (; *text; text++) fprintf(out, *text == '"' ? "\"\"" : "%c", *text);
  fputc('"', out);
}

static void csv_heading(FILE *out, const struct view_lab *lab) {
  fputs("policy,runs,failed", out);
  for (unsigned i = 0; i < VIEW_LAB_FIGURES; i++)
    fprintf(out, ",%s,%s_min,%s_max", figure_names[i], figure_names[i], figure_names[i]);
  for (unsigned i = 0; i < lab->latency_count; i++) {
    for (int part = LAB_P50; part <= LAB_MAX; part++) {
      char name[VIEW_CELL_BYTES];
      snprintf(name, sizeof name, "%s %s", lab->latency_names[i], part_names[part]);
      fputc(',', out);
      csv_text(out, name);
    }
  }
  fputc('\n', out);
}

static void csv_value(FILE *out, const struct view_lab_row *row, const struct lab_column *column, bool with_spread) {
  const struct view_lab_value *value = lab_value(row, column);
  fputc(',', out);
  if (value) number(out, column, value->median);
  if (!with_spread) return;
  fputc(',', out);
  if (value) number(out, column, value->min);
  fputc(',', out);
  if (value) number(out, column, value->max);
}

int view_lab_csv(FILE *out, const struct view_lab *lab) {
  csv_heading(out, lab);
  for (unsigned i = 0; i < lab->count; i++) {
    const struct view_lab_row *row = &lab->rows[i];
    csv_text(out, row->policy);
    fprintf(out, ",%u,%d", row->runs, row->failed);
    struct lab_column column = {0};
    for (unsigned k = 0; k < VIEW_LAB_FIGURES; k++) {
      column.figure = (enum view_lab_figure)k;
      csv_value(out, row, &column, true);
    }
    column.is_latency = true;
    for (column.latency = 0; column.latency < lab->latency_count; column.latency++) {
      for (int part = LAB_P50; part <= LAB_MAX; part++) {
        column.part = part;
        csv_value(out, row, &column, false);
      }
    }
    fputc('\n', out);
  }
  return view_written(out);
}

/* ---------------------------------------------------------------- JSON ----------------------------------------- */

static void json_value(FILE *out, const char *name, const struct view_lab_row *row, const struct lab_column *column) {
  const struct view_lab_value *value = lab_value(row, column);
  fprintf(out, "\"%s\": ", name);
  if (!value) {
    fputs("null", out);
    return;
  }
  fputs("{\"median\": ", out);
  number(out, column, value->median);
  fputs(", \"min\": ", out);
  number(out, column, value->min);
  fputs(", \"max\": ", out);
  number(out, column, value->max);
  fputc('}', out);
}

static void json_latencies(FILE *out, const struct view_lab *lab, const struct view_lab_row *row) {
  struct lab_column column = {.is_latency = true};
  fputs(", \"latencies\": {", out);
  for (column.latency = 0; column.latency < lab->latency_count; column.latency++) {
    if (column.latency > 0) fputs(", ", out);
    view_json_string(out, lab->latency_names[column.latency]);
    fputs(": {", out);
    for (int part = LAB_P50; part <= LAB_MAX; part++) {
      if (part > LAB_P50) fputs(", ", out);
      column.part = part;
      json_value(out, part_names[part], row, &column);
    }
    fputc('}', out);
  }
  fputc('}', out);
}

int view_lab_json(FILE *out, const struct view_lab *lab) {
  fputs("{\"script\": ", out);
  view_json_string(out, lab->script);
  fprintf(out, ", \"mode\": \"%s\", \"copies\": %u, \"cpus\": %u, \"runs\": %u, \"marked\": %s,\n \"policies\": [",
          lab->mode, lab->copies, lab->cpus, lab->runs, lab->is_marked ? "true" : "false");
  for (unsigned i = 0; i < lab->count; i++) {
    const struct view_lab_row *row = &lab->rows[i];
    fputs(i > 0 ? ",\n  {\"policy\": " : "\n  {\"policy\": ", out);
    view_json_string(out, row->policy);
    fprintf(out, ", \"runs\": %u, \"failed\": %d", row->runs, row->failed);
    for (unsigned k = 0; k < VIEW_LAB_FIGURES; k++) {
      const struct lab_column column = {.figure = (enum view_lab_figure)k};
      fputs(", ", out);
      json_value(out, figure_names[k], row, &column);
    }
    fprintf(out, ", \"frontier\": %s", lab_on_frontier(lab, i) ? "true" : "false");
    json_latencies(out, lab, row);
    fputc('}', out);
  }
  fputs("]}\n", out);
  return view_written(out);
}
