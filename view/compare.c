/* view/compare.c - the four ways to run a script beside each other: as a table and as JSON. Room: view/. Any thread.
 * What the figures mean is said in verdict.c.
 */
#include <stdlib.h>
#include <string.h>

#include "view_internal.h"

/* A share of the threads' lives from which on waiting for the GIL is worth a colour. */
#define WAIT_TO_NOTICE 0.05

static const char *plural(unsigned count) { return count == 1 ? "" : "s"; }

static double longest_wall(const struct view_compare *compare) {
  double longest = 0;
  for (unsigned i = 0; i < compare->count; i++)
    if (compare->rows[i].runs > 0 && compare->rows[i].wall_s > longest) longest = compare->rows[i].wall_s;
  return longest;
}

/* All rows in the unit that suits the longest, so that the eye can compare them. */
static void wall_cell(struct view_cell *cell, double wall_s, bool in_seconds) {
  char number[VIEW_NUMBER_BYTES];
  view_cell_set(cell, VIEW_PLAIN, "%s %s",
                view_fixed(number, in_seconds ? wall_s : wall_s * 1000, in_seconds ? 3 : 2), in_seconds ? "s" : "ms");
}

static void figures(struct view_line *line, const struct view_compare_row *row, bool in_seconds) {
  char number[VIEW_NUMBER_BYTES];
  wall_cell(&line->cells[1], row->wall_s, in_seconds);
  if (row->speedup > 0)
    view_cell_set(&line->cells[2], VIEW_PLAIN, "%sx", view_fixed(number, row->speedup, 2));
  else
    view_cell_set(&line->cells[2], VIEW_PLAIN, "-");
  view_cell_set(&line->cells[3], VIEW_PLAIN, "%s", view_fixed(number, row->cores, 2));
  view_cell_set(&line->cells[4], row->gil_wait_share >= WAIT_TO_NOTICE ? VIEW_WAITS : VIEW_PLAIN, "%s",
                view_percent(number, row->gil_wait_share));
  view_cell_set(&line->cells[5], VIEW_PLAIN, "%s", view_fixed(number, row->switches, 0));
  if (row->pss_kb > 0)
    view_cell_set(&line->cells[6], VIEW_PLAIN, "%s MiB", view_fixed(number, row->pss_kb / 1024, 1));
  else
    view_cell_set(&line->cells[6], VIEW_PLAIN, "-");
}

static void compare_row(struct view_line *line, const struct view_compare_row *row, bool in_seconds) {
  view_cell_set(&line->cells[0], VIEW_PLAIN, "%s", row->mode);
  line->runs_on = row->failed != 0 || row->runs == 0;
  if (row->failed)
    view_cell_set(&line->cells[1], VIEW_BAD, "failed, exit status %d", row->failed);
  else if (row->runs == 0)
    view_cell_set(&line->cells[1], VIEW_PLAIN, "not run");
  else
    figures(line, row, in_seconds);
}

static void print_title(FILE *out, const struct view_compare *compare) {
  char script[256];
  fprintf(out, "%s: %u cop%s on %u CPU%s", view_clean(script, sizeof script, compare->script), compare->copies,
          compare->copies == 1 ? "y" : "ies", compare->cpus, plural(compare->cpus));
  if (compare->runs > 0)
    fprintf(out, ", %s%u run%s", compare->runs > 1 ? "median of " : "", compare->runs, plural(compare->runs));
  fputs("\n\n", out);
}

int view_compare_table(FILE *out, const struct view_compare *compare, bool color) {
  static const char *const heads[] = {"", "wall", "speed-up", "CPUs used", "waiting for GIL", "switches", "memory"};
  struct view_table table;
  if (view_table_init(&table, 7, compare->count + 1)) return -1;
  table.indent = 2;
  struct view_line *line = view_table_add(&table);
  for (unsigned i = 0; i < 7; i++) view_cell_set(&line->cells[i], VIEW_HEAD, "%s", heads[i]);
  bool in_seconds = longest_wall(compare) >= 0.1;
  for (unsigned i = 0; i < compare->count; i++) compare_row(view_table_add(&table), &compare->rows[i], in_seconds);
  print_title(out, compare);
  view_table_print(out, &table, color);
  view_table_finish(&table);
  return view_written(out);
}

/* ---------------------------------------------------------------- JSON ----------------------------------------- */

static void field(FILE *out, const char *name, bool is_known, double value, unsigned decimals) {
  fputs(", ", out);
  view_json_string(out, name);
  fputs(": ", out);
  if (is_known)
    view_json_number(out, value, decimals);
  else
    fputs("null", out);
}

static void json_row(FILE *out, const struct view_compare *compare, const struct view_compare_row *row) {
  bool is_known = row->runs > 0 && row->failed == 0;
  fputs("  {\"mode\": ", out);
  view_json_string(out, row->mode);
  field(out, "wall_s", is_known, row->wall_s, 6);
  field(out, "speedup", is_known && row->speedup > 0, row->speedup, 4);
  field(out, "cores", is_known, row->cores, 4);
  field(out, "gil_wait_share", is_known, row->gil_wait_share, 6);
  field(out, "switches", is_known, row->switches, 0);
  field(out, "pss_kb", is_known && row->pss_kb > 0, row->pss_kb, 0);
  field(out, "gil_held_share", is_known, row->gil_held_share, 6);
  field(out, "wall_min_s", is_known, row->wall_min_s, 6);
  field(out, "wall_max_s", is_known, row->wall_max_s, 6);
  field(out, "runs", true, row->runs, 0);
  field(out, "copies", true, compare->copies, 0);
  field(out, "cpus", true, compare->cpus, 0);
  field(out, "failed", true, row->failed, 0);
  fputc('}', out);
}

int view_compare_json(FILE *out, const struct view_compare *compare) {
  fputs("[\n", out);
  for (unsigned i = 0; i < compare->count; i++) {
    json_row(out, compare, &compare->rows[i]);
    fputs(i + 1 < compare->count ? ",\n" : "\n", out);
  }
  fputs("]\n", out);
  return view_written(out);
}
