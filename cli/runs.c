/* cli/runs.c - what the commands that measure runs have in common: the script's check, progress, medians, files for
 * the result. Room: cli/. Main thread only. */
#include <errno.h>
#include <lauxlib.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "measure.h"

unsigned runs_usable_cpus(void) {
  cpu_set_t set;
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
  if (count == 0) count = (int)sysconf(_SC_NPROCESSORS_ONLN); /* more CPUs than the set has room for */
  return count > 0 ? (unsigned)count : 1;
}

int runs_check_script(const struct cli_options *options) {
  lua_State *L = luaL_newstate();
  if (!L) return cli_failure("not enough memory to check the script");
  int loaded = options->script_text
                   ? LUA_OK /* its first line may be a comment for the shell, which only files may have */
                   : cli_load_file(L, options->argv[options->script]);
  int status = loaded == LUA_OK ? 0 : cli_failure("%s", lua_tostring(L, -1));
  lua_close(L);
  return status;
}

const char *runs_script_name(const struct cli_options *options) {
  if (options->script_text) return "standard input";
  const char *path = options->argv[options->script], *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

/* ---------------------------------------------------------------- progress ------------------------------------- */

bool runs_show_progress(void) {
  const char *terminal = getenv("TERM");
  return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

void runs_erase_progress(void) {
  if (runs_show_progress()) fputs("\r\033[K", stderr);
}

/* ---------------------------------------------------------------- figures and text ----------------------------- */

static int by_value(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return left < right ? -1 : left > right;
}

double runs_median(double *values, unsigned count) {
  qsort(values, count, sizeof values[0], by_value);
  return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

size_t runs_copy_text(int fd, FILE *out) {
  char buffer[65536];
  size_t done = 0;
  ssize_t got;
  char last = '\n';
  while ((got = pread(fd, buffer, sizeof buffer, (off_t)done)) > 0) {
    if (out) fwrite(buffer, 1, (size_t)got, out);
    last = buffer[got - 1];
    done += (size_t)got;
  }
  if (out && last != '\n') fputc('\n', out);
  return done;
}

int runs_open_file(struct runs_file *file) {
  if (!file->name) return 0;
  file->stream = strcmp(file->name, "-") == 0 ? stdout : fopen(file->name, "we");
  return file->stream ? 0 : cli_failure("%s: cannot open %s: %s", file->option, file->name, strerror(errno));
}

int runs_close_file(struct runs_file *file, bool failed) {
  FILE *stream = file->stream;
  int error = errno;
  file->stream = NULL;
  if (stream && stream != stdout && fclose(stream) != 0 && !failed) {
    failed = true;
    error = errno;
  }
  if (!failed) return 0;
  return cli_failure("%s: cannot write %s: %s", file->option, stream == stdout ? "standard output" : file->name,
                     strerror(error));
}
