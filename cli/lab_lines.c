/* cli/lab_lines.c - runs as lines of JSON, so that a sweep can be spread over processes and machines and put together
 * again. Room: cli/. Main thread only.
 *
 *   {"gilvm_lab": 1, "script": "echo.lua", "mode": "threads", "checkpoint": "instruction", "copies": 1, "cpus": 2,
 *    "runs": 3, "policies": 18, "policy": "fifo", "index": 9, "round": 0, "status": 0, "wall_ns": 1, "cpu_ns": 1,
 *    "life_ns": 1, "wait_ns": 1, "age_ns": 1, "held_ns": 1, "handover_ns": 1, "switches": 1, "work": 1,
 *    "fairness": 0.5, "waits": [count, p50_ns, p99_ns, max_ns], "latencies": {"echo": [count, p50_ns, p99_ns, max_ns]}}
 *
 * The reader takes that and nothing else: one line, these keys, in any order. What is wrong is said with file and line.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"
#include "view/view.h"

#define FORMAT 1

/* ---------------------------------------------------------------- writing -------------------------------------- */

static void write_text(FILE *out, const char *key, const char *text) {
  fprintf(out, ", \"%s\": ", key);
  view_json_string(out, text);
}

static void write_number(FILE *out, const char *key, int64_t value) { fprintf(out, ", \"%s\": %" PRId64, key, value); }

static void write_times(FILE *out, const struct measure_times *times) {
  fprintf(out, "[%" PRIu64 ", %" PRId64 ", %" PRId64 ", %" PRId64 "]", times->count, times->p50_ns, times->p99_ns,
          times->max_ns);
}

static void write_report(FILE *out, const struct measure_report *report) {
  write_number(out, "life_ns", report->life_ns);
  write_number(out, "wait_ns", report->wait_ns);
  write_number(out, "age_ns", report->age_ns);
  write_number(out, "held_ns", report->held_ns);
  write_number(out, "handover_ns", report->handover_ns);
  write_number(out, "switches", (int64_t)report->switches);
  write_number(out, "work", (int64_t)report->work);
  fprintf(out, ", \"fairness\": %.9f, \"waits\": ", report->fairness);
  write_times(out, &report->waits);
  fputs(", \"latencies\": {", out);
  for (unsigned i = 0; i < report->latency_count; i++) {
    if (i > 0) fputs(", ", out);
    view_json_string(out, report->latencies[i].name);
    fputs(": ", out);
    write_times(out, &report->latencies[i].times);
  }
  fputc('}', out);
}

int lab_write_line(FILE *out, const struct lab *lab, const struct lab_config *config,
                   const struct lab_sample *sample) {
  fprintf(out, "{\"gilvm_lab\": %d", FORMAT);
  write_text(out, "script", lab->script);
  write_text(out, "mode", lab->mode);
  write_text(out, "checkpoint", lab->checkpoint);
  write_number(out, "copies", lab->copies);
  write_number(out, "cpus", lab->cpus);
  write_number(out, "runs", lab->runs);
  write_number(out, "policies", lab->count);
  write_text(out, "policy", config->name);
  write_number(out, "index", config->index);
  write_number(out, "round", sample->round);
  write_number(out, "status", sample->status);
  write_number(out, "wall_ns", sample->wall_ns);
  write_number(out, "cpu_ns", sample->cpu_ns);
  write_report(out, &sample->report);
  fputs("}\n", out);
  return fflush(out) == 0 && !ferror(out) ? 0 : -1;
}

/* ---------------------------------------------------------------- reading: the grammar ------------------------- */

/* What a line tells. */
struct record {
  struct lab about; /* without configs */
  char policy[512];
  unsigned index;
  struct lab_sample sample;
  int64_t format;
};

struct reader {
  const char *at;
  const char *problem; /* NULL: none yet */
  uint64_t seen;       /* keys, one bit each */
};

static void fail(struct reader *reader, const char *problem) {
  if (!reader->problem) reader->problem = problem;
}

static void skip_blanks(struct reader *reader) {
  while (isspace((unsigned char)*reader->at)) reader->at++;
}

static bool take(struct reader *reader, char character) {
  skip_blanks(reader);
  if (*reader->at != character) return false;
  reader->at++;
  return true;
}

static void expect(struct reader *reader, char character) {
  if (!reader->problem && !take(reader, character)) fail(reader, "it is not the JSON that 'gilvm lab --shard' writes");
}

/* One character of a string; what view_json_string writes as \u is below 0x80. */
static char read_character(struct reader *reader) {
  static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  char character = *reader->at++;
  if (character != '\\') return character;
  character = *reader->at;
  const char *found = character ? strchr(letters, character) : NULL;
  unsigned point;
  if (found) {
    reader->at++;
    return meant[found - letters];
  }
  if (character == 'u' && sscanf(reader->at + 1, "%4x", &point) == 1 && strnlen(reader->at, 5) == 5 && point > 0 &&
      point < 0x80) {
    reader->at += 5;
    return (char)point;
  }
  fail(reader, "a string in it has an escape that is not known");
  return '?';
}

static void read_string(struct reader *reader, char *out, size_t bytes) {
  size_t used = 0;
  expect(reader, '"');
  while (!reader->problem && *reader->at && *reader->at != '"') {
    char character = read_character(reader);
    if (used + 1 >= bytes) fail(reader, "a string in it is too long");
    if (used + 1 < bytes) out[used++] = character;
  }
  if (bytes > 0) out[used] = '\0';
  expect(reader, '"');
}

static int64_t read_count(struct reader *reader, int64_t most) {
  char *end;
  if (reader->problem) return 0;
  skip_blanks(reader);
  errno = 0;
  long long value = strtoll(reader->at, &end, 10);
  if (end == reader->at || errno != 0 || value < 0 || value > most || strchr(".eE", *end ? *end : ' ')) {
    fail(reader, "a number in it is not a whole one from 0 on, or too large");
    return 0;
  }
  reader->at = end;
  return value;
}

static double read_share(struct reader *reader) {
  char *end;
  if (reader->problem) return 0;
  double value = strtod(reader->at, &end);
  if (end == reader->at || !(value >= 0 && value <= 1)) fail(reader, "its fairness is not a number from 0 to 1");
  reader->at = end;
  return value;
}

static void read_times(struct reader *reader, struct measure_times *out) {
  expect(reader, '[');
  out->count = (uint64_t)read_count(reader, INT64_MAX);
  expect(reader, ',');
  out->p50_ns = read_count(reader, INT64_MAX);
  expect(reader, ',');
  out->p99_ns = read_count(reader, INT64_MAX);
  expect(reader, ',');
  out->max_ns = read_count(reader, INT64_MAX);
  expect(reader, ']');
}

static void read_latencies(struct reader *reader, struct measure_report *report) {
  expect(reader, '{');
  if (reader->problem || take(reader, '}')) return;
  do {
    if (report->latency_count == GIL_LATENCIES_MAX) {
      fail(reader, "it has too many latencies");
      return;
    }
    struct measure_latency *latency = &report->latencies[report->latency_count++];
    read_string(reader, latency->name, sizeof latency->name);
    expect(reader, ':');
    read_times(reader, &latency->times);
  } while (!reader->problem && take(reader, ','));
  expect(reader, '}');
}

/* ---------------------------------------------------------------- reading: the keys ---------------------------- */

enum kind { TEXT, UNSIGNED, STATUS, NUMBER, SHARE, TIMES, LATENCIES };

static const struct key {
  const char *name;
  enum kind kind;
  size_t offset, bytes; /* in struct record; of a text also its size */
} keys[] = {
#define IN_RECORD(field) offsetof(struct record, field), sizeof(((struct record *)0)->field)
    {"gilvm_lab", NUMBER, IN_RECORD(format)},
    {"script", TEXT, IN_RECORD(about.script)},
    {"mode", TEXT, IN_RECORD(about.mode)},
    {"checkpoint", TEXT, IN_RECORD(about.checkpoint)},
    {"copies", UNSIGNED, IN_RECORD(about.copies)},
    {"cpus", UNSIGNED, IN_RECORD(about.cpus)},
    {"runs", UNSIGNED, IN_RECORD(about.runs)},
    {"policies", UNSIGNED, IN_RECORD(about.planned)},
    {"policy", TEXT, IN_RECORD(policy)},
    {"index", UNSIGNED, IN_RECORD(index)},
    {"round", UNSIGNED, IN_RECORD(sample.round)},
    {"status", STATUS, IN_RECORD(sample.status)},
    {"wall_ns", NUMBER, IN_RECORD(sample.wall_ns)},
    {"cpu_ns", NUMBER, IN_RECORD(sample.cpu_ns)},
    {"life_ns", NUMBER, IN_RECORD(sample.report.life_ns)},
    {"wait_ns", NUMBER, IN_RECORD(sample.report.wait_ns)},
    {"age_ns", NUMBER, IN_RECORD(sample.report.age_ns)},
    {"held_ns", NUMBER, IN_RECORD(sample.report.held_ns)},
    {"handover_ns", NUMBER, IN_RECORD(sample.report.handover_ns)},
    {"switches", NUMBER, IN_RECORD(sample.report.switches)},
    {"work", NUMBER, IN_RECORD(sample.report.work)},
    {"fairness", SHARE, IN_RECORD(sample.report.fairness)},
    {"waits", TIMES, IN_RECORD(sample.report.waits)},
    {"latencies", LATENCIES, IN_RECORD(sample.report.latencies)},
#undef IN_RECORD
};
enum { KEYS = sizeof keys / sizeof keys[0] };

static void read_value(struct reader *reader, const struct key *key, struct record *record) {
  void *place = (char *)record + key->offset;
  switch (key->kind) {
    case TEXT:
      read_string(reader, place, key->bytes);
      break;
    case UNSIGNED:
      *(unsigned *)place = (unsigned)read_count(reader, INT32_MAX);
      break;
    case STATUS:
      *(int *)place = (int)read_count(reader, 255);
      break;
    case NUMBER:
      *(int64_t *)place = read_count(reader, INT64_MAX);
      break;
    case SHARE:
      *(double *)place = read_share(reader);
      break;
    case TIMES:
      read_times(reader, place);
      break;
    case LATENCIES:
      read_latencies(reader, &record->sample.report);
      break;
  }
}

static void read_pair(struct reader *reader, struct record *record) {
  char name[32];
  read_string(reader, name, sizeof name);
  expect(reader, ':');
  for (unsigned i = 0; i < KEYS && !reader->problem; i++) {
    if (strcmp(name, keys[i].name) != 0) continue;
    if (reader->seen >> i & 1) fail(reader, "it has a key twice");
    reader->seen |= UINT64_C(1) << i;
    read_value(reader, &keys[i], record);
    return;
  }
  fail(reader, "it has a key that is not known; was it written by another version of gilvm?");
}

/* Returns what is wrong with the line; NULL: nothing. */
static const char *parse_line(const char *line, struct record *record) {
  struct reader reader = {.at = line};
  expect(&reader, '{');
  do {
    if (!reader.problem) read_pair(&reader, record);
  } while (!reader.problem && take(&reader, ','));
  expect(&reader, '}');
  skip_blanks(&reader);
  if (*reader.at) fail(&reader, "something follows after its end");
  if (reader.seen != (UINT64_C(1) << KEYS) - 1) fail(&reader, "some of the figures are missing");
  if (record->format != FORMAT) fail(&reader, "it is of another format; was it written by another version of gilvm?");
  if (record->sample.wall_ns == 0 || record->about.runs == 0 || record->about.runs > LAB_RUNS_MAX ||
      record->sample.round >= record->about.runs || record->index >= record->about.planned)
    fail(&reader, "its figures contradict each other");
  return reader.problem;
}

/* ---------------------------------------------------------------- putting together ----------------------------- */

/* The first thing in which the line's runs are not like those before. */
static const char *difference(const struct lab *lab, const struct lab *other) {
  if (strcmp(lab->script, other->script) != 0) return "script";
  if (strcmp(lab->mode, other->mode) != 0) return "mode";
  if (strcmp(lab->checkpoint, other->checkpoint) != 0) return "checkpoint";
  if (lab->copies != other->copies) return "number of copies";
  if (lab->cpus != other->cpus) return "number of CPUs";
  if (lab->runs != other->runs || lab->planned != other->planned) return "plan (--policies, --sweep, --runs)";
  return NULL;
}

static struct lab_config *find_config(struct lab *lab, const struct record *record) {
  for (unsigned i = 0; i < lab->count; i++)
    if (strcmp(lab->configs[i].name, record->policy) == 0) return &lab->configs[i];
  struct lab_config *config = lab_add_config(lab, record->policy);
  if (config) config->index = record->index;
  return config;
}

static int add_record(struct lab *lab, const struct record *record, const char *file, unsigned line) {
  const char *differs = lab->count > 0 ? difference(lab, &record->about) : NULL;
  if (differs)
    return cli_failure("lab: %s:%u: another %s than in the lines before; such runs cannot be compared", file, line,
                       differs);
  if (lab->count == 0) *lab = record->about;
  struct lab_config *config = find_config(lab, record);
  if (!config) return CLI_STATUS_FAILED;
  for (unsigned i = 0; i < config->count; i++)
    if (config->samples[i].round == record->sample.round)
      return cli_failure("lab: %s:%u: run %u of %s comes a second time", file, line, record->sample.round + 1,
                         record->policy);
  return lab_keep(config, &record->sample);
}

int lab_read_file(struct lab *lab, const char *name) {
  bool is_stdin = strcmp(name, "-") == 0;
  FILE *file = is_stdin ? stdin : fopen(name, "re");
  if (!file) return cli_failure("lab: cannot open %s: %s", name, strerror(errno));
  char *line = NULL;
  size_t bytes = 0;
  int status = 0;
  struct record *record = malloc(sizeof *record);
  if (!record) status = cli_failure("lab: not enough memory to read %s", name);
  errno = 0;
  for (unsigned number = 1; status == 0 && getline(&line, &bytes, file) >= 0; number++) {
    *record = (struct record){.format = 0};
    const char *problem = parse_line(line, record);
    status = problem ? cli_failure("lab: %s:%u: this line is no run of 'gilvm lab': %s", name, number, problem)
                     : add_record(lab, record, name, number);
  }
  if (status == 0 && ferror(file)) status = cli_failure("lab: cannot read %s: %s", name, strerror(errno));
  free(record);
  free(line);
  if (!is_stdin) fclose(file);
  return status;
}
