/* view/stats_table.c - the statistics of a run for a person: a table of the locks, a table of the threads. Room:
 * view/. Any thread.
 *
 * Up to SHOWN_MAX rows each; of more locks the first are shown, of more threads those that waited longest, and one
 * row stands for the rest with their number and their sums, so that nothing is left out silently.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "view_internal.h"

#define SHOWN_MAX 20
#define NAMED_MAX 3 /* holders named in one row; the JSON has all of them */

static void append(char *note, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void append(char *note, const char *format, ...) {
  size_t used = strlen(note);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(note + used, VIEW_NOTE_BYTES - used, format, arguments);
  va_end(arguments);
}

static void set_heads(struct view_line *line, const char *const *names, const enum view_tint *tints, unsigned count) {
  for (unsigned i = 0; i < count; i++) view_cell_set(&line->cells[i], tints[i], "%s", names[i]);
}

/* ---------------------------------------------------------------- locks ---------------------------------------- */

static void lock_note(char *note, const struct gil_lock_stats *lock) {
  if (lock->switches > 0) append(note, "switches: ");
  const char *between = "";
  for (int cause = 0; cause < GIL_CAUSE_COUNT && lock->switches > 0; cause++) {
    if (lock->by_cause[cause] == 0) continue;
    append(note, "%s%" PRIu64 " %s", between, lock->by_cause[cause], gil_cause_name((gil_cause)cause));
    between = ", ";
  }
  if (lock->lost_races > 0) append(note, "%sraces lost on waking: %" PRIu64, note[0] ? "; " : "", lock->lost_races);
}

static void lock_row(struct view_line *line, const char *name, const struct gil_lock_stats *lock) {
  char number[VIEW_NUMBER_BYTES];
  view_cell_set(&line->cells[0], VIEW_PLAIN, "%s", name);
  view_cell_set(&line->cells[1], VIEW_PLAIN, "%s", lock->policy);
  view_cell_set(&line->cells[2], VIEW_PLAIN, "%s", view_time(number, lock->age_ns));
  view_cell_set(&line->cells[3], VIEW_HOLDS, "%s", view_part(number, lock->held_ns, lock->age_ns));
  view_cell_set(&line->cells[4], VIEW_PLAIN, "%" PRIu64, lock->switches);
  view_cell_set(&line->cells[5], VIEW_PLAIN, "%" PRIu64, lock->asks);
  view_cell_set(&line->cells[6], lock->longest_wait_ns > 0 ? VIEW_WAITS : VIEW_PLAIN, "%s",
                view_time(number, lock->longest_wait_ns));
  lock_note(line->note, lock);
}

static void add_lock(struct gil_lock_stats *sum, const struct gil_lock_stats *lock) {
  sum->age_ns += lock->age_ns;
  sum->held_ns += lock->held_ns;
  sum->switches += lock->switches;
  for (int cause = 0; cause < GIL_CAUSE_COUNT; cause++) sum->by_cause[cause] += lock->by_cause[cause];
  sum->asks += lock->asks;
  sum->lost_races += lock->lost_races;
  if (lock->longest_wait_ns > sum->longest_wait_ns) sum->longest_wait_ns = lock->longest_wait_ns;
}

static void lock_rest(struct view_table *table, const struct view_run *run) {
  struct gil_lock_stats sum = {0};
  unsigned lost = 0;
  for (unsigned i = SHOWN_MAX; i < run->count; i++) {
    if (run->snapshots[i])
      add_lock(&sum, &run->snapshots[i]->lock);
    else
      lost++;
  }
  char name[64];
  snprintf(name, sizeof name, "(%u more)", run->count - SHOWN_MAX);
  struct view_line *line = view_table_add(table);
  lock_row(line, name, &sum);
  if (lost > 0) append(line->note, "%sdied before they could report: %u", line->note[0] ? "; " : "", lost);
}

static int print_locks(FILE *out, const struct view_run *run, bool color) {
  static const char *const heads[] = {"lock", "policy", "age", "held", "switches", "asks", "longest wait"};
  static const enum view_tint tints[] = {VIEW_HEAD, VIEW_HEAD, VIEW_HEAD, VIEW_HOLDS,
                                         VIEW_HEAD, VIEW_HEAD, VIEW_WAITS};
  struct view_table table;
  if (view_table_init(&table, 7, SHOWN_MAX + 2)) return -1;
  table.left = 2;
  set_heads(view_table_add(&table), heads, tints, 7);
  for (unsigned i = 0; i < run->count && i < SHOWN_MAX; i++) {
    const struct gil_snapshot *snapshot = run->snapshots[i];
    struct view_line *line = view_table_add(&table);
    const char *name = run->labels[i][0] ? run->labels[i] : "GIL";
    if (snapshot) {
      lock_row(line, name, &snapshot->lock);
    } else {
      view_cell_set(&line->cells[0], VIEW_PLAIN, "%s", name);
      view_cell_set(&line->cells[1], VIEW_BAD, "died before it could report");
      line->runs_on = true;
    }
  }
  if (run->count > SHOWN_MAX) lock_rest(&table, run);
  view_table_print(out, &table, color);
  view_table_finish(&table);
  return 0;
}

/* ---------------------------------------------------------------- threads -------------------------------------- */

struct entry {
  const struct gil_snapshot *snapshot;
  const struct gil_thread_stats *stats;
  const char *label;
};

static int by_wait(const void *a, const void *b) {
  const struct entry *left = a, *right = b;
  if (left->stats->folded != right->stats->folded) return left->stats->folded ? 1 : -1; /* sums come last */
  if (left->stats->wait_ns != right->stats->wait_ns) return left->stats->wait_ns < right->stats->wait_ns ? 1 : -1;
  if (left->snapshot != right->snapshot) return left->snapshot < right->snapshot ? -1 : 1;
  return left->stats < right->stats ? -1 : left->stats > right->stats;
}

static int64_t blocked_ns(const struct gil_thread_stats *stats) {
  int64_t sum = 0;
  for (int cause = 0; cause < GIL_CAUSE_COUNT; cause++) sum += stats->blocked_ns[cause];
  return sum;
}

static void waited_note(char *note, const struct entry *entry) {
  struct view_waited_on list;
  view_waited_on_of(entry->snapshot, entry->stats, &list);
  if (list.count == 0) return;
  char number[VIEW_NUMBER_BYTES];
  append(note, "waited %s: ", view_time(number, entry->stats->wait_ns));
  int64_t others_ns = 0;
  for (unsigned i = 0; i < list.count; i++) {
    char name[VIEW_NAME_BYTES];
    bool is_named = strcmp(list.on[i].name, VIEW_ELSEWHERE) != 0;
    if (i >= NAMED_MAX)
      others_ns += list.on[i].ns;
    else
      append(note, "%s%s %s%s", i > 0 ? ", " : "", view_time(number, list.on[i].ns), is_named ? "on " : "",
             is_named ? view_clean(name, sizeof name, list.on[i].name) : "elsewhere");
  }
  if (others_ns > 0) append(note, ", %s on others", view_time(number, others_ns));
}

static void blocked_note(char *note, const struct gil_thread_stats *stats) {
  char number[VIEW_NUMBER_BYTES];
  if (blocked_ns(stats) == 0) return;
  append(note, "%sblocked: ", note[0] ? "; " : "");
  const char *between = "";
  for (int cause = 0; cause < GIL_CAUSE_COUNT; cause++) {
    if (stats->blocked_ns[cause] == 0) continue;
    append(note, "%s%s %s", between, view_time(number, stats->blocked_ns[cause]), gil_cause_name((gil_cause)cause));
    between = ", ";
  }
}

/* "702 ms  50 %", the percentages below each other. */
static void time_and_share(struct view_cell *cell, enum view_tint tint, int64_t ns, int64_t life_ns) {
  char time[VIEW_NUMBER_BYTES], share[VIEW_NUMBER_BYTES];
  view_cell_set(cell, ns > 0 ? tint : VIEW_PLAIN, "%s %6s", view_time(time, ns), view_part(share, ns, life_ns));
}

static void thread_row(struct view_line *line, const char *name, const struct gil_thread_stats *stats) {
  char number[VIEW_NUMBER_BYTES];
  int64_t blocked = blocked_ns(stats);
  view_cell_set(&line->cells[0], VIEW_PLAIN, "%s", name);
  view_cell_set(&line->cells[1], VIEW_PLAIN, "%s", view_time(number, stats->life_ns));
  time_and_share(&line->cells[2], VIEW_HOLDS, stats->hold_ns, stats->life_ns);
  time_and_share(&line->cells[3], VIEW_WAITS, stats->wait_ns, stats->life_ns);
  view_cell_set(&line->cells[4], blocked > 0 ? VIEW_BLOCKED : VIEW_PLAIN, "%s",
                view_part(number, blocked, stats->life_ns));
  view_cell_set(&line->cells[5], VIEW_PLAIN, "%" PRIu64, stats->acquisitions);
  view_cell_set(&line->cells[6], stats->longest_wait_ns > 0 ? VIEW_WAITS : VIEW_PLAIN, "%s",
                view_time(number, stats->longest_wait_ns));
}

static void entry_row(struct view_line *line, const struct entry *entry) {
  char name[VIEW_CELL_BYTES];
  snprintf(name, sizeof name, "%.60s%s%s", entry->label, entry->label[0] ? " " : "", entry->stats->name);
  thread_row(line, name, entry->stats);
  /* The record of many finished threads does not say on whom each of them waited. */
  if (!entry->stats->folded) waited_note(line->note, entry);
  blocked_note(line->note, entry->stats);
}

static void add_thread(struct gil_thread_stats *sum, const struct gil_thread_stats *stats) {
  sum->folded += stats->folded ? stats->folded : 1;
  sum->life_ns += stats->life_ns;
  sum->hold_ns += stats->hold_ns;
  sum->wait_ns += stats->wait_ns;
  for (int cause = 0; cause < GIL_CAUSE_COUNT; cause++) sum->blocked_ns[cause] += stats->blocked_ns[cause];
  sum->acquisitions += stats->acquisitions;
  if (stats->longest_wait_ns > sum->longest_wait_ns) sum->longest_wait_ns = stats->longest_wait_ns;
}

static void thread_rest(struct view_line *line, const struct entry *entries, size_t count) {
  struct gil_thread_stats sum = {0};
  for (size_t i = 0; i < count; i++) add_thread(&sum, entries[i].stats);
  char name[64];
  snprintf(name, sizeof name, "(%" PRIu32 " more)", sum.folded);
  thread_row(line, name, &sum);
  blocked_note(line->note, &sum);
}

static size_t count_threads(const struct view_run *run) {
  size_t count = 0;
  for (unsigned i = 0; i < run->count; i++)
    if (run->snapshots[i]) count += run->snapshots[i]->thread_count;
  return count;
}

static void collect(const struct view_run *run, struct entry *entries) {
  for (unsigned i = 0; i < run->count; i++)
    for (uint32_t k = 0; run->snapshots[i] && k < run->snapshots[i]->thread_count; k++)
      *entries++ = (struct entry){run->snapshots[i], &run->snapshots[i]->threads[k], run->labels[i]};
}

static int print_entries(FILE *out, struct entry *entries, size_t count, bool color) {
  static const char *const heads[] = {"thread",  "life",     "holds GIL", "waiting for GIL",
                                      "blocked", "acquired", "longest"};
  static const enum view_tint tints[] = {VIEW_HEAD,    VIEW_HEAD, VIEW_HOLDS, VIEW_WAITS,
                                         VIEW_BLOCKED, VIEW_HEAD, VIEW_WAITS};
  struct view_table table;
  if (view_table_init(&table, 7, SHOWN_MAX + 2)) return -1;
  set_heads(view_table_add(&table), heads, tints, 7);
  /* Few threads stay in the order in which they were made; of many, those that waited longest come first. */
  if (count > SHOWN_MAX) qsort(entries, count, sizeof entries[0], by_wait);
  for (size_t i = 0; i < count && i < SHOWN_MAX; i++) entry_row(view_table_add(&table), &entries[i]);
  if (count > SHOWN_MAX) thread_rest(view_table_add(&table), entries + SHOWN_MAX, count - SHOWN_MAX);
  view_table_print(out, &table, color);
  view_table_finish(&table);
  return 0;
}

static int print_threads(FILE *out, const struct view_run *run, bool color) {
  size_t count = count_threads(run);
  if (count == 0) return 0;
  struct entry *entries = calloc(count, sizeof entries[0]);
  if (!entries) return -1;
  collect(run, entries);
  fputc('\n', out);
  int rc = print_entries(out, entries, count, color);
  free(entries);
  return rc;
}

int view_stats_table(FILE *out, const struct view_run *run, bool color) {
  if (run->count == 0) {
    fputs("No lock was made, so there is nothing to show.\n", out);
    return view_written(out);
  }
  if (print_locks(out, run, color) || print_threads(out, run, color)) return -1; /* out of memory */
  return view_written(out);
}
