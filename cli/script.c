/* cli/script.c - what one copy runs: LUA_INIT, -e, -l, the script, the prompt, in the order and with the messages
 * of lua.c. Room: cli/. Runs on the thread of the copy, with the GIL held; every call into Lua may switch.
 *
 * WHERE -e AND -l BELONG. When a script follows, they prepare the universe in which it runs: they are part of the
 * setup, which threads that share a universe share too. When none follows, they are the program: each copy runs
 * them.
 */
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Keys in the registry: io.stdin as it was before a script could change it; and whether os.exit in the setup has
   ended all copies of the universe. */
static const char stdin_key[] = "gilvm.stdin";
static const char ended_key[] = "gilvm.ended";

/* ---------------------------------------------------------------- errors --------------------------------------- */

void cli_print_error(lua_State *L, bool named) {
  const char *message = lua_tostring(L, -1);
  /* One call, so that the messages of several processes do not mix. */
  fprintf(stderr, "%s%s\n", named ? "gilvm: " : "", message ? message : "(error object is not a string)");
  lua_pop(L, 1);
}

/* After a failed load or call: the exit status. Prints the error on top, unless it is an os.exit that ends the
   copy. */
static int report(lua_State *L) {
  int status = CLI_STATUS_FAILED;
  if (vm_exit_requested(vm_self(), &status))
    lua_pop(L, 1);
  else
    cli_print_error(L, true);
  return status;
}

/* Whether os.exit has ended this copy on the calling thread, also with status 0. */
static bool has_ended(void) {
  int status;
  return vm_exit_requested(vm_self(), &status);
}

/* ---------------------------------------------------------------- loading -------------------------------------- */

/* What lua_load says of bytecode does not tell a person what to do. `name` is what was loaded. */
static int explain_bytecode(lua_State *L, int loaded, const char *name) {
  static const char refusal[] = "attempt to load a binary chunk";
  const char *message = loaded == LUA_ERRSYNTAX ? lua_tostring(L, -1) : NULL;
  if (!message || strncmp(message, refusal, sizeof refusal - 1) != 0) return loaded;
  lua_pop(L, 1);
  static const char advice[] = "%s: a precompiled chunk, which is not run since malformed bytecode can crash the VM; "
                               "run the Lua source instead";
  lua_pushfstring(L, advice, name);
  return loaded;
}

/* The text without the byte order mark and the first line that begins with '#', which luaL_loadfilex skips in
   files. */
static const char *skip_comment(const char *text, size_t *bytes) {
  const char *end = text + *bytes;
  if (*bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3;
  if (text < end && *text == '#')
    while (text < end && *text != '\n') text++; /* the newline stays, so that lines are counted right */
  *bytes = (size_t)(end - text);
  return text;
}

static int load_stdin(lua_State *L, const struct cli_options *options) {
  size_t bytes = options->script_bytes;
  const char *text = options->script_text;
  if (!text) {
    cli_read_stdin(L, "a");
    text = lua_tolstring(L, -1, &bytes);
    if (!text) {
      lua_pushfstring(L, "cannot read stdin: %s", lua_tostring(L, -2));
      return LUA_ERRFILE;
    }
  }
  text = skip_comment(text, &bytes);
  return explain_bytecode(L, luaL_loadbufferx(L, text, bytes, "=stdin", "t"), "stdin");
}

int cli_load_file(lua_State *L, const char *name) { return explain_bytecode(L, luaL_loadfilex(L, name, "t"), name); }

void cli_read_stdin(lua_State *L, const char *format) {
  lua_getfield(L, LUA_REGISTRYINDEX, stdin_key);
  lua_getfield(L, -1, "read");
  lua_insert(L, -2);
  lua_pushstring(L, format);
  lua_call(L, 2, 2); /* the second result is the message, where the first is nil */
  lua_insert(L, -2);
}

/* ---------------------------------------------------------------- the steps ------------------------------------ */

/* Each returns the exit status to end with, 0 to go on. */

static int run_loaded(lua_State *L, int loaded) {
  return loaded == LUA_OK && vm_call(L, 0, 0) == LUA_OK ? 0 : report(L);
}

static int run_string(lua_State *L, const char *text, const char *name) {
  return run_loaded(L, luaL_loadbufferx(L, text, strlen(text), name, "t"));
}

/* -l module, or -l global=module */
static int run_library(lua_State *L, const char *value) {
  const char *equals = strchr(value, '=');
  lua_getglobal(L, "require");
  lua_pushstring(L, equals ? equals + 1 : value);
  if (vm_call(L, 1, 1) != LUA_OK) return report(L);
  lua_pushlstring(L, value, equals ? (size_t)(equals - value) : strlen(value));
  lua_pushglobaltable(L);
  lua_insert(L, -3);
  lua_insert(L, -2);
  lua_settable(L, -3); /* as lua_setglobal, which may call a metamethod too */
  lua_pop(L, 1);
  return 0;
}

static int run_steps(lua_State *L, const struct cli_options *options) {
  int status = 0;
  for (size_t i = 0; i < options->step_count && status == 0 && !has_ended(); i++) {
    const struct cli_step *step = &options->steps[i];
    switch (step->option) {
      case 'e':
        status = run_string(L, step->value, "=(command line)");
        break;
      case 'l':
        status = run_library(L, step->value);
        break;
      default:
        lua_warning(L, "@on", 0);
    }
  }
  return status;
}

static int run_init(lua_State *L) {
  const char *name = "=LUA_INIT_5_4";
  const char *init = getenv(name + 1);
  if (!init) init = getenv((name = "=LUA_INIT") + 1);
  if (!init) return 0;
  return init[0] == '@' ? run_loaded(L, cli_load_file(L, init + 1)) : run_string(L, init, name);
}

/* ---------------------------------------------------------------- setup: once in a universe -------------------- */

/* The table `arg`: the script at 0, its arguments from 1, what stands before it at negative indices. */
static void create_arg(lua_State *L, const struct cli_options *options) {
  int script = options->script == options->argc ? 0 : options->script;
  lua_createtable(L, options->argc - script, script + 1);
  for (int i = 0; i < options->argc; i++) {
    lua_pushstring(L, options->argv[i]);
    lua_rawseti(L, -2, i - script);
  }
  lua_setglobal(L, "arg");
}

static int set_up(lua_State *L) {
  const struct cli_options *options = lua_touserdata(L, 1);
  workers_open(L);
  lua_pushboolean(L, 0);
  lua_setfield(L, LUA_REGISTRYINDEX, ended_key);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "io");
  lua_getfield(L, -1, "stdin");
  lua_setfield(L, LUA_REGISTRYINDEX, stdin_key);
  lua_settop(L, 0);
  create_arg(L, options);
  lua_gc(L, LUA_GCGEN, 0, 0); /* the collector's mode in lua5.4 */
  int status = options->ignore_environment ? 0 : run_init(L);
  if (status == 0 && !has_ended() && options->script < options->argc) status = run_steps(L, options);
  lua_pushinteger(L, status);
  return 1;
}

/* ---------------------------------------------------------------- body: each copy ------------------------------ */

static void push_arguments(lua_State *L) {
  if (lua_getglobal(L, "arg") != LUA_TTABLE) luaL_error(L, "'arg' is not a table");
  int count = (int)luaL_len(L, -1);
  luaL_checkstack(L, count + 3, "too many arguments to script");
  int i;
  for (i = 1; i <= count; i++) lua_rawgeti(L, -i, i);
  lua_remove(L, -i);
}

static int run_script(lua_State *L, const struct cli_options *options) {
  int loaded = cli_script_is_stdin(options) ? load_stdin(L, options)
                                            : cli_load_file(L, options->argv[options->script]);
  if (loaded != LUA_OK) return report(L);
  int function = lua_gettop(L);
  push_arguments(L);
  return vm_call(L, lua_gettop(L) - function, LUA_MULTRET) == LUA_OK ? 0 : report(L);
}

/* Nothing named: what lua does depends on -i, -e, -v, and on who is at the other end of standard input. */
static int run_without_script(lua_State *L, const struct cli_options *options) {
  int status = run_steps(L, options);
  if (status != 0 || has_ended()) return status;
  if (cli_script_is_stdin(options)) return run_script(L, options);
  return 0;
}

static int run_copy(lua_State *L) {
  const struct cli_options *options = lua_touserdata(L, 1);
  lua_settop(L, 0);
  lua_getfield(L, LUA_REGISTRYINDEX, ended_key);
  int status = 0;
  if (!lua_toboolean(L, -1)) {
    status = options->script < options->argc ? run_script(L, options) : run_without_script(L, options);
    if (status == 0 && !has_ended() && cli_wants_prompt(options)) {
      lua_settop(L, 0);
      cli_interactive(L);
      vm_exit_requested(vm_self(), &status);
    }
  }
  lua_pushinteger(L, status);
  return 1;
}

/* ---------------------------------------------------------------- the callbacks -------------------------------- */

/* Both run in a protected C function, as the main function of lua.c does: whatever fails outside of a chunk (memory,
   most likely) is an error message, and tracebacks end in the same line. */
static int run_protected(lua_State *L, lua_CFunction function, void *options) {
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, options);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) return report(L);
  int status = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  return status;
}

int cli_setup(lua_State *L, void *options) {
  int status = run_protected(L, set_up, options);
  if (status == 0 && has_ended()) {
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, ended_key); /* the key is there already: needs no memory, so cannot raise */
  }
  return status;
}

int cli_body(lua_State *L, void *options) { return run_protected(L, run_copy, options); }
