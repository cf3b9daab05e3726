/* view/waited_on.c - on whom a thread waited, by name. Room: view/. Any thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view_internal.h"

/* Names become valid UTF-8 before they are compared: two that differ in broken bytes only would otherwise be written
   as the same key of one JSON object. */
static void valid_name(char *out, const char *name) {
  size_t used = 0;
  for (size_t i = 0; name[i];) {
    uint32_t point;
    unsigned length = view_utf8(name + i, &point);
    const char *bytes = length ? name + i : "\xEF\xBF\xBD";
    size_t count = length ? length : 3;
    if (used + count >= VIEW_NAME_BYTES) break;
    memcpy(out + used, bytes, count);
    used += count;
    i += length ? length : 1;
  }
  out[used] = '\0';
}

static void add(struct view_waited_on *out, const char *name, int64_t ns) {
  char valid[VIEW_NAME_BYTES];
  valid_name(valid, name);
  unsigned i = 0;
  while (i < out->count && strcmp(out->on[i].name, valid) != 0) i++;
  if (i == out->count) {
    memcpy(out->on[i].name, valid, sizeof valid);
    out->on[i].ns = 0;
    out->count++;
  }
  out->on[i].ns += ns;
}

/* The longest first. The table is short: insertion. */
static void sort(struct view_waited_on *out) {
  for (unsigned i = 1; i < out->count; i++) {
    for (unsigned k = i; k > 0 && out->on[k].ns > out->on[k - 1].ns; k--) {
      __typeof__(out->on[0]) moved = out->on[k];
      out->on[k] = out->on[k - 1];
      out->on[k - 1] = moved;
    }
  }
}

void view_waited_on_of(const struct gil_snapshot *snapshot, const struct gil_thread_stats *thread,
                       struct view_waited_on *out) {
  memset(out, 0, sizeof *out);
  int64_t unnamed_ns = thread->waited_elsewhere_ns;
  uint32_t count = thread->waited_on_count < GIL_WAITED_ON_MAX ? thread->waited_on_count : GIL_WAITED_ON_MAX;
  for (uint32_t i = 0; i < count; i++) {
    int32_t index = thread->waited_on[i].thread;
    /* A snapshot may have come through a file: an index is believed only if it is one. */
    if (index < 0 || (uint32_t)index >= snapshot->thread_count)
      unnamed_ns += thread->waited_on[i].ns;
    else if (thread->waited_on[i].ns > 0)
      add(out, snapshot->threads[index].name, thread->waited_on[i].ns);
  }
  if (unnamed_ns > 0) add(out, VIEW_ELSEWHERE, unnamed_ns);
  sort(out);
}
