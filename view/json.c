/* view/json.c - the primitives of JSON. Room: view/. Any thread. */
#include <inttypes.h>
#include <string.h>

#include "view_internal.h"

static void json_character(FILE *out, uint32_t point, const char *bytes, unsigned length) {
  static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
  const char *found = point < 0x80 ? strchr(named, (int)point) : NULL;
  if (found)
    fprintf(out, "\\%c", letters[found - named]);
  else if (point < 0x20 || point == 0x7F)
    fprintf(out, "\\u%04" PRIx32, point);
  else
    fwrite(bytes, 1, length, out);
}

void view_json_string(FILE *out, const char *text) {
  fputc('"', out);
  while (*text) {
    uint32_t point;
    unsigned length = view_utf8(text, &point);
    if (length > 0)
      json_character(out, point, text, length);
    else
      fputs("\xEF\xBF\xBD", out); /* U+FFFD */
    text += length ? length : 1;
  }
  fputc('"', out);
}

void view_json_number(FILE *out, double value, unsigned decimals) {
  char number[VIEW_NUMBER_BYTES];
  view_fixed(number, value, decimals);
  fputs(strcmp(number, "-") == 0 ? "null" : number, out);
}

void view_json_seconds(FILE *out, int64_t ns) {
  if (ns < 0) ns = 0;
  fprintf(out, "%" PRId64 ".%09" PRId64, ns / 1000000000, ns % 1000000000);
}
