/* view/table.c - cells in, aligned lines out. Room: view/. Any thread. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "view_internal.h"

int view_table_init(struct view_table *table, unsigned columns, unsigned capacity) {
  *table = (struct view_table){.columns = columns, .left = 1, .gap = 2, .capacity = capacity};
  table->lines = calloc(capacity, sizeof table->lines[0]);
  return table->lines ? 0 : -1;
}

void view_table_finish(struct view_table *table) { free(table->lines); }

struct view_line *view_table_add(struct view_table *table) {
  return &table->lines[table->count++];
}

void view_cell_set(struct view_cell *cell, enum view_tint tint, const char *format, ...) {
  char text[VIEW_CELL_BYTES];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  view_clean(cell->text, sizeof cell->text, text);
  cell->tint = tint;
}

static const char *escape_of(enum view_tint tint) {
  switch (tint) {
    case VIEW_HOLDS:
      return "\033[32m";
    case VIEW_WAITS:
      return "\033[31m";
    case VIEW_BLOCKED:
      return "\033[34m";
    case VIEW_HEAD:
      return "\033[1m";
    case VIEW_BAD:
      return "\033[1;31m";
    case VIEW_PLAIN:
      break;
  }
  return NULL;
}

static void print_blanks(FILE *out, unsigned count) { fprintf(out, "%*s", (int)count, ""); }

static void print_text(FILE *out, const struct view_cell *cell, bool color) {
  const char *escape = color && cell->text[0] ? escape_of(cell->tint) : NULL;
  if (escape)
    fprintf(out, "%s%s\033[0m", escape, cell->text);
  else
    fputs(cell->text, out);
}

static bool is_last_text(const struct view_table *table, const struct view_line *line, unsigned column) {
  for (unsigned i = column + 1; i < table->columns; i++)
    if (line->cells[i].text[0]) return false;
  return true;
}

static void print_cells(FILE *out, const struct view_table *table, const struct view_line *line,
                        const unsigned *widths, bool color) {
  print_blanks(out, table->indent);
  for (unsigned column = 0; column < table->columns; column++) {
    const struct view_cell *cell = &line->cells[column];
    bool runs_on = line->runs_on && column > 0, is_last = runs_on || is_last_text(table, line, column);
    bool is_left = column < table->left || runs_on;
    unsigned used = view_width(cell->text), padding = widths[column] > used ? widths[column] - used : 0;
    if (column > 0) print_blanks(out, table->gap);
    if (!is_left) print_blanks(out, padding);
    print_text(out, cell, color);
    if (is_last) break;
    if (is_left) print_blanks(out, padding);
  }
  fputc('\n', out);
}

/* The length of the first item of a note, up to and with the ',' or ';' after it. */
static size_t item_length(const char *note) {
  const char *end = note;
  while (*end && !((*end == ',' || *end == ';') && end[1] == ' ')) end++;
  return (size_t)(end - note) + (*end != '\0');
}

static void print_note(FILE *out, const char *note, unsigned indent) {
  unsigned column = indent;
  print_blanks(out, indent);
  while (*note) {
    char item[VIEW_NOTE_BYTES];
    size_t length = item_length(note);
    snprintf(item, sizeof item, "%.*s", (int)length, note);
    unsigned width = view_width(item);
    if (column > indent && column + 1 + width > VIEW_LINE_WIDTH) {
      fputc('\n', out);
      print_blanks(out, indent + 2);
      column = indent + 2;
    } else if (column > indent) {
      fputc(' ', out);
      column++;
    }
    fputs(item, out);
    column += width;
    note += length;
    while (*note == ' ') note++;
  }
  fputc('\n', out);
}

void view_table_print(FILE *out, const struct view_table *table, bool color) {
  unsigned widths[VIEW_TABLE_COLUMNS] = {0};
  for (unsigned i = 0; i < table->count; i++) {
    const struct view_line *line = &table->lines[i];
    for (unsigned column = 0; column < (line->runs_on ? 1 : table->columns); column++) {
      unsigned width = view_width(line->cells[column].text);
      if (width > widths[column]) widths[column] = width;
    }
  }
  for (unsigned i = 0; i < table->count; i++) {
    print_cells(out, table, &table->lines[i], widths, color);
    if (table->lines[i].note[0]) print_note(out, table->lines[i].note, table->indent + 4);
  }
}
