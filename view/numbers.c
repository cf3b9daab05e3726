/* view/numbers.c - figures as a person reads them. Room: view/. Any thread. Integers all the way, so that neither the
 * locale nor binary fractions show.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "view_internal.h"

static const int64_t power_of_ten[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

static char *nothing(char *out) {
  snprintf(out, VIEW_NUMBER_BYTES, "-");
  return out;
}

char *view_fixed(char *out, double value, unsigned decimals) {
  /* 2^53 units: beyond, a double has no such decimals any more. */
  double scaled = fabs(value) * (double)power_of_ten[decimals];
  if (!(scaled < 9007199254740992.0)) return nothing(out);
  int64_t units = llround(scaled), whole = units / power_of_ten[decimals], rest = units % power_of_ten[decimals];
  const char *sign = value < 0 && units > 0 ? "-" : "";
  if (decimals == 0)
    snprintf(out, VIEW_NUMBER_BYTES, "%s%" PRId64, sign, whole);
  else
    snprintf(out, VIEW_NUMBER_BYTES, "%s%" PRId64 ".%0*" PRId64, sign, whole, (int)decimals, rest);
  return out;
}

char *view_time(char *out, int64_t ns) {
  static const struct {
    const char *name;
    int64_t ns;
  } units[] = {{"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
  const unsigned count = sizeof units / sizeof units[0];
  if (ns <= 0) {
    snprintf(out, VIEW_NUMBER_BYTES, "0 s");
    return out;
  }
  for (unsigned i = 0; i < count; i++) {
    for (int decimals = 2; decimals >= 0; decimals--) {
      int64_t step = units[i].ns / power_of_ten[decimals];
      int64_t steps = ns / step + (ns % step >= step / 2); /* rounded; neither sum nor product can overflow */
      bool is_last = i + 1 == count && decimals == 0;
      if (steps >= 1000 && !is_last) continue;
      char number[VIEW_NUMBER_BYTES];
      view_fixed(number, (double)steps / (double)power_of_ten[decimals], (unsigned)decimals);
      snprintf(out, VIEW_NUMBER_BYTES, "%.30s %s", number, units[i].name);
      return out;
    }
  }
  return nothing(out);
}

char *view_percent(char *out, double share) {
  if (!isfinite(share)) return nothing(out);
  double percent = share * 100;
  if (percent > 0 && percent < 0.05) {
    snprintf(out, VIEW_NUMBER_BYTES, "<0.1 %%");
    return out;
  }
  char number[VIEW_NUMBER_BYTES];
  /* Below ten a decimal, so that little can be told from nothing. */
  view_fixed(number, percent, percent > 0 && percent < 9.95 ? 1 : 0);
  snprintf(out, VIEW_NUMBER_BYTES, "%.30s %%", number);
  return out;
}

char *view_part(char *out, int64_t part, int64_t whole) {
  return whole > 0 ? view_percent(out, (double)part / (double)whole) : nothing(out);
}
