/* cli/lab_experiment.c - experiments by their names, and the options that a script carries for the laboratory. Room:
 * cli/. Main thread only, before anything runs. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab.h"

#define LAB_LINE "-- lab:"
#define WORDS_MAX 64 /* in all such lines of a file */

/* ---------------------------------------------------------------- where they are ------------------------------- */

/* A program in its build folder finds them in the source tree, any other where they are installed. */
static const char *experiments_folder(void) {
  char program[PATH_MAX], build[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length < 0 || !realpath(GILVM_BUILD_FOLDER, build)) return GILVM_EXPERIMENTS_INSTALLED;
  program[length] = '\0';
  size_t build_length = strlen(build);
  bool is_built_here = strncmp(program, build, build_length) == 0 && program[build_length] == '/';
  return is_built_here ? GILVM_EXPERIMENTS_SOURCE : GILVM_EXPERIMENTS_INSTALLED;
}

static bool has_lua_suffix(const char *name) {
  size_t length = strlen(name);
  return length > 4 && strcmp(name + length - 4, ".lua") == 0;
}

static int is_script(const struct dirent *entry) { return has_lua_suffix(entry->d_name); }

static int report_unknown(const char *name, const char *folder) {
  struct dirent **found;
  char names[1024] = "";
  int count = scandir(folder, &found, is_script, alphasort);
  if (count < 0)
    return cli_failure("lab: there is no file '%s', and the experiments are not in %s: %s", name, folder,
                       strerror(errno));
  size_t used = 0;
  for (int i = 0; i < count; i++) {
    size_t length = strlen(found[i]->d_name) - 4;
    if (used + length + 3 < sizeof names)
      used += (size_t)snprintf(names + used, sizeof names - used, "%s%.*s", used > 0 ? ", " : "", (int)length,
                               found[i]->d_name);
    free(found[i]);
  }
  free(found);
  return cli_failure("lab: there is no file '%s', and no experiment of that name; there are: %s", name, names);
}

/* Turns the name of an experiment into its path; leaves all else as it is. */
static int find(const char *typed, char *path, size_t bytes) {
  snprintf(path, bytes, "%s", typed);
  if (strchr(typed, '/') || has_lua_suffix(typed) || strcmp(typed, "-") == 0 || access(typed, F_OK) == 0) return 0;
  const char *folder = experiments_folder();
  snprintf(path, bytes, "%s/%s.lua", folder, typed);
  return access(path, F_OK) == 0 ? 0 : report_unknown(typed, folder);
}

/* ---------------------------------------------------------------- the options in the file ---------------------- */

static int add_words(struct lab_experiment *experiment, char **words, const char *path, const char *line) {
  static const char blanks[] = " \t\r\n";
  while (*(line += strspn(line, blanks))) {
    size_t length = strcspn(line, blanks);
    if (experiment->word_count == WORDS_MAX)
      return cli_failure("lab: %s: more than %d words after '" LAB_LINE "'", path, WORDS_MAX);
    words[experiment->word_count] = strndup(line, length);
    if (!words[experiment->word_count]) return cli_failure("lab: not enough memory for the options of the script");
    experiment->word_count++;
    line += length;
  }
  return 0;
}

/* They stand in the comment at the head of the file. One that cannot be read is complained about later, by those who
   want to run it. */
static int read_words(struct lab_experiment *experiment, char **words) {
  const char *path = experiment->path;
  FILE *file = strcmp(path, "-") == 0 ? NULL : fopen(path, "re");
  if (!file) return 0;
  char *line = NULL;
  size_t room = 0;
  int status = 0;
  while (status == 0 && getline(&line, &room, file) > 0 && (strncmp(line, "--", 2) == 0 || line[0] == '#'))
    if (strncmp(line, LAB_LINE, strlen(LAB_LINE)) == 0)
      status = add_words(experiment, words, path, line + strlen(LAB_LINE));
  free(line);
  fclose(file);
  return status;
}

/* ---------------------------------------------------------------- the command line ----------------------------- */

int lab_find_experiment(struct lab_experiment *out, int argc, char **argv, int script) {
  int status = find(argv[script], out->path, sizeof out->path);
  if (status != 0) return status;
  out->argv = calloc((size_t)argc + WORDS_MAX + 1, sizeof *out->argv);
  if (!out->argv) return cli_failure("lab: not enough memory for the options of the script");
  status = read_words(out, out->argv + 1);
  out->argv[0] = argv[0];
  for (int i = 1; i < argc; i++) out->argv[out->word_count + i] = i == script ? out->path : argv[i];
  out->argc = out->word_count + argc;
  out->script = out->word_count + script;
  return status;
}

void lab_experiment_finish(struct lab_experiment *experiment) {
  for (int i = 1; i <= experiment->word_count; i++) free(experiment->argv[i]);
  free(experiment->argv);
}
