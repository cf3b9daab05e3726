/* view/text.c - names of scripts are data: what they contain must neither disturb a terminal nor shift a column.
 * Room: view/. Any thread. The C library's own wide-character functions depend on a locale that nobody has set, so
 * the little that is needed is here.
 */
#include <errno.h>
#include <string.h>

#include "view_internal.h"

unsigned view_utf8(const char *text, uint32_t *point) {
  const unsigned char *byte = (const unsigned char *)text;
  unsigned length = byte[0] < 0x80 ? 1 : byte[0] < 0xC2 ? 0 : byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;
  if (byte[0] == 0 || length == 0 || byte[0] > 0xF4) return 0;
  uint32_t value = length == 1 ? byte[0] : byte[0] & (0x7Fu >> length);
  for (unsigned i = 1; i < length; i++) {
    if ((byte[i] & 0xC0) != 0x80) return 0;
    value = value << 6 | (byte[i] & 0x3F);
  }
  static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return 0;
  *point = value;
  return length;
}

struct range {
  uint32_t first, last;
};

static bool is_in(uint32_t point, const struct range *ranges, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (point >= ranges[i].first && point <= ranges[i].last) return true;
  return false;
}

/* Control characters, line and paragraph separators, and the marks that change the direction of writing. */
static bool is_disturbing(uint32_t point) {
  static const struct range ranges[] = {
      {0, 0x1F}, {0x7F, 0x9F}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}};
  return is_in(point, ranges, sizeof ranges / sizeof ranges[0]);
}

static bool is_combining(uint32_t point) {
  static const struct range ranges[] = {{0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},   {0x610, 0x61A},
                                        {0x64B, 0x65F},   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200D},
                                        {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF}};
  return is_in(point, ranges, sizeof ranges / sizeof ranges[0]);
}

static bool is_wide(uint32_t point) {
  static const struct range ranges[] = {
      {0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0xA4CF},   {0xA960, 0xA97F},  {0xAC00, 0xD7A3},
      {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},  {0x1F300, 0x1F64F},
      {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}};
  return is_in(point, ranges, sizeof ranges / sizeof ranges[0]);
}

char *view_clean(char *out, size_t bytes, const char *text) {
  size_t used = 0;
  while (*text) {
    uint32_t point;
    unsigned length = view_utf8(text, &point);
    bool fine = length > 0 && !is_disturbing(point);
    unsigned needed = fine ? length : 1;
    if (used + needed >= bytes) break;
    if (fine)
      memcpy(out + used, text, length);
    else
      out[used] = '?';
    used += needed;
    text += length ? length : 1;
  }
  out[used] = '\0';
  return out;
}

unsigned view_width(const char *text) {
  unsigned columns = 0;
  while (*text) {
    uint32_t point;
    unsigned length = view_utf8(text, &point);
    if (length == 0 || !is_combining(point)) columns += length > 0 && is_wide(point) ? 2 : 1;
    text += length ? length : 1;
  }
  return columns;
}

/* A figure and its unit belong together: no line ends between a digit and what follows it. */
static bool may_break(const char *blank) { return !(blank[-1] >= '0' && blank[-1] <= '9'); }

void view_print_wrapped(FILE *out, const char *text) {
  size_t length = strlen(text);
  while (length > 0 && text[length - 1] == ' ') length--;
  const char *end = text + length;
  while (text < end) {
    size_t room = VIEW_LINE_WIDTH - 2, line = (size_t)(end - text);
    if (line > room) {
      line = room;
      while (line > 1 && !(text[line] == ' ' && may_break(text + line))) line--;
      if (line == 1) line = room;
    }
    fprintf(out, "  %.*s\n", (int)line, text);
    text += line;
    while (text < end && *text == ' ') text++;
  }
}

int view_written(FILE *out) {
  errno = 0;
  if (fflush(out) == 0 && !ferror(out)) return 0;
  if (errno == 0) errno = EIO; /* it failed earlier, and nobody kept the reason */
  return -1;
}
