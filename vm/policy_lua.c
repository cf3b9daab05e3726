/* vm/policy_lua.c - reads a policy in Lua: `--policy ./mine.lua`. Room: vm/. Any thread, with or without a GIL;
 * touches no universe.
 *
 * The file returns a table: functions for the events of struct gil_policy, and its own description. It is run once
 * here, to learn which functions and parameters there are and to find its mistakes before a script starts; and once
 * more for each lock that is put under it (policy_run.c), in a state of that lock's own. Such a state has nothing to
 * do with any universe. It runs under the mutex of a lock, where nothing may block or take long: so it has no library
 * that reaches outside, its memory is bounded, and a count hook ends what runs for ever. No finalizers either, since
 * Lua runs them without hooks.
 */
#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy_lua.h"

const char *const vm_policy_event_names[POLICY_EVENT_COUNT] = {
    [POLICY_STARTS] = "starts",
    [POLICY_WAITS] = "waits",
    [POLICY_PATIENCE_ENDS] = "patience_ends",
    [POLICY_TICK] = "tick",
    [POLICY_TAKES] = "takes",
    [POLICY_YIELDS] = "yields",
    [POLICY_LETS_GO] = "lets_go",
    [POLICY_TICK_INSTRUCTIONS] = "tick_instructions",
};

/* ---------------------------------------------------------------- a state with limits -------------------------- */

static void *bounded_alloc(void *user, void *block, size_t old_bytes, size_t new_bytes) {
  size_t *used = user, had = block ? old_bytes : 0;
  if (new_bytes > had && *used + (new_bytes - had) > POLICY_MEMORY_BYTES) return NULL;
  void *result = NULL;
  if (new_bytes == 0)
    free(block);
  else if (!(result = realloc(block, new_bytes)))
    return NULL;
  *used += new_bytes - had;
  return result;
}

/* Every instruction raises from then on, lest a pcall of the policy go on as if nothing had happened. */
static void end_runaway(lua_State *L, lua_Debug *ar) {
  (void)ar;
  lua_sethook(L, end_runaway, LUA_MASKCOUNT, 1);
  luaL_error(L, "it does not come to an end: more than %d instructions in one call", POLICY_INSTRUCTIONS);
}

void vm_policy_limit(lua_State *L) { lua_sethook(L, end_runaway, LUA_MASKCOUNT, POLICY_INSTRUCTIONS); }

/* setmetatable, but for finalizers. */
static int policy_setmetatable(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  if (lua_istable(L, 2) && lua_getfield(L, 2, "__gc") != LUA_TNIL)
    return luaL_error(L, "a policy has no finalizers: take '__gc' out of the metatable");
  lua_settop(L, 2);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, 2, 1);
  return 1;
}

/* print, to standard error and past stdio: see print_failure in gil/fallback.c. */
static int policy_print(lua_State *L) {
  int count = lua_gettop(L);
  luaL_Buffer line;
  luaL_buffinit(L, &line);
  for (int i = 1; i <= count; i++) {
    if (i > 1) luaL_addchar(&line, '\t');
    luaL_tolstring(L, i, NULL);
    luaL_addvalue(&line);
  }
  luaL_addchar(&line, '\n');
  luaL_pushresult(&line);
  size_t bytes;
  const char *text = lua_tolstring(L, -1, &bytes);
  if (write(STDERR_FILENO, text, bytes) < 0) return 0; /* a policy goes on without its messages */
  return 0;
}

static void remove_fields(lua_State *L, const char *const names[]) {
  for (; *names; names++) {
    lua_pushnil(L);
    lua_setfield(L, -2, *names);
  }
  lua_pop(L, 1);
}

/* What reaches outside is left out, and what can run for ever within C, where no hook strikes. */
static int open_libraries(lua_State *L) {
  static const char *const not_base[] = {"collectgarbage", "dofile", "load", "loadfile", "warn", NULL};
  static const char *const not_string[] = {"dump", "rep", NULL};
  static const char *const not_table[] = {"move", NULL};
  luaL_requiref(L, LUA_GNAME, luaopen_base, 1);
  lua_getfield(L, -1, "setmetatable");
  lua_pushcclosure(L, policy_setmetatable, 1);
  lua_setfield(L, -2, "setmetatable");
  lua_pushcfunction(L, policy_print);
  lua_setfield(L, -2, "print");
  remove_fields(L, not_base);
  luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
  remove_fields(L, not_string);
  luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
  remove_fields(L, not_table);
  luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
  return 0;
}

lua_State *vm_policy_state(size_t *used) {
  *used = 0;
  lua_State *L = lua_newstate(bounded_alloc, used);
  if (!L) return NULL;
  lua_pushcfunction(L, open_libraries);
  if (lua_pcall(L, 0, 0, 0) == LUA_OK) return L;
  lua_close(L);
  return NULL;
}

void vm_policy_run_file(lua_State *L, const struct policy_file *file) {
  lua_pushfstring(L, "@%s", file->policy.name);
  if (luaL_loadbufferx(L, file->text, file->text_bytes, lua_tostring(L, -1), "t") != LUA_OK) lua_error(L);
  lua_call(L, 0, 1);
  if (!lua_istable(L, -1))
    luaL_error(L, "'%s' returns a %s: a policy is a file that returns a table with at least a function 'lets_go'",
               file->policy.name, luaL_typename(L, -1));
  lua_remove(L, -2);
}

const char *vm_policy_error(lua_State *L, int status) {
  if (status == LUA_ERRMEM) return "it needs more than 16 MiB of memory";
  const char *text = lua_tostring(L, -1);
  return text ? text : "it raises an error that is no text";
}

/* ---------------------------------------------------------------- what the file says --------------------------- */

static char *copy_text(lua_State *L, const char *text) {
  char *copy = strdup(text);
  if (!copy) luaL_error(L, "%s", gil_strerror(GIL_E_MEMORY));
  return copy;
}

/* The field `key` of the table on top, a text. */
static const char *take_text(lua_State *L, const char *key, const char *without) {
  const char *text = without;
  if (lua_getfield(L, -1, key) == LUA_TSTRING)
    text = lua_tostring(L, -1);
  else if (!lua_isnil(L, -1))
    luaL_error(L, "'%s' is a %s: it should be a text", key, luaL_typename(L, -1));
  text = copy_text(L, text);
  lua_pop(L, 1);
  return text;
}

/* The field `key` of a parameter's table on top: a time is a text with its unit, a count an integer. */
static int64_t take_value(lua_State *L, const char *key, const struct gil_param *param, int64_t without) {
  int64_t value = without;
  char message[256];
  int type = lua_getfield(L, -1, key);
  if (type != LUA_TNIL && param->kind == GIL_PARAM_COUNT) {
    int is_integer;
    value = lua_tointegerx(L, -1, &is_integer);
    if (!is_integer) luaL_error(L, "parameter '%s': '%s' is not a whole number", param->name, key);
  } else if (type != LUA_TNIL) {
    const struct gil_param any = {.name = param->name, .kind = GIL_PARAM_TIME, .max = INT64_MAX / 2};
    if (type != LUA_TSTRING) luaL_error(L, "parameter '%s': '%s' is a text like \"5ms\"", param->name, key);
    if (gil_param_parse(&any, lua_tostring(L, -1), &value, message, sizeof message)) luaL_error(L, "%s", message);
  }
  lua_pop(L, 1);
  return value;
}

static void check_keys(lua_State *L, const char *of, const char *const known[]) {
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
    size_t i = 0;
    while (key && known[i] && strcmp(known[i], key) != 0) i++;
    if (key && known[i]) continue;
    luaL_Buffer list;
    luaL_buffinit(L, &list);
    for (i = 0; known[i]; i++) {
      if (i > 0) luaL_addstring(&list, ", ");
      luaL_addstring(&list, known[i]);
    }
    luaL_pushresult(&list);
    luaL_error(L, "%s has no use for '%s'; it knows: %s", of, key ? key : "a key that is no text",
               lua_tostring(L, -1));
  }
}

static bool is_identifier(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
  return length > 0 && text[length] == '\0' && !isdigit((unsigned char)text[0]);
}

/* One parameter: its name is below the table on top. */
static void take_param(lua_State *L, struct gil_param *param) {
  static const char *const known[] = {"time", "count", "min", "max", "help", NULL};
  if (lua_type(L, -2) != LUA_TSTRING || !is_identifier(lua_tostring(L, -2)))
    luaL_error(L, "the name of a parameter consists of letters, digits and '_'");
  param->name = copy_text(L, lua_tostring(L, -2));
  if (!lua_istable(L, -1)) luaL_error(L, "parameter '%s': it should be a table like { time = \"5ms\" }", param->name);
  check_keys(L, "a parameter", known);
  bool is_time = lua_getfield(L, -1, "time") != LUA_TNIL, is_count = lua_getfield(L, -2, "count") != LUA_TNIL;
  lua_pop(L, 2);
  if (is_time == is_count) luaL_error(L, "parameter '%s' should have either 'time' or 'count'", param->name);
  param->kind = is_time ? GIL_PARAM_TIME : GIL_PARAM_COUNT;
  param->min = take_value(L, "min", param, is_time ? 1000 : 0);
  param->max = take_value(L, "max", param, is_time ? INT64_C(3600000000000) : 1000000000);
  param->standard = take_value(L, is_time ? "time" : "count", param, 0);
  if (param->standard < param->min || param->standard > param->max)
    luaL_error(L, "parameter '%s': its value lies outside its own range", param->name);
  param->help = take_text(L, "help", "(its file does not say)");
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct gil_param *)a)->name, ((const struct gil_param *)b)->name);
}

/* Lua's tables have no order, so the alphabet's is taken. */
static void take_params(lua_State *L, struct gil_param params[GIL_PARAMS_MAX + 1]) {
  size_t count = 0;
  if (lua_getfield(L, -1, "params") != LUA_TNIL) {
    if (!lua_istable(L, -1)) luaL_error(L, "'params' is a %s: it should be a table", luaL_typename(L, -1));
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
      if (count == GIL_PARAMS_MAX) luaL_error(L, "a policy has %d parameters at most", GIL_PARAMS_MAX);
      take_param(L, &params[count++]);
    }
  }
  lua_pop(L, 1);
  qsort(params, count, sizeof *params, by_name);
}

static void take_functions(lua_State *L, struct policy_file *file) {
  bool has[POLICY_EVENT_COUNT];
  for (int i = 0; i < POLICY_EVENT_COUNT; i++) {
    int type = lua_getfield(L, -1, vm_policy_event_names[i]);
    has[i] = type == LUA_TFUNCTION;
    if (!has[i] && type != LUA_TNIL)
      luaL_error(L, "'%s' is a %s: it should be a function", vm_policy_event_names[i], lua_typename(L, type));
    lua_pop(L, 1);
  }
  if (!has[POLICY_LETS_GO]) luaL_error(L, "it lacks the function 'lets_go', which says who is next");
  vm_policy_set_functions(file, has);
}

/* Called protected, with the file as a light userdata. */
static int describe(lua_State *L) {
  struct policy_file *file = lua_touserdata(L, 1);
  struct gil_policy *policy = &file->policy;
  const char *known[POLICY_EVENT_COUNT + 8] = {"name", "summary", "models", "badly", "source", "params", "unwaited"};
  memcpy(known + 7, vm_policy_event_names, sizeof vm_policy_event_names);
  vm_policy_run_file(L, file);
  check_keys(L, "a policy", known);
  const char *name = take_text(L, "name", "");
  char models[128];
  snprintf(models, sizeof models, "%s%sa policy in Lua", name, *name ? ", " : "");
  free((char *)name);
  policy->models = take_text(L, "models", models);
  policy->summary = take_text(L, "summary", "(its file does not say)");
  policy->badly = take_text(L, "badly", "(its file does not say)");
  policy->source = take_text(L, "source", policy->name);
  take_params(L, file->params);
  policy->params = file->params;
  lua_getfield(L, -1, "unwaited");
  policy->unwaited = lua_toboolean(L, -1);
  lua_pop(L, 1);
  take_functions(L, file);
  return 0;
}

/* ---------------------------------------------------------------- files ---------------------------------------- */

static void free_file(struct policy_file *file) {
  const struct gil_policy *policy = &file->policy;
  for (struct gil_param *param = file->params; param->name; param++) {
    free((char *)param->name);
    free((char *)param->help);
  }
  free((char *)policy->name);
  free((char *)policy->models);
  free((char *)policy->summary);
  free((char *)policy->badly);
  free((char *)policy->source);
  free(file->text);
  free(file);
}

/* The whole file; 0 or an errno. */
static int read_text(const char *path, char **text, size_t *bytes) {
  size_t room = 64 * 1024;
  FILE *stream = fopen(path, "re");
  if (!stream) return errno;
  int error = 0;
  *text = NULL;
  *bytes = 0;
  do {
    char *more = realloc(*text, room);
    if (!more) {
      error = ENOMEM;
      break;
    }
    *text = more;
    errno = 0;
    *bytes += fread(*text + *bytes, 1, room - *bytes, stream);
    if (ferror(stream)) error = errno ? errno : EIO;
    if (!error && *bytes == room && room >= POLICY_MEMORY_BYTES) error = EFBIG;
    room *= 2;
  } while (!error && !feof(stream));
  fclose(stream);
  if (error) free(*text);
  return error;
}

static int learn(struct policy_file *file, char *message, size_t bytes) {
  size_t used;
  lua_State *L = vm_policy_state(&used);
  if (!L) {
    snprintf(message, bytes, "%s", gil_strerror(GIL_E_MEMORY));
    return GIL_E_MEMORY;
  }
  vm_policy_limit(L);
  lua_pushcfunction(L, describe);
  lua_pushlightuserdata(L, file);
  int status = lua_pcall(L, 1, 0, 0);
  if (status != LUA_OK)
    snprintf(message, bytes, "the policy '%s': %s", file->policy.name, vm_policy_error(L, status));
  lua_close(L);
  return status == LUA_OK ? GIL_OK : GIL_E_POLICY;
}

static pthread_mutex_t files_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct policy_file *files;

/* The same file, unchanged, is the same policy. The mutex is held. */
static const struct policy_file *find_file(const struct policy_file *like) {
  for (const struct policy_file *file = files; file; file = file->next)
    if (strcmp(file->policy.name, like->policy.name) == 0 && file->text_bytes == like->text_bytes &&
        memcmp(file->text, like->text, like->text_bytes) == 0)
      return file;
  return NULL;
}

static int read_policy(const char *path, const struct gil_policy **out, char *message, size_t bytes) {
  struct policy_file *file = calloc(1, sizeof *file);
  char *name = strdup(path);
  int error = file && name ? read_text(path, &file->text, &file->text_bytes) : ENOMEM;
  if (error) {
    snprintf(message, bytes, "cannot read the policy '%s': %s", path, strerror(error));
    free(file);
    free(name);
    return GIL_E_POLICY;
  }
  file->policy = (struct gil_policy){.abi = GIL_POLICY_ABI, .name = name, .data = file};
  pthread_mutex_lock(&files_mutex);
  const struct policy_file *known = find_file(file);
  int result = known ? GIL_OK : learn(file, message, bytes);
  if (!known && !result) {
    file->next = files;
    known = files = file;
  }
  pthread_mutex_unlock(&files_mutex);
  if (known != file) free_file(file);
  if (!result) *out = &known->policy;
  return result;
}

void vm_enable_lua_policies(void) { gil_policy_set_lua_reader(read_policy); }
