/* cli/policies.c - `gilvm policies [NAME]`: the policies there are, and all about one of them, or about one in a
 * file. Room: cli/. Main thread only. Whatever it says comes from the policies themselves. */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

enum { WIDTH_STANDARD = 80, WIDTH_MIN = 40, WIDTH_MAX = 120, LABEL_WIDTH = 14 };

static int terminal_width(void) {
  struct winsize size;
  long width = WIDTH_STANDARD;
  const char *columns = getenv("COLUMNS");
  if (!columns || !cli_parse_count(columns, 1, 100000, &width)) {
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) width = size.ws_col;
  }
  if (width < WIDTH_MIN) return WIDTH_MIN;
  return width > WIDTH_MAX ? WIDTH_MAX : (int)width;
}

/* Prints the words of `text` between columns `indent` and `width`; the first line begins where the cursor is,
   which is at `indent`. A word that is too long for a line gets a line of its own. */
static void print_wrapped(const char *text, int indent, int width) {
  int column = indent;
  while (*text) {
    int word = (int)strcspn(text, " ");
    if (column > indent && column + 1 + word > width) {
      printf("\n%*s", indent, "");
      column = indent;
    }
    column += printf("%s%.*s", column > indent ? " " : "", word, text);
    text += word;
    text += strspn(text, " ");
  }
  putchar('\n');
}

static void print_field(const char *label, const char *text, int width) {
  printf("  %-*s", LABEL_WIDTH - 2, label);
  print_wrapped(text, LABEL_WIDTH, width);
}

/* ---------------------------------------------------------------- all of them ---------------------------------- */

static void list_policies(int width) {
  for (size_t i = 0; gil_policy_at(i); i++) {
    const struct gil_policy *policy = gil_policy_at(i);
    char models[256];
    snprintf(models, sizeof models, "%s%s", policy->models, i == 0 ? " (the default)" : "");
    printf("%-*s", LABEL_WIDTH, policy->name);
    print_wrapped(models, LABEL_WIDTH, width);
    printf("%*s", LABEL_WIDTH, "");
    print_wrapped(policy->summary, LABEL_WIDTH, width);
  }
  putchar('\n');
  print_wrapped("'gilvm policies NAME' shows one with its parameters; --policy NAME runs a script under it.", 0,
                width);
}

/* ---------------------------------------------------------------- one of them ---------------------------------- */

static void print_params(const struct gil_policy *policy, int width) {
  if (!policy->params || !policy->params[0].name) {
    print_field("parameters", "none", width);
    return;
  }
  puts("  parameters");
  for (const struct gil_param *param = policy->params; param->name; param++) {
    char standard[32], least[32], most[32], text[512];
    gil_param_format(param, param->standard, standard, sizeof standard);
    gil_param_format(param, param->min, least, sizeof least);
    gil_param_format(param, param->max, most, sizeof most);
    snprintf(text, sizeof text, "%s; %s from %s to %s, by default %s", param->help,
             param->kind == GIL_PARAM_TIME ? "a time with its unit (s, ms, us, ns)" : "a whole number", least, most,
             standard);
    printf("    %-*s", LABEL_WIDTH - 4, param->name);
    print_wrapped(text, LABEL_WIDTH, width);
  }
}

/* A command line in which every parameter has its standard value, to be changed. It must stay on one line, so that it
   can be copied: what can be spared goes first. */
static void print_example(const struct gil_policy *policy, int width) {
  static const char stats[] = " --stats";
  int used = printf("  %-*sgilvm --policy %s", LABEL_WIDTH - 2, "example", policy->name);
  for (const struct gil_param *param = policy->params; param && param->name; param++) {
    char standard[32];
    used += printf("%c%s=%s", param == policy->params ? ':' : ',', param->name,
                   gil_param_format(param, param->standard, standard, sizeof standard));
  }
  printf("%s script.lua\n", used + (int)sizeof stats + (int)strlen("script.lua") <= width ? stats : "");
}

static void show_policy(const struct gil_policy *policy, int width) {
  puts(policy->name);
  print_field("models", policy->models, width);
  print_field("does", policy->summary, width);
  print_field("does badly", policy->badly, width);
  print_field("source", policy->source, width);
  print_params(policy, width);
  print_example(policy, width);
}

/* ---------------------------------------------------------------- the command ---------------------------------- */

static void unknown_policy(const char *name) {
  char known[512];
  int used = 0;
  for (size_t i = 0; gil_policy_at(i) && (size_t)used < sizeof known; i++)
    used += snprintf(known + used, sizeof known - (size_t)used, "%s%s", i ? ", " : "", gil_policy_at(i)->name);
  cli_usage_error("there is no policy '%s'; there are: %s", name, known);
}

/* NULL: the complaint has been made. */
static const struct gil_policy *find_policy(const char *name) {
  struct gil_policy_choice choice;
  char message[512];
  if (!gil_policy_is_file(name)) {
    const struct gil_policy *policy = gil_policy_find(name);
    if (!policy) unknown_policy(name);
    return policy;
  }
  if (gil_policy_parse(name, &choice, message, sizeof message) == GIL_OK) return choice.policy;
  cli_usage_error("%s", message);
  return NULL;
}

int cli_policies(int argc, char **argv) {
  static const struct option long_options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
  opterr = 0;
  int option = getopt_long(argc, argv, "+:h", long_options, NULL);
  if (option == 'h') {
    puts("usage: gilvm policies [NAME]\n\n"
         "Lists the policies of the lock, or shows one with its parameters. NAME can be the file of a policy of\n"
         "your own: ./mine.lua, ./mine.so");
    return cli_finish_stdout();
  }
  if (option != -1) return cli_option_error(argv, option);
  if (argc - optind > 1) return cli_usage_error("'gilvm policies' shows one policy at a time, or all without a name");

  int width = terminal_width();
  if (optind == argc) {
    list_policies(width);
  } else {
    const struct gil_policy *policy = find_policy(argv[optind]);
    if (!policy) return CLI_STATUS_USAGE;
    show_policy(policy, width);
  }
  return cli_finish_stdout();
}
