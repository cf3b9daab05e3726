/* tests/view/json_checker.c - a strict reader of JSON that builds nothing. Independent of view/ on purpose: not even
 * the decoder of UTF-8 is shared. */
#include "view_test.h"

#define KEYS_MAX 256
#define DEPTH_MAX 64

struct reader {
  const unsigned char *at;
  int depth;
  bool ok;
};

static void value(struct reader *reader);

static void skip_blanks(struct reader *reader) {
  while (*reader->at && strchr(" \t\r\n", *reader->at)) reader->at++;
}

static bool take(struct reader *reader, char wanted) {
  skip_blanks(reader);
  if (*reader->at != (unsigned char)wanted) return false;
  reader->at++;
  return true;
}

static void expect(struct reader *reader, bool what) {
  if (!what) reader->ok = false;
}

static void utf8_character(struct reader *reader) {
  const unsigned char *at = reader->at;
  int more = at[0] < 0x80             ? 0
             : (at[0] & 0xE0) == 0xC0 ? 1
             : (at[0] & 0xF0) == 0xE0 ? 2
             : (at[0] & 0xF8) == 0xF0 ? 3
                                      : -1;
  expect(reader, more >= 0 && at[0] >= 0x20);
  unsigned long point = at[0];
  for (int i = 1; i <= more && reader->ok; i++) {
    expect(reader, (at[i] & 0xC0) == 0x80);
    point = (i == 1 ? point & (0x3Ful >> more) : point) << 6 | (at[i] & 0x3F);
  }
  static const unsigned long smallest[] = {0, 0x80, 0x800, 0x10000};
  if (reader->ok && more > 0)
    expect(reader, point >= smallest[more] && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF));
  reader->at += reader->ok ? more + 1 : 0;
}

static void escape(struct reader *reader) {
  reader->at++;
  if (*reader->at == 'u') {
    for (int i = 1; i <= 4 && reader->ok; i++)
      expect(reader, reader->at[i] && strchr("0123456789abcdefABCDEF", reader->at[i]) != NULL);
    reader->at += 5;
  } else {
    expect(reader, *reader->at && strchr("\"\\/bfnrt", *reader->at) != NULL);
    reader->at++;
  }
}

static void string(struct reader *reader) {
  expect(reader, take(reader, '"'));
  while (reader->ok && *reader->at != '"') {
    if (*reader->at == '\\')
      escape(reader);
    else
      utf8_character(reader);
  }
  reader->at += reader->ok;
}

static void digits(struct reader *reader) {
  expect(reader, *reader->at >= '0' && *reader->at <= '9');
  while (*reader->at >= '0' && *reader->at <= '9') reader->at++;
}

static void number(struct reader *reader) {
  if (*reader->at == '-') reader->at++;
  if (*reader->at == '0')
    reader->at++;
  else
    digits(reader);
  if (*reader->at == '.') {
    reader->at++;
    digits(reader);
  }
}

static void word(struct reader *reader, const char *text) {
  expect(reader, strncmp((const char *)reader->at, text, strlen(text)) == 0);
  reader->at += reader->ok ? strlen(text) : 0;
}

static void object(struct reader *reader) {
  struct {
    const unsigned char *text;
    size_t bytes;
  } keys[KEYS_MAX];
  unsigned count = 0;
  if (take(reader, '}')) return;
  do {
    skip_blanks(reader);
    keys[count].text = reader->at;
    string(reader);
    keys[count].bytes = (size_t)(reader->at - keys[count].text);
    for (unsigned i = 0; i < count; i++)
      expect(reader,
             keys[i].bytes != keys[count].bytes || memcmp(keys[i].text, keys[count].text, keys[i].bytes) != 0);
    expect(reader, ++count < KEYS_MAX);
    expect(reader, take(reader, ':'));
    if (reader->ok) value(reader);
  } while (reader->ok && take(reader, ','));
  expect(reader, take(reader, '}'));
}

static void array(struct reader *reader) {
  if (take(reader, ']')) return;
  do value(reader);
  while (reader->ok && take(reader, ','));
  expect(reader, take(reader, ']'));
}

static void value(struct reader *reader) {
  skip_blanks(reader);
  expect(reader, ++reader->depth < DEPTH_MAX);
  if (!reader->ok) return;
  if (take(reader, '{'))
    object(reader);
  else if (take(reader, '['))
    array(reader);
  else if (*reader->at == '"')
    string(reader);
  else if (*reader->at == 't')
    word(reader, "true");
  else if (*reader->at == 'f')
    word(reader, "false");
  else if (*reader->at == 'n')
    word(reader, "null");
  else
    number(reader);
  reader->depth--;
}

bool is_json(const char *text) {
  struct reader reader = {.at = (const unsigned char *)text, .ok = true};
  value(&reader);
  skip_blanks(&reader);
  return reader.ok && *reader.at == '\0';
}
