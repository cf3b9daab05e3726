/* view/view_internal.h - what the files of the room `view/` share.
 *
 * Everything here works on the caller's memory and one stream; no globals, no locks, any thread. Numbers are written
 * without printf's floating point, because a script may have set a locale in which 1.5 is written 1,5.
 */
#ifndef VIEW_INTERNAL_H
#define VIEW_INTERNAL_H

#include "view.h"

/* ---------------------------------------------------------------- text.c --------------------------------------- */

/* Decodes the UTF-8 character at `text` into `*point`. Returns its length, 1 to 4, or 0 if the first byte does not
   begin a valid one (overlong forms, surrogates and the end of the string included). */
unsigned view_utf8(const char *text, uint32_t *point);

/* Copies `text` with everything that could disturb a terminal (control characters, changes of writing direction,
   bytes that are not UTF-8) replaced by '?', cut at a character if it does not fit. Returns `out`. */
char *view_clean(char *out, size_t bytes, const char *text);

/* How many columns the cleaned `text` takes on a terminal. */
unsigned view_width(const char *text);

/* Writes sentences as lines of at most VIEW_LINE_WIDTH columns, indented by two. */
void view_print_wrapped(FILE *out, const char *text);

/* The end of every function that writes: 0, or -1 with errno if something could not be written. */
int view_written(FILE *out);

/* ---------------------------------------------------------------- numbers.c ------------------------------------ */

#define VIEW_NUMBER_BYTES 40

/* `value` with so many decimals (0 to 6); "-" for what is not a finite number, or too large for one. */
char *view_fixed(char *out, double value, unsigned decimals);

/* A time in the unit that fits, three digits: "105 us", "12.1 ms", "1.42 s". */
char *view_time(char *out, int64_t ns);

/* A share from 0 to 1 as percent: "50 %", "0.3 %", "0 %". */
char *view_percent(char *out, double share);

/* `part` of `whole` as percent; "-" where there is no whole. */
char *view_part(char *out, int64_t part, int64_t whole);

/* ---------------------------------------------------------------- table.c -------------------------------------- */

#define VIEW_TABLE_COLUMNS 12
#define VIEW_CELL_BYTES 160
#define VIEW_NOTE_BYTES 640
#define VIEW_LINE_WIDTH 80

/* The states' colours, the same in every view, and two for the rest. */
enum view_tint { VIEW_PLAIN, VIEW_HOLDS, VIEW_WAITS, VIEW_BLOCKED, VIEW_HEAD, VIEW_BAD };

struct view_cell {
  char text[VIEW_CELL_BYTES]; /* cleaned */
  enum view_tint tint;
};

struct view_line {
  struct view_cell cells[VIEW_TABLE_COLUMNS];
  bool runs_on;               /* the second cell stands for the whole rest of the line */
  char note[VIEW_NOTE_BYTES]; /* printed below, indented, broken at ", " and "; "; empty: none */
};

/* Lines of cells, printed with every column as wide as its widest cell. The first line is the heading. */
struct view_table {
  unsigned columns;
  unsigned left; /* so many columns from the left are aligned left, the others right */
  unsigned indent;
  unsigned gap; /* blanks between two columns */
  unsigned count, capacity;
  struct view_line *lines;
};

/* Room for `capacity` lines, heading included. Returns 0, or -1 with errno. Ends with view_table_finish. */
int view_table_init(struct view_table *table, unsigned columns, unsigned capacity);
void view_table_finish(struct view_table *table);

/* The next line, empty. Requires: count < capacity. */
struct view_line *view_table_add(struct view_table *table);

/* Fills a cell as printf does; what is printed is cleaned. */
void view_cell_set(struct view_cell *cell, enum view_tint tint, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void view_table_print(FILE *out, const struct view_table *table, bool color);

/* ---------------------------------------------------------------- json.c --------------------------------------- */

/* A number with up to `decimals` (0 to 6) decimals, or null if it is not a finite one. */
void view_json_number(FILE *out, double value, unsigned decimals);

/* Nanoseconds as seconds, exactly. */
void view_json_seconds(FILE *out, int64_t ns);

/* ---------------------------------------------------------------- waited_on.c ---------------------------------- */

#define VIEW_ELSEWHERE "(elsewhere)"
#define VIEW_NAME_BYTES (3 * GIL_NAME_BYTES) /* every byte may have become U+FFFD */

/* On whom a thread waited, by name: threads of the same name are one, the longest first. */
struct view_waited_on {
  unsigned count;
  struct {
    char name[VIEW_NAME_BYTES]; /* valid UTF-8 */
    int64_t ns;
  } on[GIL_WAITED_ON_MAX + 1];
};

/* `thread` must be one of the snapshot's. The sum of all entries is what the snapshot attributes, the part that it
   cannot name included (as VIEW_ELSEWHERE). */
void view_waited_on_of(const struct gil_snapshot *snapshot, const struct gil_thread_stats *thread,
                       struct view_waited_on *out);

#endif
