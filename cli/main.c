/* cli/main.c - where gilvm starts: a command by name, or a script. Room: cli/. Main thread only. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
} commands[] = {{"compare", cli_compare}, {"lab", cli_lab}, {"policies", cli_policies}, {"help", cli_help}};

typedef int (*command)(int argc, char **argv);

static command find_command(const char *name) {
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
    if (strcmp(commands[i].name, name) == 0) return commands[i].run;
  return NULL;
}

/* A standard stream that came closed is opened in the direction in which it fails: otherwise the next file to be
   opened would take its number, and a script's output would land in there. */
static void hold_standard_streams(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    int opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened != fd) gil_fatal("opening /dev/null in the place of a closed standard stream", errno);
  }
}

int cli_finish_stdout(void) {
  if (fflush(stdout) == 0 && !ferror(stdout)) return 0;
  return cli_failure("cannot write to standard output: %s", strerror(errno));
}

int main(int argc, char **argv) {
  hold_standard_streams();
  vm_enable_lua_policies();
  command chosen = argc > 1 ? find_command(argv[1]) : NULL;
  if (chosen) return chosen(argc - 1, argv + 1);

  struct cli_options options;
  int status = cli_parse(argc, argv, &options);
  bool has_script = status == CLI_GO_ON && options.script < argc;
  if (has_script && find_command(argv[options.script]) && strcmp(argv[options.script - 1], "--") != 0)
    status = cli_usage_error(
        "options go after the name of a command: gilvm %s ...; a script of that name is run with ./%s",
        argv[options.script], argv[options.script]);
  if (status == CLI_GO_ON) status = cli_run(&options);
  cli_options_finish(&options);
  return status;
}
