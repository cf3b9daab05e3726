/* gil/policy.c - the list of built-in policies, and how their names and parameters are read and written. Room: gil/.
 * Any thread; touches no lock. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gil_internal.h"

/* First what languages have shipped or were offered, then what locks in general do; the default is the first. */
static const struct gil_policy *const policies[] = {
    &gil_policy_cpython,  &gil_policy_cpython2, &gil_policy_beazley, &gil_policy_bfs,         &gil_policy_ruby,
    &gil_policy_ocaml4,   &gil_policy_ocaml,    &gil_policy_pypy,    &gil_policy_micropython, &gil_policy_fifo,
    &gil_policy_eventual, &gil_policy_bounded,  &gil_policy_fair,    &gil_policy_mlfq,        &gil_policy_lottery,
    &gil_policy_stride,   &gil_policy_random,   &gil_policy_cooperative};

const struct gil_policy *gil_policy_at(size_t index) {
  return index < sizeof policies / sizeof policies[0] ? policies[index] : NULL;
}

const struct gil_policy *gil_policy_find(const char *name) {
  for (size_t i = 0; gil_policy_at(i); i++)
    if (strcmp(policies[i]->name, name) == 0) return policies[i];
  return NULL;
}

int gil_policy_param_index(const struct gil_policy *policy, const char *name) {
  for (int i = 0; policy->params && policy->params[i].name; i++)
    if (strcmp(policy->params[i].name, name) == 0) return i;
  return GIL_E_PARAMETER;
}

/* ---------------------------------------------------------------- values --------------------------------------- */

static const struct {
  const char *unit;
  int64_t ns;
} units[] = {{"s", 1000000000}, {"ms", 1000000}, {"us", 1000}, {"ns", 1}};

char *gil_param_format(const struct gil_param *param, int64_t value, char *buffer, size_t bytes) {
  if (param->kind == GIL_PARAM_COUNT || value == 0) {
    snprintf(buffer, bytes, "%" PRId64 "%s", value, param->kind == GIL_PARAM_TIME ? "s" : "");
    return buffer;
  }
  size_t i = 0;
  while (value % units[i].ns != 0) i++;
  snprintf(buffer, bytes, "%" PRId64 "%s", value / units[i].ns, units[i].unit);
  return buffer;
}

/* Multiplies by the unit that follows the number; false if there is none that we know. */
static bool apply_unit(double number, const char *unit, double *out) {
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (strcmp(unit, units[i].unit) != 0) continue;
    *out = number * (double)units[i].ns;
    return true;
  }
  return false;
}

/* So large a double has no fraction, and to cast it would be undefined. */
static bool is_whole(double value) { return !(value > -1e18 && value < 1e18) || value == (double)(int64_t)value; }

int gil_param_parse(const struct gil_param *param, const char *text, int64_t *out, char *message, size_t bytes) {
  char *end;
  errno = 0;
  double value = strtod(text, &end);
  bool is_number = end != text && value == value;
  if (param->kind == GIL_PARAM_TIME) {
    if (!is_number || !apply_unit(value, end, &value)) {
      snprintf(message, bytes, "%s=%s: a time is a number with its unit, like 5ms or 100us (units: s, ms, us, ns)",
               param->name, text);
      return GIL_E_PARAMETER;
    }
  } else if (!is_number || *end != '\0' || !is_whole(value)) {
    snprintf(message, bytes, "%s=%s: not a whole number", param->name, text);
    return GIL_E_PARAMETER;
  }
  if (value < (double)param->min || value > (double)param->max) {
    char least[32], most[32];
    snprintf(message, bytes, "%s=%s: outside the range %s to %s", param->name, text,
             gil_param_format(param, param->min, least, sizeof least),
             gil_param_format(param, param->max, most, sizeof most));
    return GIL_E_PARAMETER;
  }
  *out = (int64_t)(value + 0.5);
  return GIL_OK;
}

/* ---------------------------------------------------------------- NAME[:key=value,...] ------------------------- */

static void list_policies(char *text, size_t bytes) {
  int used = 0;
  for (size_t i = 0; gil_policy_at(i) && (size_t)used < bytes; i++)
    used += snprintf(text + used, bytes - (size_t)used, "%s%s", i ? ", " : "", policies[i]->name);
}

static void list_params(const struct gil_policy *policy, char *text, size_t bytes) {
  int used = snprintf(text, bytes, "%s", policy->params && policy->params[0].name ? "" : "none");
  for (size_t i = 0; policy->params && policy->params[i].name && (size_t)used < bytes; i++) {
    char value[32];
    used += snprintf(text + used, bytes - (size_t)used, "%s%s=%s", i ? ", " : "", policy->params[i].name,
                     gil_param_format(&policy->params[i], policy->params[i].standard, value, sizeof value));
  }
}

/* One `key=value`, which it may write into. */
static int parse_assignment(struct gil_policy_choice *choice, char *text, char *message, size_t bytes) {
  char *equals = strchr(text, '=');
  if (equals) *equals = '\0';
  int index = equals ? gil_policy_param_index(choice->policy, text) : GIL_E_PARAMETER;
  if (index >= 0) return gil_param_parse(&choice->policy->params[index], equals + 1, &choice->values[index], message, bytes);
  char known[256];
  list_params(choice->policy, known, sizeof known);
  if (equals)
    snprintf(message, bytes, "policy '%s' has no parameter '%s'; it has: %s", choice->policy->name, text, known);
  else
    snprintf(message, bytes, "policy '%s': '%s' is not key=value; its parameters: %s", choice->policy->name, text,
             known);
  return GIL_E_PARAMETER;
}

int gil_policy_parse(const char *text, struct gil_policy_choice *out, char *message, size_t bytes) {
  char copy[512];
  if (strlen(text) >= sizeof copy) {
    snprintf(message, bytes, "a policy of %zu characters; NAME:key=value,... with at most %zu", strlen(text),
             sizeof copy - 1);
    return GIL_E_POLICY;
  }
  strcpy(copy, text);
  char *folder_end = strrchr(copy, '/'); /* a colon in the name of a folder is no parameter's */
  char *rest = strchr(folder_end ? folder_end : copy, ':');
  if (rest) *rest++ = '\0';
  struct gil_policy_choice choice = {.policy = gil_policy_find(copy)};
  if (gil_policy_is_file(copy)) {
    int error = gil_policy_load(copy, &choice.policy, message, bytes);
    if (error) return error;
  }
  if (!choice.policy) {
    char known[256];
    list_policies(known, sizeof known);
    snprintf(message, bytes, "there is no policy '%s'; there are: %s", copy, known);
    return GIL_E_POLICY;
  }
  for (size_t i = 0; choice.policy->params && choice.policy->params[i].name; i++)
    choice.values[i] = choice.policy->params[i].standard;
  while (rest) {
    char *assignment = rest;
    rest = strchr(assignment, ',');
    if (rest) *rest++ = '\0';
    int error = parse_assignment(&choice, assignment, message, bytes);
    if (error) return error;
  }
  *out = choice;
  return GIL_OK;
}
