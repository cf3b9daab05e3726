/* cli/help.c - what `gilvm --help` says. Room: cli/. Main thread only. */
#include <string.h>

#include "cli.h"

static const char text[] =
    "usage: gilvm [options] [script [args]]     run a script, as lua does; or N copies of it\n"
    "       gilvm compare [options] script      run copies in all four ways, in one table\n"
    "       gilvm lab [options] script          compare policies: throughput, fairness, latency\n"
    "       gilvm policies [NAME]               the policies of the lock, with their parameters\n"
    "       gilvm help [COMMAND]\n"
    "\n"
    "Without a script: a prompt on a terminal, otherwise the script is what standard input holds.\n"
    "\n"
    "options of Lua:\n"
    "  -e stat            execute string 'stat' (without a script: in each copy)\n"
    "  -i                 enter interactive mode after executing 'script'\n"
    "  -l mod             require library 'mod' into global 'mod'\n"
    "  -l g=mod           require library 'mod' into global 'g'\n"
    "  -v                 show the version of Lua\n"
    "  -E                 ignore environment variables\n"
    "  -W                 turn warnings on\n"
    "  --                 stop handling options\n"
    "  -                  stop handling options and execute stdin\n"
    "\n"
    "options of gilvm:\n"
    "  -j, --jobs N       run N copies of the script (1)\n"
    "  --as MODE          threads: one universe, one lock (the default); interpreters: a universe\n"
    "                     and a lock each; processes: a forked process each; serial: in turn\n"
    "  --policy NAME[:key=value,...]\n"
    "                     who gets the lock, and when: cpython:interval=5ms by default; a NAME\n"
    "                     can be a file of your own: ./mine.lua, ./mine.so\n"
    "  --checkpoint WHERE where the lock can change hands: instruction (the default) or line\n"
    "  --deadlock WHAT    what becomes of a wait that could never end: error (the default);\n"
    "                     report: say so on stderr, and wait; ignore\n"
    "  --stats            print who held the lock and who waited, after the run, on stderr\n"
    "  --stats-json FILE  write the same as JSON; '-' is standard output\n"
    "  --color WHEN       auto (the default), always or never\n"
    "  -h, --help         this text\n"
    "  --version          show the version of gilvm\n"
    "\n"
    "examples:\n"
    "  gilvm script.lua                                     one copy, like lua\n"
    "  gilvm -j 4 --as processes script.lua                 four copies, each in a process\n"
    "  gilvm --policy cpython:interval=100us --stats script.lua\n"
    "\n"
    "The prompt keeps its history in ~/.gilvm_history, or in the file that GILVM_HISTORY names.\n"
    "A script that is called like a command is run with ./NAME.\n";

void cli_print_help(void) { fputs(text, stdout); }

int cli_help(int argc, char **argv) {
  if (argc > 2) return cli_usage_error("'gilvm help' explains one command at a time");
  const char *topic = argc == 2 ? argv[1] : "help";
  static char help_option[] = "--help";
  char *ask[] = {argv[argc - 1], help_option, NULL};
  if (strcmp(topic, "compare") == 0) return cli_compare(2, ask);
  if (strcmp(topic, "lab") == 0) return cli_lab(2, ask);
  if (strcmp(topic, "policies") == 0) return cli_policies(2, ask);
  if (strcmp(topic, "help") != 0 && strcmp(topic, "--help") != 0)
    return cli_usage_error("there is no command '%s'; there are: compare, lab, policies, help", topic);
  cli_print_help();
  return cli_finish_stdout();
}
