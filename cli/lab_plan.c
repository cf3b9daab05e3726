/* cli/lab_plan.c - which policies the laboratory compares: a list with parameters, and a sweep over one of them. Room:
 * cli/. Main thread only. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"

struct lab_config *lab_add_config(struct lab *lab, const char *name) {
  if (lab->count == LAB_CONFIGS_MAX) {
    cli_failure("lab: more than %d policies to compare", LAB_CONFIGS_MAX);
    return NULL;
  }
  struct lab_config *configs = realloc(lab->configs, (lab->count + 1) * sizeof *configs);
  char *copy = strdup(name);
  if (configs) lab->configs = configs;
  if (!configs || !copy) {
    free(copy);
    cli_failure("lab: not enough memory for the policies");
    return NULL;
  }
  struct lab_config *config = &lab->configs[lab->count];
  *config = (struct lab_config){.name = copy, .index = lab->count};
  lab->count++;
  return config;
}

/* ---------------------------------------------------------------- names ---------------------------------------- */

/* `typed` is the name or the file that was typed: a policy in a file may be called otherwise inside. */
static void name_of(const char *typed, const struct gil_policy_choice *choice, char *out, size_t bytes) {
  const struct gil_param *param = choice->policy->params;
  int used = snprintf(out, bytes, "%.*s", (int)strcspn(typed, ":"), typed);
  char separator = ':';
  for (size_t i = 0; param && param[i].name && (size_t)used < bytes; i++) {
    char value[32];
    if (choice->values[i] == param[i].standard) continue;
    used += snprintf(out + used, bytes - (size_t)used, "%c%s=%s", separator, param[i].name,
                     gil_param_format(&param[i], choice->values[i], value, sizeof value));
    separator = ',';
  }
}

static int add(struct lab *lab, const char *typed, const struct gil_policy_choice *choice) {
  char name[512];
  name_of(typed, choice, name, sizeof name);
  for (unsigned i = 0; i < lab->count; i++)
    if (strcmp(lab->configs[i].name, name) == 0) return 0; /* swept over, it may come twice */
  struct lab_config *config = lab_add_config(lab, name);
  if (!config) return CLI_STATUS_FAILED;
  config->policy = *choice;
  return 0;
}

/* ---------------------------------------------------------------- --sweep -------------------------------------- */

struct sweep {
  char param[64], low[64], high[64];
  char left_out[512]; /* policies without that parameter */
};

static int parse_sweep(const char *text, struct sweep *out) {
  const char *equals = strchr(text, '='), *dots = equals ? strstr(equals, "..") : NULL;
  *out = (struct sweep){.left_out = ""};
  if (!equals || !dots || equals == text || dots == equals + 1 || !dots[2])
    return cli_usage_error("--sweep %s: a sweep is a parameter and its range, like --sweep interval=100us..100ms", text);
  snprintf(out->param, sizeof out->param, "%.*s", (int)(equals - text), text);
  snprintf(out->low, sizeof out->low, "%.*s", (int)(dots - equals - 1), equals + 1);
  snprintf(out->high, sizeof out->high, "%s", dots + 2);
  return 0;
}

/* The next of 1, 2, 5, 10, 20, 50, ... above `value`. */
static int64_t next_step(int64_t value) {
  int64_t power = 1;
  while (power <= value / 10) power *= 10;
  return value < 2 * power ? 2 * power : value < 5 * power ? 5 * power : 10 * power;
}

/* The ends of the range and all of 1, 2, 5 times a power of ten between. */
static int add_swept(struct lab *lab, const struct sweep *sweep, const char *typed,
                     const struct gil_policy_choice *choice, int index) {
  const struct gil_param *param = &choice->policy->params[index];
  int64_t low, high;
  char message[512];
  if (gil_param_parse(param, sweep->low, &low, message, sizeof message) != GIL_OK ||
      gil_param_parse(param, sweep->high, &high, message, sizeof message) != GIL_OK)
    return cli_usage_error("--sweep: policy '%s': %s", choice->policy->name, message);
  if (low >= high)
    return cli_usage_error("--sweep %s=%s..%s: a range goes from less to more", sweep->param, sweep->low, sweep->high);
  struct gil_policy_choice swept = *choice;
  for (int64_t value = low;; value = next_step(value) < high ? next_step(value) : high) {
    swept.values[index] = value;
    int status = add(lab, typed, &swept);
    if (status != 0 || value == high) return status;
  }
}

static int add_or_sweep(struct lab *lab, struct sweep *sweep, const char *typed,
                        const struct gil_policy_choice *choice) {
  if (!sweep) return add(lab, typed, choice);
  int index = gil_policy_param_index(choice->policy, sweep->param);
  if (index >= 0) return add_swept(lab, sweep, typed, choice, index);
  size_t used = strlen(sweep->left_out);
  snprintf(sweep->left_out + used, sizeof sweep->left_out - used, "%s%s", used > 0 ? ", " : "", choice->policy->name);
  return 0;
}

/* ---------------------------------------------------------------- --policies ----------------------------------- */

/* The length of the first policy of a list. Parameters are separated by commas as policies are: what has an '=' and no
   ':' before it belongs to a policy that has begun its parameters. */
static size_t first_length(const char *list) {
  size_t length = strcspn(list, ",");
  bool has_params = memchr(list, ':', length) != NULL;
  while (has_params && list[length] == ',') {
    const char *piece = list + length + 1;
    size_t end = strcspn(piece, ","), equals = strcspn(piece, "=");
    if (equals >= end || memchr(piece, ':', equals)) break;
    length += 1 + end;
  }
  return length;
}

static int add_typed(struct lab *lab, struct sweep *sweep, const char *typed) {
  struct gil_policy_choice choice;
  char message[512];
  if (gil_policy_parse(typed, &choice, message, sizeof message) != GIL_OK)
    return cli_usage_error("--policies: %s: %s", typed[0] ? typed : "an empty name", message);
  return add_or_sweep(lab, sweep, typed, &choice);
}

static int add_list(struct lab *lab, struct sweep *sweep, const char *list) {
  for (;;) {
    size_t length = first_length(list);
    char *typed = strndup(list, length);
    int status = typed ? add_typed(lab, sweep, typed) : cli_failure("lab: not enough memory for the policies");
    free(typed);
    if (status != 0 || !list[length]) return status;
    list += length + 1;
  }
}

static int add_all(struct lab *lab, struct sweep *sweep) {
  int status = 0;
  for (size_t i = 0; gil_policy_at(i) && status == 0; i++) status = add_typed(lab, sweep, gil_policy_at(i)->name);
  return status;
}

int lab_plan(struct lab *lab, const char *policies, const char *sweep_text) {
  struct sweep sweep, *sweeping = sweep_text ? &sweep : NULL;
  int status = sweep_text ? parse_sweep(sweep_text, &sweep) : 0;
  if (status == 0) status = policies ? add_list(lab, sweeping, policies) : add_all(lab, sweeping);
  if (status == 0 && lab->count == 0)
    status = cli_usage_error("--sweep %s: none of the policies has a parameter '%s'", sweep_text, sweep.param);
  if (status == 0 && sweep_text && sweep.left_out[0])
    fprintf(stderr, "gilvm: lab: left out, having no parameter '%s': %s\n", sweep.param, sweep.left_out);
  lab->planned = lab->count;
  return status;
}
