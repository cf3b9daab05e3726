/* vm/iolib.c - the io library, and print, for many threads. Room: vm/. Every thread of a universe, with the GIL held.
 *
 * Stock liolib stays in charge: it checks arguments, formats, parses, and words the errors. What is ours:
 *
 *   opening   io.open, popen, tmpfile, and lines, input, output with a name: the file handles that they make carry
 *             one of our streams (stream.c) instead of a plain FILE. The standard three are replaced too, so that
 *             each universe has FILEs of its own. C's stdin, stdout and stderr stay as they are.
 *   using     each function waits for its turn at the stream, then calls the stock one as a plain C function, with
 *             the same arguments. To Lua it is one function: names in errors and tracebacks are right.
 *
 * A handle that a C module has made (a luaL_Stream with a FILE of its own) passes straight through to stock liolib.
 */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "stream.h"

#define DEFAULT_INPUT "_IO_input" /* liolib's keys in the registry */
#define DEFAULT_OUTPUT "_IO_output"

/* A file handle of ours. Stock liolib knows the first part, and asks for no more than its size. */
struct vm_file {
  luaL_Stream stock;
  const void *tag;          /* &tag_of_ours */
  struct vm_stream *stream; /* NULL: closed, or not open yet */
  FILE *process;            /* of popen */
};

static const char tag_of_ours;

static const char *const standard_names[] = {"stdin", "stdout", "stderr"};

/* ---------------------------------------------------------------- stock liolib --------------------------------- */

#define STOCK_FUNCTIONS(X)                                                                                       \
  X(IO_CLOSE) X(IO_FLUSH) X(IO_INPUT) X(IO_LINES) X(IO_OUTPUT) X(IO_READ) X(IO_WRITE)                             \
  X(CLOSE) X(FLUSH) X(LINES) X(READ) X(SEEK) X(SETVBUF) X(WRITE) X(GC) X(ITERATOR)

enum stock_function {
#define STOCK_ENUM(name) STOCK_##name,
  STOCK_FUNCTIONS(STOCK_ENUM)
#undef STOCK_ENUM
      STOCK_COUNT
};

/* None of them has upvalues, except for the iterator of lines; see push_iterator. Atomic, since universes that are
   made at the same time all write here; they write the same. */
static _Atomic(lua_CFunction) stock[STOCK_COUNT];

static int call_stock(lua_State *L, enum stock_function which) {
  return atomic_load_explicit(&stock[which], memory_order_relaxed)(L);
}

/* ---------------------------------------------------------------- entering and leaving ------------------------- */

/* The handle at `index` if it is one of ours. The tag says so more quickly than the metatable, which the stock
   function is about to look at anyway; rawlen is 0 for light userdata. */
static struct vm_file *file_at(lua_State *L, int index) {
  struct vm_file *file = lua_touserdata(L, index);
  bool is_ours = file && lua_rawlen(L, index) == sizeof *file && file->tag == &tag_of_ours;
  return is_ours ? file : NULL;
}

/* Waits for our turn at the file, if it is an open one of ours. If not, stock liolib knows what to say. (A C module
   may have closed it behind our back; then `stream` is stale.) Returns whether others may have run. May switch; may
   raise. */
static bool enter(lua_State *L, struct vm_file *file) {
  if (!file || !file->stock.closef || !file->stream) return false;
  bool waited;
  enum vm_stream_entry entry = vm_stream_enter(file->stream, &waited);
  if (entry == VM_STREAM_GIVEN_UP)
    luaL_error(L, "file is in use by a thread that was left behind at the end of the program");
  if (entry == VM_STREAM_INTERRUPTED) vm_raise_pending(L);
  return waited;
}

/* Ends what enter has begun, and raises the interrupt that has cut a system call short, if there was one. */
static void leave(lua_State *L, struct vm_file *file) {
  if (file && file->stock.closef && file->stream) vm_stream_leave(file->stream);
  if (vm_is_interrupted()) vm_raise_pending(L);
}

/* The second half of most functions here: the stock function on a file that has been entered. */
static int use(lua_State *L, struct vm_file *file, enum stock_function which) {
  int results = call_stock(L, which);
  leave(L, file);
  return results;
}

static struct vm_file *enter_argument(lua_State *L) {
  struct vm_file *file = file_at(L, 1);
  enter(L, file);
  return file;
}

/* Before a read from a terminal, what stands in a line-buffered standard output is written: prompts. stdio does that
   of its own accord, but knows only C's stdout. Returns whether others may have run. */
static bool show_prompt(lua_State *L, const struct vm_file *input) {
  struct vm_file *output = vm_current->universe->standard_files[STDOUT_FILENO];
  if (!input || !input->stock.closef || !input->stream || !vm_stream_is_terminal(input->stream)) return false;
  if (!__flbf(output->stock.f) || __fpending(output->stock.f) == 0) return false;
  enter(L, output);
  fflush(output->stock.f);
  leave(L, output);
  return true;
}

static bool enter_to_read(lua_State *L, struct vm_file *file) {
  bool others_ran = show_prompt(L, file);
  return enter(L, file) || others_ran;
}

/* Enters the default input or output, by `enter_it`. While we wait for our turn at it, another thread may make
   another file the default. */
static struct vm_file *enter_default(lua_State *L, const char *key, bool (*enter_it)(lua_State *, struct vm_file *)) {
  for (;;) {
    lua_getfield(L, LUA_REGISTRYINDEX, key); /* on the stack it stays alive */
    struct vm_file *file = file_at(L, -1);
    bool is_same = true;
    if (enter_it(L, file)) {
      lua_getfield(L, LUA_REGISTRYINDEX, key);
      is_same = lua_rawequal(L, -1, -2);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
    if (is_same) return file;
    leave(L, file);
  }
}

/* ---------------------------------------------------------------- handles -------------------------------------- */

/* A handle that counts as closed until `attach`, as stock liolib makes them. */
static struct vm_file *push_new_file(lua_State *L) {
  struct vm_file *file = lua_newuserdatauv(L, sizeof *file, 0);
  *file = (struct vm_file){.tag = &tag_of_ours};
  luaL_setmetatable(L, LUA_FILEHANDLE);
  return file;
}

static void attach(struct vm_file *file, struct vm_stream *stream, lua_CFunction close_function) {
  file->stream = stream;
  file->stock.f = vm_stream_file(stream);
  file->stock.closef = close_function;
}

static int close_stream(struct vm_file *file) {
  struct vm_stream *stream = file->stream;
  file->stream = NULL;
  return vm_stream_close(stream);
}

/* The two functions by which stock liolib closes a handle, which it has at index 1 and has marked as closed. */
static int close_file(lua_State *L) { return luaL_fileresult(L, close_stream(lua_touserdata(L, 1)) == 0, NULL); }

static int close_process(lua_State *L) {
  struct vm_file *file = lua_touserdata(L, 1);
  bool is_flushed = close_stream(file) == 0;
  int error = errno;
  int status = vm_child_pclose(file->process);
  if (status == 0 && !is_flushed) {
    status = -1;
    errno = error;
  }
  return luaL_execresult(L, status);
}

/* ---------------------------------------------------------------- opening -------------------------------------- */

/* open(2) with the flags that fopen would use; a FIFO waits for its other end. */
static int open_descriptor(const char *name, const char *mode) GIL_TRUSTED {
  const struct gil_reason reason = {.cause = GIL_CAUSE_IO, .deadline_ns = GIL_NEVER, .what = name};
  int flags = mode[0] == 'r' ? 0 : mode[0] == 'w' ? O_CREAT | O_TRUNC : O_CREAT | O_APPEND;
  flags |= mode[1] == '+' ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
  vm_block_begin(&reason);
  int fd;
  do fd = open(name, flags, 0666);
  while (fd < 0 && errno == EINTR && !vm_is_interrupted());
  if (fd >= 0 && mode[0] == 'a' && mode[1] != '+') lseek(fd, 0, SEEK_END); /* as fopen, for file:seek() */
  vm_block_end();
  return fd;
}

/* Gives `fd` to the handle, or closes it. Returns false and errno. */
static bool attach_descriptor(struct vm_file *file, int fd, const char *mode, const char *name) {
  struct vm_stream *stream = vm_stream_open(vm_current->universe, fd, mode, name, true);
  if (stream) {
    attach(file, stream, close_file);
    return true;
  }
  int error = errno;
  close(fd);
  errno = error;
  return false;
}

/* fopen. Returns false and errno. May switch; raises an interrupt that came meanwhile. */
static bool open_file(lua_State *L, struct vm_file *file, const char *name, const char *mode) {
  int fd = open_descriptor(name, mode);
  bool is_open = fd >= 0 && attach_descriptor(file, fd, mode, name);
  int error = errno;
  if (vm_is_interrupted()) vm_raise_pending(L);
  errno = error;
  return is_open;
}

static bool is_mode(const char *mode) {
  if (*mode == '\0' || !strchr("rwa", *mode++)) return false;
  if (*mode == '+') mode++;
  return strspn(mode, "b") == strlen(mode);
}

static int io_open(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  const char *mode = luaL_optstring(L, 2, "r");
  struct vm_file *file = push_new_file(L);
  luaL_argcheck(L, is_mode(mode), 2, "invalid mode");
  return open_file(L, file, name, mode) ? 1 : luaL_fileresult(L, 0, name);
}

/* Replaces the name at index 1 by a handle. */
static void open_or_raise(lua_State *L, const char *name, const char *mode) {
  struct vm_file *file = push_new_file(L);
  if (!open_file(L, file, name, mode)) luaL_error(L, "cannot open file '%s' (%s)", name, strerror(errno));
  lua_replace(L, 1);
}

static int io_tmpfile(lua_State *L) {
  struct vm_file *file = push_new_file(L);
  FILE *native = tmpfile();
  int fd = native ? dup(fileno(native)) : -1;
  int error = errno;
  if (native) fclose(native);
  errno = error;
  return fd >= 0 && attach_descriptor(file, fd, "w+", "temporary file") ? 1 : luaL_fileresult(L, 0, NULL);
}

/* Stock liolib calls fflush(NULL), so that the child's output comes after ours. */
static int io_popen(lua_State *L) {
  const char *command = luaL_checkstring(L, 1);
  const char *mode = luaL_optstring(L, 2, "r");
  struct vm_file *file = push_new_file(L);
  luaL_argcheck(L, (mode[0] == 'r' || mode[0] == 'w') && mode[1] == '\0', 2, "invalid mode");
  vm *universe = vm_current->universe;
  vm_flush_streams(universe);
  fflush(stdout);
  FILE *process = vm_child_popen(command, mode);
  if (!process) return luaL_fileresult(L, 0, command);
  struct vm_stream *stream = vm_stream_open(universe, fileno(process), mode, command, false);
  if (!stream) {
    int error = errno;
    vm_child_pclose(process);
    errno = error;
    return luaL_fileresult(L, 0, command);
  }
  file->process = process;
  attach(file, stream, close_process);
  return 1;
}

/* io.input and io.output. */
static int set_default(lua_State *L, const char *mode, enum stock_function which) {
  const char *name = lua_isnoneornil(L, 1) ? NULL : lua_tostring(L, 1);
  if (name) open_or_raise(L, name, mode);
  return call_stock(L, which);
}

static int io_input(lua_State *L) { return set_default(L, "r", STOCK_IO_INPUT); }
static int io_output(lua_State *L) { return set_default(L, "w", STOCK_IO_OUTPUT); }

/* ---------------------------------------------------------------- lines ---------------------------------------- */

/* The iterator of lines. The stock one finds the file and its formats in the upvalues of the running function: ours,
   which are the same. */
static int next_line(lua_State *L) {
  struct vm_file *file = file_at(L, lua_upvalueindex(1));
  enter_to_read(L, file);
  return use(L, file, STOCK_ITERATOR);
}

/* The same for io.lines(name), which closes the file at its end. The stock iterator has no results there only. */
static int next_line_or_close(lua_State *L) {
  int results = next_line(L);
  if (results > 0) return results;
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(1));
  enter_argument(L);
  return call_stock(L, STOCK_GC); /* closes if it is still open */
}

/* Replaces the stock iterator on top of the stack by one of ours. */
static void wrap_iterator(lua_State *L, lua_CFunction iterator) {
  int index = lua_gettop(L), upvalues = 0;
  luaL_checkstack(L, 256, "too many arguments");
  while (lua_getupvalue(L, index, upvalues + 1)) upvalues++;
  lua_pushcclosure(L, iterator, upvalues);
  lua_replace(L, index);
}

static int file_lines(lua_State *L) {
  call_stock(L, STOCK_LINES);
  wrap_iterator(L, next_line);
  return 1;
}

static int io_lines(lua_State *L) {
  if (lua_isnoneornil(L, 1)) {
    call_stock(L, STOCK_IO_LINES);
    wrap_iterator(L, next_line);
    return 1;
  }
  open_or_raise(L, luaL_checkstring(L, 1), "r");
  call_stock(L, STOCK_LINES);
  wrap_iterator(L, next_line_or_close);
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, 1); /* to be closed when the loop is left */
  return 4;
}

/* ---------------------------------------------------------------- read, write and the rest --------------------- */

static int io_read(lua_State *L) { return use(L, enter_default(L, DEFAULT_INPUT, enter_to_read), STOCK_IO_READ); }
static int io_write(lua_State *L) { return use(L, enter_default(L, DEFAULT_OUTPUT, enter), STOCK_IO_WRITE); }
static int io_flush(lua_State *L) { return use(L, enter_default(L, DEFAULT_OUTPUT, enter), STOCK_IO_FLUSH); }

static int file_read(lua_State *L) {
  struct vm_file *file = file_at(L, 1);
  enter_to_read(L, file);
  return use(L, file, STOCK_READ);
}

static int file_write(lua_State *L) { return use(L, enter_argument(L), STOCK_WRITE); }
static int file_flush(lua_State *L) { return use(L, enter_argument(L), STOCK_FLUSH); }
static int file_seek(lua_State *L) { return use(L, enter_argument(L), STOCK_SEEK); }
static int file_setvbuf(lua_State *L) { return use(L, enter_argument(L), STOCK_SETVBUF); }
static int file_close(lua_State *L) { return use(L, enter_argument(L), STOCK_CLOSE); }
static int file_tbc(lua_State *L) { return use(L, enter_argument(L), STOCK_GC); }

static int io_close(lua_State *L) {
  struct vm_file *file = lua_isnone(L, 1) ? enter_default(L, DEFAULT_OUTPUT, enter) : enter_argument(L);
  return use(L, file, STOCK_IO_CLOSE);
}

/* Nobody else has a handle that is collected, but for the end of the universe: there, a thread that was left behind
   may be inside. Its stream is let be. */
static int file_gc(lua_State *L) {
  struct vm_file *file = file_at(L, 1);
  if (file && file->stream && vm_stream_is_given_up(file->stream)) return 0;
  return call_stock(L, STOCK_GC);
}

/* As in lbaselib.c, but that all arguments are converted first, which may run Lua code: what is written from there on
   cannot be mixed with the output of other threads. */
static int base_print(lua_State *L) {
  int count = lua_gettop(L);
  for (int i = 1; i <= count; i++) {
    luaL_tolstring(L, i, NULL);
    lua_replace(L, i);
  }
  struct vm_file *output = vm_current->universe->standard_files[STDOUT_FILENO];
  enter(L, output);
  FILE *f = output->stock.f;
  for (int i = 1; i <= count; i++) {
    size_t bytes;
    const char *text = lua_tolstring(L, i, &bytes);
    if (i > 1) fwrite("\t", 1, 1, f);
    fwrite(text, 1, bytes, f);
  }
  fwrite("\n", 1, 1, f);
  fflush(f);
  leave(L, output);
  return 0;
}

/* ---------------------------------------------------------------- the standard streams ------------------------- */

/* A stream over descriptor `fd`, buffered as C's own. NULL: out of memory. */
static struct vm_stream *open_standard(vm *universe, int fd) {
  struct vm_stream *stream = vm_stream_open(universe, fd, fd == STDIN_FILENO ? "r" : "w", standard_names[fd], false);
  if (stream && fd == STDERR_FILENO) setvbuf(vm_stream_file(stream), NULL, _IONBF, 0);
  return stream;
}

/* Finalizers still want to print: a standard stream in which a thread is left behind is replaced. */
void vm_streams_seal(vm *universe) {
  vm_streams_await_writers(universe);
  vm_streams_give_up(universe);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    struct vm_file *file = universe->standard_files[fd];
    if (!file || !vm_stream_is_given_up(file->stream)) continue;
    struct vm_stream *stream = open_standard(universe, fd);
    if (stream) attach(file, stream, file->stock.closef);
  }
}

/* Puts our handle in the place of io.stdin, io.stdout or io.stderr. On the stack: the table `io`. */
static void replace_standard(lua_State *L, int fd) {
  vm *universe = vm_current->universe;
  lua_getfield(L, -1, standard_names[fd]);
  const luaL_Stream *stock_file = luaL_checkudata(L, -1, LUA_FILEHANDLE);
  struct vm_file *file = push_new_file(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &standard_names[fd]); /* print needs it, whatever becomes of io.stdout */
  struct vm_stream *stream = open_standard(universe, fd);
  if (!stream) luaL_error(L, "not enough memory");
  attach(file, stream, stock_file->closef);
  universe->standard_files[fd] = file;
  lua_setfield(L, -3, standard_names[fd]);
  lua_pop(L, 1);
}

/* ---------------------------------------------------------------- installing ----------------------------------- */

struct replacement {
  const char *name;
  lua_CFunction function;
  int stock; /* of which stock function it stands in front, or NONE */
};

enum { NONE = -1 };

static const struct replacement library[] = {
    {"close", io_close, STOCK_IO_CLOSE}, {"flush", io_flush, STOCK_IO_FLUSH},    {"input", io_input, STOCK_IO_INPUT},
    {"lines", io_lines, STOCK_IO_LINES}, {"output", io_output, STOCK_IO_OUTPUT}, {"read", io_read, STOCK_IO_READ},
    {"write", io_write, STOCK_IO_WRITE}, {"open", io_open, NONE},                {"popen", io_popen, NONE},
    {"tmpfile", io_tmpfile, NONE},       {NULL, NULL, NONE}};

static const struct replacement methods[] = {
    {"close", file_close, STOCK_CLOSE}, {"flush", file_flush, STOCK_FLUSH},       {"lines", file_lines, STOCK_LINES},
    {"read", file_read, STOCK_READ},    {"seek", file_seek, STOCK_SEEK},          {"write", file_write, STOCK_WRITE},
    {"setvbuf", file_setvbuf, STOCK_SETVBUF}, {NULL, NULL, NONE}};

static const struct replacement metamethods[] = {
    {"__gc", file_gc, STOCK_GC}, {"__close", file_tbc, NONE}, {NULL, NULL, NONE}};

static void remember_stock(enum stock_function which, lua_CFunction function) {
  atomic_store_explicit(&stock[which], function, memory_order_relaxed);
}

/* Replaces functions of the table on top of the stack. */
static void replace_functions(lua_State *L, const struct replacement *list) {
  for (; list->name; list++) {
    lua_getfield(L, -1, list->name);
    if (list->stock != NONE) remember_stock(list->stock, lua_tocfunction(L, -1));
    lua_pop(L, 1);
    lua_pushcfunction(L, list->function);
    lua_setfield(L, -2, list->name);
  }
}

/* On the stack: the table `io`, still all stock. */
static void remember_iterator(lua_State *L) {
  lua_getfield(L, -1, "lines");
  lua_call(L, 0, 1);
  remember_stock(STOCK_ITERATOR, lua_tocfunction(L, -1));
  lua_pop(L, 1);
}

void vm_open_io(lua_State *L) {
  lua_getglobal(L, "io");
  remember_iterator(L);
  replace_functions(L, library);
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) replace_standard(L, fd);
  lua_getfield(L, -1, "stdin");
  lua_setfield(L, LUA_REGISTRYINDEX, DEFAULT_INPUT);
  lua_getfield(L, -1, "stdout");
  lua_setfield(L, LUA_REGISTRYINDEX, DEFAULT_OUTPUT);
  luaL_getmetatable(L, LUA_FILEHANDLE);
  replace_functions(L, metamethods);
  lua_getfield(L, -1, "__index");
  replace_functions(L, methods);
  lua_pop(L, 3);
  lua_register(L, "print", base_print);
}
