/* cli/interactive.c - the prompt: reads, runs, prints, as lua.c does. Room: cli/. Runs on the main thread of a
 * universe, with the GIL held; while it waits for a line it is in a blocking section, so that other threads run.
 *
 * SIGNALS. While code runs, Ctrl-C interrupts it and the prompt comes back. While a line is read, Ctrl-C has the
 * action it had before gilvm took it over: it ends the program.
 *
 * LINE EDITING, if it was built in, is for terminals only. From anything else lines are read through io.stdin, so
 * that a script's own io.read takes up where the prompt stopped.
 */
#include <lauxlib.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef GILVM_EDITLINE
#include <editline/readline.h>
#endif

#include "cli.h"

/* ---------------------------------------------------------------- a line --------------------------------------- */

#ifdef GILVM_EDITLINE

#define HISTORY_LINES 1000

static char *history_path; /* NULL: no history is kept */

/* Editing in the C locale drops every byte that is not ASCII. So the terminal's own is taken, as GNU readline does
   in lua; where the environment names none, it speaks UTF-8. */
static void take_locale(void) {
  const char *name = setlocale(LC_CTYPE, "");
  if (!name || strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0) setlocale(LC_CTYPE, "C.UTF-8");
}

static void begin_editing(void) {
  if (!isatty(STDIN_FILENO)) return;
  take_locale();
  rl_readline_name = "gilvm";
  rl_bind_key('\t', rl_insert); /* a tab indents; it does not complete names of files */
  using_history();
  stifle_history(HISTORY_LINES);
  const char *named = getenv("GILVM_HISTORY"), *home = getenv("HOME");
  if (named)
    history_path = strdup(named);
  else if (!home || asprintf(&history_path, "%s/.gilvm_history", home) < 0)
    history_path = NULL;
  if (history_path) read_history(history_path); /* there is none the first time */
}

/* Written each time: a script typed at the prompt may end the process. A history that cannot be written is no
   reason to stop anybody's work, so failures are passed over. */
static void keep_in_history(const char *chunk) {
  if (!isatty(STDIN_FILENO)) return;
  add_history(chunk);
  if (history_path) write_history(history_path);
}

/* A line without its newline, which the caller frees; NULL at the end. */
static char *edit_line(const char *prompt) GIL_TRUSTED {
  const struct gil_reason reason = {.cause = GIL_CAUSE_IO, .deadline_ns = GIL_NEVER, .what = "the prompt"};
  vm_block_begin(&reason);
  char *line = readline(prompt);
  vm_block_end();
  return line;
}

#else

static void begin_editing(void) {}
static void keep_in_history(const char *chunk) { (void)chunk; }

#endif

/* Reads a line through io.stdin and pushes it; pushes nothing and returns false at the end. */
static bool read_plain_line(lua_State *L, const char *prompt) {
  vm_flush_streams(vm_thread_vm(vm_self()));
  fputs(prompt, stdout);
  fflush(stdout);
  cli_read_stdin(L, "l");
  lua_remove(L, -2);
  if (!lua_isnil(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}

static bool read_line(lua_State *L, const char *prompt) {
#ifdef GILVM_EDITLINE
  if (isatty(STDIN_FILENO)) {
    vm_flush_streams(vm_thread_vm(vm_self())); /* what io.write has left on this line comes before the prompt */
    char *line = edit_line(prompt);
    if (line) lua_pushstring(L, line);
    free(line);
    return line != NULL;
  }
#endif
  return read_plain_line(L, prompt);
}

/* Pushes _PROMPT or _PROMPT2 as a string. */
static const char *push_prompt(lua_State *L, bool first) {
  if (lua_getglobal(L, first ? "_PROMPT" : "_PROMPT2") == LUA_TNIL)
    lua_pushstring(L, first ? "> " : ">> ");
  else
    luaL_tolstring(L, -1, NULL);
  lua_remove(L, -2);
  return lua_tostring(L, -1);
}

/* Pushes the next line; pushes nothing and returns false at the end. */
static bool push_line(lua_State *L, bool first) {
  const char *prompt = push_prompt(L, first);
  vm_signals_end();
  bool is_read = read_line(L, prompt);
  vm_signals_begin();
  lua_remove(L, is_read ? -2 : -1); /* the prompt */
  bool is_short = is_read && first && lua_tostring(L, -1)[0] == '=';
  if (is_short) { /* as Lua up to 5.2 had it */
    lua_pushfstring(L, "return %s", lua_tostring(L, -1) + 1);
    lua_remove(L, -2);
  }
  return is_read;
}

/* ---------------------------------------------------------------- a chunk -------------------------------------- */

/* A chunk is incomplete if the parser stopped at its end. Pops the error then. */
static bool is_incomplete(lua_State *L, int loaded) {
  static const char mark[] = "<eof>";
  size_t bytes;
  if (loaded != LUA_ERRSYNTAX) return false;
  const char *message = lua_tolstring(L, -1, &bytes);
  if (bytes < sizeof mark - 1 || strcmp(message + bytes - (sizeof mark - 1), mark) != 0) return false;
  lua_pop(L, 1);
  return true;
}

/* Takes the line at index 1 as an expression. Pushes the function, or nothing. */
static int load_expression(lua_State *L) {
  const char *line = lua_tostring(L, 1);
  const char *chunk = lua_pushfstring(L, "return %s;", line);
  int loaded = luaL_loadbufferx(L, chunk, strlen(chunk), "=stdin", "t");
  if (loaded != LUA_OK) {
    lua_pop(L, 2);
    return loaded;
  }
  lua_remove(L, -2);
  if (line[0] != '\0') keep_in_history(line);
  return loaded;
}

/* Takes the line at index 1 as a statement, reading on while it is incomplete. Pushes the function or the error. */
static int load_statement(lua_State *L) {
  for (;;) {
    size_t bytes;
    const char *chunk = lua_tolstring(L, 1, &bytes);
    int loaded = luaL_loadbufferx(L, chunk, bytes, "=stdin", "t");
    if (!is_incomplete(L, loaded)) {
      keep_in_history(chunk);
      return loaded;
    }
    if (!push_line(L, false)) { /* the end in the middle of a statement: the error says so */
      keep_in_history(chunk);
      return luaL_loadbufferx(L, chunk, bytes, "=stdin", "t");
    }
    lua_pushliteral(L, "\n");
    lua_insert(L, -2);
    lua_concat(L, 3);
  }
}

/* Reads and loads. Leaves the function or the error alone on the stack. Returns lua_load's code; -1 at the end. */
static int load_chunk(lua_State *L) {
  lua_settop(L, 0);
  if (!push_line(L, true)) return -1;
  int loaded = load_expression(L);
  if (loaded != LUA_OK) loaded = load_statement(L);
  lua_remove(L, 1);
  return loaded;
}

/* Prints all values on the stack. */
static void print_results(lua_State *L) {
  int count = lua_gettop(L);
  if (count == 0) return;
  luaL_checkstack(L, LUA_MINSTACK, "too many results to print");
  lua_getglobal(L, "print");
  lua_insert(L, 1);
  if (lua_pcall(L, count, 0, 0) == LUA_OK) return;
  lua_pushfstring(L, "error calling 'print' (%s)", lua_tostring(L, -1));
  cli_print_error(L, false);
}

void cli_interactive(lua_State *L) {
  int status;
  begin_editing();
  while ((status = load_chunk(L)) != -1) {
    if (status == LUA_OK) status = vm_call(L, 0, LUA_MULTRET);
    int exit_status;
    if (vm_exit_requested(vm_self(), &exit_status)) return;
    if (status == LUA_OK)
      print_results(L);
    else
      cli_print_error(L, false);
    vm_forget_interrupt();
  }
  lua_settop(L, 0);
  vm_flush_streams(vm_thread_vm(vm_self()));
  puts("");
  fflush(stdout);
}
