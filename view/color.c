/* view/color.c - whether a stream gets colours. Room: view/. Any thread. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "view_internal.h"

static bool is_set(const char *variable) {
  const char *value = getenv(variable);
  return value && value[0];
}

bool view_wants_color(FILE *stream, const char *wish) {
  if (strcmp(wish, "always") == 0) return true;
  if (strcmp(wish, "never") == 0) return false;
  /* NO_COLOR counts when it is not empty (no-color.org); an explicit --color=always is stronger than it. */
  return !is_set("NO_COLOR") && is_set("TERM") && strcmp(getenv("TERM"), "dumb") != 0 && isatty(fileno(stream));
}
