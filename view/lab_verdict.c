/* view/lab_verdict.c - which policy suits the script, and what ails the others, in sentences. Room: view/. Any thread.
 *
 * Throughput comes first: those that keep nearly all of the best, or that the runs do not tell from it, are eligible;
 * of these the one with the shortest 99th percentile is proposed. What is worse is named after what it suffers from,
 * each with the figure that shows it, and only if the runs tell it from the best.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab_internal.h"

#define NEARLY_ALL 0.97   /* of the best throughput, that an eligible policy keeps */
#define NOT_FAR 0.9       /* of the best: behind that none is proposed, be the spread as large as it may */
#define UNSTEADY 0.1      /* typical spread of throughput from which on more runs are called for */
#define UNFAIR 0.8        /* Jain's index below which threads did not fare alike */
#define MUCH_LONGER 4.0   /* than the shortest p99: a pathology */
#define MUCH_LOST 0.1     /* of the time, in which somebody waited and nobody ran */
#define MANY_SWITCHES 1000 /* a second; with fewer it is not switching that loses the time */
#define SLOWER 0.95       /* than the best throughput: it costs something */
#define NAMED_MAX 4       /* policies named in one sentence */

struct verdict {
  const struct view_lab *lab;
  struct lab_column work, p99, fairness, lost, switches;
  unsigned best_work, best_p99; /* LAB_NONE: nobody has the figure */
  double least_p99;             /* of the best */
  char p99_name[VIEW_CELL_BYTES + 16];
  FILE *text;
};

static double figure(const struct verdict *v, unsigned row, const struct lab_column *column) {
  const struct view_lab_value *value = lab_value(&v->lab->rows[row], column);
  return value ? value->median : 0;
}

static double of_best(const struct verdict *v, unsigned row) {
  return figure(v, row, &v->work) / figure(v, v->best_work, &v->work);
}

static bool has(const struct verdict *v, unsigned row, const struct lab_column *column) {
  return lab_value(&v->lab->rows[row], column) != NULL;
}

static bool behind(const struct verdict *v, unsigned row, const struct lab_column *column) {
  return has(v, row, column) && lab_standing(v->lab, column, row) == LAB_BEHIND;
}

static void say(const struct verdict *v, const char *words) { fputs(words, v->text); }

static void say_name(const struct verdict *v, unsigned row) {
  char name[VIEW_CELL_BYTES];
  say(v, view_clean(name, sizeof name, lab_name(v->lab, row)));
}

static void say_percent(const struct verdict *v, double share) {
  char number[VIEW_NUMBER_BYTES];
  say(v, view_percent(number, share));
}

static void say_time(const struct verdict *v, double ns) {
  char number[VIEW_NUMBER_BYTES];
  say(v, view_time(number, llround(ns)));
}

/* ---------------------------------------------------------------- what suits ----------------------------------- */

static bool is_eligible(const struct verdict *v, unsigned row) {
  if (!has(v, row, &v->work)) return false;
  return of_best(v, row) >= NEARLY_ALL || (!behind(v, row, &v->work) && of_best(v, row) >= NOT_FAR);
}

/* The eligible policy with the shortest p99; if none has one, the one with the most work. */
static unsigned choose(const struct verdict *v) {
  unsigned chosen = LAB_NONE;
  for (unsigned i = 0; i < v->lab->count; i++) {
    if (!is_eligible(v, i) || !has(v, i, &v->p99)) continue;
    if (chosen == LAB_NONE || figure(v, i, &v->p99) < figure(v, chosen, &v->p99)) chosen = i;
  }
  return chosen == LAB_NONE ? v->best_work : chosen;
}

/* Whether an eligible policy's p99 reaches into the spread of the chosen one's. */
static bool is_as_good(const struct verdict *v, unsigned row, unsigned chosen) {
  const struct view_lab_value *its = lab_value(&v->lab->rows[row], &v->p99);
  const struct view_lab_value *best = lab_value(&v->lab->rows[chosen], &v->p99);
  return row != chosen && is_eligible(v, row) && its && best && its->min <= best->max * 1.065;
}

static void say_equals(const struct verdict *v, unsigned chosen) {
  unsigned count = 0;
  for (unsigned i = 0; i < v->lab->count; i++) count += is_as_good(v, i, chosen);
  if (count == 0) return;
  say(v, "The runs do not tell it from ");
  unsigned named = 0;
  for (unsigned i = 0; i < v->lab->count && named < NAMED_MAX; i++) {
    if (!is_as_good(v, i, chosen)) continue;
    if (named > 0) say(v, count == named + 1 ? " and " : ", ");
    say_name(v, i);
    named++;
  }
  if (count > named) fprintf(v->text, " and %u more", count - named);
  say(v, ". ");
}

static void say_choice(const struct verdict *v, unsigned chosen) {
  say(v, "For this script take ");
  say_name(v, chosen);
  if (lab_standing(v->lab, &v->work, chosen) == LAB_BEST) {
    say(v, ": it gets the most done");
  } else if (!behind(v, chosen, &v->work)) {
    say(v, ": no policy gets measurably more done");
  } else {
    say(v, ": it keeps ");
    say_percent(v, of_best(v, chosen));
    say(v, " of the best throughput");
  }
  if (has(v, chosen, &v->p99) && figure(v, chosen, &v->p99) > 0) {
    fprintf(v->text, ", with a %s of ", v->p99_name);
    say_time(v, figure(v, chosen, &v->p99));
  }
  say(v, ". ");
}

/* Somebody outside the eligible has a much shorter p99, and throughput is what it costs. */
static void say_trade(const struct verdict *v, unsigned chosen) {
  if (v->best_p99 == LAB_NONE || is_eligible(v, v->best_p99) || !has(v, chosen, &v->p99)) return;
  if (figure(v, chosen, &v->p99) < 1.2 * v->least_p99) return;
  say(v, "If latency matters more: ");
  say_name(v, v->best_p99);
  fprintf(v->text, " has a %s of ", v->p99_name);
  say_time(v, v->least_p99);
  say(v, " and keeps ");
  say_percent(v, of_best(v, v->best_p99));
  say(v, " of the best throughput. ");
}

/* ---------------------------------------------------------------- what ails ------------------------------------ */

static bool is_unfair(const struct verdict *v, unsigned row) {
  return behind(v, row, &v->fairness) && figure(v, row, &v->fairness) < UNFAIR;
}

static bool is_slow_to_answer(const struct verdict *v, unsigned row) {
  return v->least_p99 > 0 && behind(v, row, &v->p99) && figure(v, row, &v->p99) >= MUCH_LONGER * v->least_p99;
}

static bool is_slower(const struct verdict *v, unsigned row) {
  return behind(v, row, &v->work) && of_best(v, row) < SLOWER;
}

static bool loses_time(const struct verdict *v, unsigned row) {
  return is_slower(v, row) && figure(v, row, &v->lost) >= MUCH_LOST;
}

static bool is_thrashing(const struct verdict *v, unsigned row) {
  return loses_time(v, row) && figure(v, row, &v->switches) >= MANY_SWITCHES;
}

static bool is_idle(const struct verdict *v, unsigned row) {
  return loses_time(v, row) && figure(v, row, &v->switches) < MANY_SWITCHES;
}

static bool is_slow_otherwise(const struct verdict *v, unsigned row) {
  return is_slower(v, row) && !loses_time(v, row);
}

static void show_fairness(const struct verdict *v, unsigned row) {
  char number[VIEW_NUMBER_BYTES];
  say(v, view_fixed(number, figure(v, row, &v->fairness), 2));
}

static void show_p99(const struct verdict *v, unsigned row) { say_time(v, figure(v, row, &v->p99)); }
static void show_lost(const struct verdict *v, unsigned row) { say_percent(v, figure(v, row, &v->lost)); }
static void show_work(const struct verdict *v, unsigned row) { say_percent(v, of_best(v, row)); }

/* One pathology: who has it, with the figure that shows it. */
static void say_ailing(const struct verdict *v, bool (*ails)(const struct verdict *, unsigned), const char *words,
                       void (*show)(const struct verdict *, unsigned)) {
  unsigned count = 0, named = 0;
  for (unsigned i = 0; i < v->lab->count; i++) count += ails(v, i);
  if (count == 0) return;
  say(v, words);
  for (unsigned i = 0; i < v->lab->count && named < NAMED_MAX; i++) {
    if (!ails(v, i)) continue;
    if (named > 0) say(v, ", ");
    say_name(v, i);
    say(v, " (");
    show(v, i);
    say(v, ")");
    named++;
  }
  if (count > named) fprintf(v->text, " and %u more", count - named);
  say(v, ". ");
}

static void say_pathologies(const struct verdict *v) {
  char words[VIEW_CELL_BYTES + 160];
  say_ailing(v, is_unfair, "Starvation, some threads got much less than others (fairness): ", show_fairness);
  snprintf(words, sizeof words, "Convoy, whoever comes back stands in line behind whole time slices (%s): ",
           v->p99_name);
  say_ailing(v, is_slow_to_answer, words, show_p99);
  say_ailing(v, is_thrashing, "Thrashing, the lock changes hands so often that this itself takes the time (lost): ",
             show_lost);
  say_ailing(v, is_idle, "Idleness, the lock lies free while threads wait for it (lost): ", show_lost);
  say_ailing(v, is_slow_otherwise, "Slower, though the lock itself loses little (of the best throughput): ", show_work);
}

static int by_value(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

/* So much differs from run to run of one policy that the sentences before stand on weak feet. */
static void say_unsteadiness(const struct verdict *v) {
  double *spreads = calloc(v->lab->count + 1, sizeof *spreads);
  unsigned count = 0;
  for (unsigned i = 0; spreads && i < v->lab->count; i++)
    if (has(v, i, &v->work)) spreads[count++] = lab_spread(lab_value(&v->lab->rows[i], &v->work));
  if (count > 0) qsort(spreads, count, sizeof spreads[0], by_value);
  if (count > 0 && spreads[count / 2] > UNSTEADY) {
    say(v, "Runs of one and the same policy differ by +-");
    say_percent(v, spreads[count / 2]);
    say(v, " in throughput: a quieter machine, a longer script or more --runs would tell more apart. ");
  }
  free(spreads);
}

static void say_failures(const struct verdict *v) {
  for (unsigned i = 0; i < v->lab->count; i++) {
    if (!v->lab->rows[i].failed) continue;
    say(v, "The script fails under ");
    say_name(v, i);
    say(v, ". ");
  }
}

/* ---------------------------------------------------------------- the whole ------------------------------------ */

static unsigned measured_rows(const struct view_lab *lab) {
  unsigned count = 0;
  for (unsigned i = 0; i < lab->count; i++) count += lab->rows[i].runs > 0 && !lab->rows[i].failed;
  return count;
}

static bool anything_differs(const struct verdict *v) {
  for (unsigned i = 0; i < v->lab->count; i++)
    if (behind(v, i, &v->work) || behind(v, i, &v->p99) || behind(v, i, &v->fairness)) return true;
  return false;
}

static void say_all(const struct verdict *v) {
  if (measured_rows(v->lab) < 2) {
    say(v, "There are no two policies with figures to compare. ");
  } else if (v->lab->runs < 2) {
    say(v, "What differs between single runs may be chance, so no policy is proposed. ");
  } else if (!anything_differs(v)) {
    say(v, "Nothing here differs by more than the spread of the runs: the policy does not matter to this script, or "
           "the script is too short to show it. ");
  } else {
    unsigned chosen = choose(v);
    say_choice(v, chosen);
    say_equals(v, chosen);
    say_trade(v, chosen);
    say_pathologies(v);
  }
  if (v->lab->runs > 1) say_unsteadiness(v);
  say_failures(v);
}

int view_lab_verdict(FILE *out, const struct view_lab *lab) {
  char *text = NULL;
  size_t bytes = 0;
  struct verdict v = {.lab = lab,
                      .work = {.figure = VIEW_LAB_WORK},
                      .p99 = lab_p99(lab),
                      .fairness = {.figure = VIEW_LAB_FAIRNESS},
                      .lost = {.figure = VIEW_LAB_LOST},
                      .switches = {.figure = VIEW_LAB_SWITCHES},
                      .text = open_memstream(&text, &bytes)};
  if (!v.text) return -1;
  v.best_work = lab_best(lab, &v.work);
  v.best_p99 = lab_best(lab, &v.p99);
  if (v.best_p99 != LAB_NONE) v.least_p99 = figure(&v, v.best_p99, &v.p99);
  lab_p99_name(lab, v.p99_name, sizeof v.p99_name);
  say_all(&v);
  int failed = fclose(v.text);
  if (!failed) view_print_wrapped(out, text);
  free(text);
  return failed ? -1 : view_written(out);
}
