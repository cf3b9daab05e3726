/* view/lab.c - the policies beside each other: who is better in which figure, and the tables. Room: view/. Any thread.
 *
 * A difference counts if the runs bear it out: the spreads of the two, from the worst run to the best, do not touch.
 * The best of a column is marked with '*' if that holds against all others; if not, all that are not told apart from
 * it are marked with '~'. With one run each nothing is told apart, and if all stand equal nothing is marked.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab_internal.h"

/* Percentiles are known within 3 percent to either side. */
#define TIME_GRAIN 0.065

/* ---------------------------------------------------------------- who is better -------------------------------- */

static const char *without_folders(const char *policy) {
  size_t length = strcspn(policy, ":");
  const char *slash = memrchr(policy, '/', length);
  return slash ? slash + 1 : policy;
}

const char *lab_name(const struct view_lab *lab, unsigned row) {
  const char *name = without_folders(lab->rows[row].policy);
  for (unsigned i = 0; i < lab->count; i++)
    if (i != row && strcmp(without_folders(lab->rows[i].policy), name) == 0) return lab->rows[row].policy;
  return name;
}

static bool is_time(const struct lab_column *column) {
  return column->is_latency || column->figure >= VIEW_LAB_WAIT_P50;
}

const struct view_lab_value *lab_value(const struct view_lab_row *row, const struct lab_column *column) {
  if (row->failed || row->runs == 0) return NULL;
  const struct view_lab_value *value = &row->figures[column->figure];
  if (column->is_latency) {
    const struct view_lab_latency *latency = &row->latencies[column->latency];
    value = column->part == LAB_P50 ? &latency->p50 : column->part == LAB_P99 ? &latency->p99 : &latency->max;
  }
  return value->is_known ? value : NULL;
}

static bool is_better(const struct lab_column *column, double a, double b) {
  bool more_is_better =
      !column->is_latency && (column->figure == VIEW_LAB_WORK || column->figure == VIEW_LAB_FAIRNESS);
  return more_is_better ? a > b : a < b;
}

unsigned lab_best(const struct view_lab *lab, const struct lab_column *column) {
  unsigned best = LAB_NONE;
  if (!column->is_latency && (column->figure == VIEW_LAB_SWITCHES || column->figure == VIEW_LAB_CPUS)) return best;
  for (unsigned i = 0; i < lab->count; i++) {
    const struct view_lab_value *value = lab_value(&lab->rows[i], column);
    if (value && (best == LAB_NONE ||
                  is_better(column, value->median, lab_value(&lab->rows[best], column)->median)))
      best = i;
  }
  return best;
}

/* With one run each the spread is not known, and nothing is told apart. */
static bool told_apart(const struct view_lab *lab, const struct lab_column *column, unsigned a, unsigned b) {
  const struct view_lab_value *left = lab_value(&lab->rows[a], column), *right = lab_value(&lab->rows[b], column);
  if (!left || !right) return true;
  if (lab->rows[a].runs < 2 || lab->rows[b].runs < 2) return false;
  const struct view_lab_value *lower = left->min < right->min ? left : right, *upper = lower == left ? right : left;
  double grain = is_time(column) ? TIME_GRAIN * upper->min : 0;
  return upper->min - lower->max > grain;
}

enum lab_standing lab_standing(const struct view_lab *lab, const struct lab_column *column, unsigned row) {
  unsigned best = lab_best(lab, column);
  if (best == LAB_NONE || !lab_value(&lab->rows[row], column)) return LAB_BEHIND;
  if (row != best) return told_apart(lab, column, row, best) ? LAB_BEHIND : LAB_AMONG_BEST;
  for (unsigned i = 0; i < lab->count; i++)
    if (i != best && !told_apart(lab, column, i, best)) return LAB_AMONG_BEST;
  return LAB_BEST;
}

double lab_spread(const struct view_lab_value *value) {
  return value->median > 0 ? (value->max - value->min) / 2 / value->median : 0;
}

struct lab_column lab_p99(const struct view_lab *lab) {
  if (lab->latency_count > 0) return (struct lab_column){.is_latency = true, .part = LAB_P99};
  return (struct lab_column){.figure = VIEW_LAB_WAIT_P99};
}

char *lab_p99_name(const struct view_lab *lab, char *out, size_t bytes) {
  char name[VIEW_CELL_BYTES];
  if (lab->latency_count > 0)
    snprintf(out, bytes, "p99 of %s", view_clean(name, sizeof name, lab->latency_names[0]));
  else
    snprintf(out, bytes, "p99 of the waits");
  return out;
}

bool lab_on_frontier(const struct view_lab *lab, unsigned row) {
  const struct lab_column work = {.figure = VIEW_LAB_WORK}, p99 = lab_p99(lab);
  const struct view_lab_value *my_work = lab_value(&lab->rows[row], &work);
  const struct view_lab_value *my_p99 = lab_value(&lab->rows[row], &p99);
  if (!my_work || !my_p99) return false;
  for (unsigned i = 0; i < lab->count; i++) {
    const struct view_lab_value *its_work = lab_value(&lab->rows[i], &work);
    const struct view_lab_value *its_p99 = lab_value(&lab->rows[i], &p99);
    if (!its_work || !its_p99 || i == row) continue;
    bool as_good = its_work->median >= my_work->median && its_p99->median <= my_p99->median;
    bool is_more = its_work->median > my_work->median || its_p99->median < my_p99->median;
    if (as_good && is_more) return false;
  }
  return true;
}

/* ---------------------------------------------------------------- cells ---------------------------------------- */

/* What a cell shows of the row. */
enum kind { WORK, SPREAD, OF_BEST, FAIRNESS, COUNT, DECIMAL, SHARE, TIME };

struct head {
  const char *text;
  enum kind kind;
  struct lab_column column;
};

#define HEADS_MAX VIEW_TABLE_COLUMNS

/* One table: the policies, and so many figures of each. */
struct block {
  unsigned count;
  struct head heads[HEADS_MAX];
};

static void rate(char *out, double value) {
  static const struct {
    double least;
    double unit;
    const char *suffix;
  } units[] = {{1e9, 1e9, "G"}, {1e6, 1e6, "M"}, {1e4, 1e3, "k"}, {0, 1, ""}};
  unsigned i = 0;
  while (value < units[i].least) i++;
  double scaled = value / units[i].unit;
  char number[VIEW_NUMBER_BYTES];
  view_fixed(number, scaled, scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0);
  snprintf(out, VIEW_NUMBER_BYTES, "%.30s%s", number, units[i].suffix);
}

/* Nothing is marked in a column in which all are equal. */
static bool all_among_best(const struct view_lab *lab, const struct lab_column *column) {
  for (unsigned i = 0; i < lab->count; i++)
    if (lab_value(&lab->rows[i], column) && lab_standing(lab, column, i) == LAB_BEHIND) return false;
  return true;
}

static void write_number(char *out, const struct view_lab *lab, const struct head *head,
                         const struct view_lab_value *value) {
  switch (head->kind) {
    case WORK:
    case COUNT:
      rate(out, value->median);
      break;
    case SPREAD:
      view_percent(out, lab_spread(value));
      break;
    case OF_BEST:
      view_percent(out, value->median / lab_value(&lab->rows[lab_best(lab, &head->column)], &head->column)->median);
      break;
    case SHARE:
      view_percent(out, value->median);
      break;
    case TIME:
      view_time(out, llround(value->median));
      break;
    default:
      view_fixed(out, value->median, head->kind == FAIRNESS ? 3 : 2);
  }
}

/* Of the others there is neither good nor bad, or it is said by another column; their cells leave no room for marks. */
static bool has_best(const struct head *head) {
  return head->kind == WORK || head->kind == FAIRNESS || head->kind == SHARE || head->kind == TIME;
}

static void fill_cell(struct view_cell *cell, const struct view_lab *lab, const struct head *head, unsigned row) {
  const struct view_lab_value *value = lab_value(&lab->rows[row], &head->column);
  if (!value) {
    view_cell_set(cell, VIEW_PLAIN, has_best(head) ? "-  " : "-");
    return;
  }
  char number[VIEW_NUMBER_BYTES];
  write_number(number, lab, head, value);
  bool may_mark = has_best(head) && !all_among_best(lab, &head->column);
  enum lab_standing standing = may_mark ? lab_standing(lab, &head->column, row) : LAB_BEHIND;
  const char *mark = standing == LAB_BEST ? " *" : standing == LAB_AMONG_BEST ? " ~" : "  ";
  view_cell_set(cell, standing == LAB_BEHIND ? VIEW_PLAIN : VIEW_HOLDS, "%s%s", number, has_best(head) ? mark : "");
}

/* ---------------------------------------------------------------- tables --------------------------------------- */

static void add(struct block *block, const char *text, enum kind kind, struct lab_column column) {
  if (block->count < HEADS_MAX - 1) block->heads[block->count++] = (struct head){text, kind, column};
}

static void add_figure(struct block *block, const char *text, enum kind kind, enum view_lab_figure figure) {
  add(block, text, kind, (struct lab_column){.figure = figure});
}

static void add_throughput(struct block *block, const struct view_lab *lab) {
  add_figure(block, lab->is_marked ? "work/s  " : "runs/s  ", WORK, VIEW_LAB_WORK);
  add_figure(block, "+-", SPREAD, VIEW_LAB_WORK);
  add_figure(block, "of best", OF_BEST, VIEW_LAB_WORK);
  add_figure(block, "fair  ", FAIRNESS, VIEW_LAB_FAIRNESS);
  add_figure(block, "CPUs", DECIMAL, VIEW_LAB_CPUS);
  add_figure(block, "switches/s", COUNT, VIEW_LAB_SWITCHES);
  add_figure(block, "lost  ", SHARE, VIEW_LAB_LOST);
}

static void add_waits(struct block *block) {
  add_figure(block, "wait p50  ", TIME, VIEW_LAB_WAIT_P50);
  add_figure(block, "p99  ", TIME, VIEW_LAB_WAIT_P99);
  add_figure(block, "max  ", TIME, VIEW_LAB_WAIT_MAX);
}

static void add_latency(struct block *block, const struct view_lab *lab, unsigned index, char *head, size_t bytes) {
  char name[VIEW_CELL_BYTES];
  struct lab_column column = {.is_latency = true, .latency = index, .part = LAB_P50};
  snprintf(head, bytes, "%s p50  ", view_clean(name, sizeof name, lab->latency_names[index]));
  add(block, head, TIME, column);
  column.part = LAB_P99;
  add(block, "p99  ", TIME, column);
  column.part = LAB_MAX;
  add(block, "max  ", TIME, column);
}

static void fill_line(struct view_line *line, const struct view_lab *lab, const struct block *block, unsigned row) {
  const struct view_lab_row *it = &lab->rows[row];
  view_cell_set(&line->cells[0], VIEW_PLAIN, "%s", lab_name(lab, row));
  line->runs_on = it->failed != 0 || it->runs == 0;
  if (it->failed)
    view_cell_set(&line->cells[1], VIEW_BAD, "failed, exit status %d", it->failed);
  else if (it->runs == 0)
    view_cell_set(&line->cells[1], VIEW_PLAIN, "not run");
  for (unsigned i = 0; i < block->count && !line->runs_on; i++)
    fill_cell(&line->cells[i + 1], lab, &block->heads[i], row);
}

static int make_table(struct view_table *table, const struct view_lab *lab, const struct block *block) {
  if (view_table_init(table, block->count + 1, lab->count + 1)) return -1;
  table->gap = 1;
  table->indent = 2;
  struct view_line *heading = view_table_add(table);
  view_cell_set(&heading->cells[0], VIEW_HEAD, "policy");
  for (unsigned i = 0; i < block->count; i++)
    view_cell_set(&heading->cells[i + 1], VIEW_HEAD, "%s", block->heads[i].text);
  for (unsigned i = 0; i < lab->count; i++) fill_line(view_table_add(table), lab, block, i);
  return 0;
}

static unsigned table_width(const struct view_table *table) {
  unsigned sum = table->indent;
  for (unsigned column = 0; column < table->columns; column++) {
    unsigned widest = 0;
    for (unsigned i = 0; i < table->count; i++) {
      unsigned width = view_width(table->lines[i].cells[column].text);
      if (!(column > 0 && table->lines[i].runs_on) && width > widest) widest = width;
    }
    sum += widest + (column > 0 ? table->gap : 0);
  }
  return sum;
}

static int print_block(FILE *out, const struct view_lab *lab, const struct block *block, bool color) {
  struct view_table table;
  if (make_table(&table, lab, block)) return -1;
  fputc('\n', out);
  view_table_print(out, &table, color);
  view_table_finish(&table);
  return 0;
}

/* Whether the block can stand beside the group within `width` columns; then it is appended. */
static bool append(struct block *block, const struct block *group, const struct view_lab *lab, unsigned width) {
  struct block both = *block;
  struct view_table table;
  if (block->count + group->count > HEADS_MAX - 1) return false;
  for (unsigned i = 0; i < group->count; i++) both.heads[both.count++] = group->heads[i];
  if (make_table(&table, lab, &both)) return false; /* no memory: printing will say so */
  bool fits = table_width(&table) <= width;
  view_table_finish(&table);
  if (fits) *block = both;
  return fits;
}

static void print_title(FILE *out, const struct view_lab *lab) {
  char script[256];
  fprintf(out, "%s: %u cop%s as %s on %u CPU%s, ", view_clean(script, sizeof script, lab->script), lab->copies,
          lab->copies == 1 ? "y" : "ies", lab->mode, lab->cpus, lab->cpus == 1 ? "" : "s");
  unsigned least = UINT32_MAX, most = 0;
  for (unsigned i = 0; i < lab->count; i++) {
    const struct view_lab_row *row = &lab->rows[i];
    if (row->failed || row->runs == 0) continue;
    if (row->runs < least) least = row->runs;
    if (row->runs > most) most = row->runs;
  }
  if (most <= 1)
    fprintf(out, "%u run%s\n", most, most == 1 ? " each" : "s");
  else if (least == most)
    fprintf(out, "median of %u runs\n", most);
  else
    fprintf(out, "median of %u to %u runs\n", least, most);
}

static void print_legend(FILE *out, const struct view_lab *lab) {
  fputs(lab->runs > 1 ? "\n  * best of its column, by more than the spread of the runs\n"
                        "  ~ not told apart from the best\n"
                      : "\n  One run each tells nothing apart: no best is marked. Take --runs 3 or more.\n",
        out);
}

/* Groups of columns: throughput, waits, then the operations of each name. */
static void make_group(struct block *group, const struct view_lab *lab, unsigned index, char *head, size_t bytes) {
  *group = (struct block){0};
  if (index == 0)
    add_throughput(group, lab);
  else if (index == 1)
    add_waits(group);
  else
    add_latency(group, lab, index - 2, head, bytes);
}

int view_lab_table(FILE *out, const struct view_lab *lab, unsigned width, bool color) {
  enum { HEAD_BYTES = VIEW_CELL_BYTES + 8 };
  unsigned count = 2 + lab->latency_count;
  char(*heads)[HEAD_BYTES] = calloc(count, sizeof *heads);
  struct block block = {0};
  int rc = heads ? 0 : -1;
  print_title(out, lab);
  for (unsigned i = 0; i < count && rc == 0; i++) {
    struct block group;
    make_group(&group, lab, i, heads[i], HEAD_BYTES);
    if (i > 0 && append(&block, &group, lab, width)) continue;
    if (i > 0) rc = print_block(out, lab, &block, color);
    block = group;
  }
  if (rc == 0) rc = print_block(out, lab, &block, color);
  free(heads);
  print_legend(out, lab);
  return view_written(out) == 0 ? rc : -1;
}
