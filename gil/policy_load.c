/* gil/policy_load.c - policies in files: shared libraries here, Lua through a reader that the interpreter's room
 * provides. Room: gil/. Any thread; touches no lock.
 *
 * What is loaded stays loaded until the process ends, since a policy's choice is plain data that anybody may keep.
 * The same library is loaded once. The policy goes by the name under which its file was given, so that what views and
 * scripts show can be typed again.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gil_internal.h"

struct library {
  struct library *next;
  const struct gil_policy *original; /* within the library */
  struct gil_policy policy;          /* its copy, under the name of the file */
};

static pthread_mutex_t libraries_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct library *libraries;
static gil_policy_reader *read_lua;

static bool ends_in(const char *text, const char *end) {
  size_t length = strlen(text), end_length = strlen(end);
  return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

bool gil_policy_is_file(const char *name) {
  return strchr(name, '/') || ends_in(name, ".lua") || ends_in(name, ".so");
}

void gil_policy_set_lua_reader(gil_policy_reader *reader) { read_lua = reader; }

/* ---------------------------------------------------------------- shared libraries ----------------------------- */

static const struct gil_policy *find_policy(void *handle) {
  gil_policy_function *function;
  /* POSIX wants a function's address to fit an object pointer, ISO C does not know the cast. */
  *(void **)&function = dlsym(handle, GIL_POLICY_FUNCTION);
  return function ? function() : dlsym(handle, GIL_POLICY_SYMBOL);
}

/* Whether the program can work with the policy; if not, a sentence. */
static bool is_usable(const char *path, const struct gil_policy *policy, char *message, size_t bytes) {
  size_t count = 0;
  if (!policy) {
    snprintf(message, bytes,
             "'%s' holds no policy: it needs a symbol '" GIL_POLICY_SYMBOL
             "' (a struct gil_policy), or a function '" GIL_POLICY_FUNCTION "' that returns one",
             path);
    return false;
  }
  if (policy->abi != GIL_POLICY_ABI) {
    snprintf(message, bytes,
             "'%s' is made for version %u of the interface of policies, and this program has version %d: "
             "compile it again with this program's gil.h",
             path, (unsigned)policy->abi, GIL_POLICY_ABI);
    return false;
  }
  while (policy->params && count <= GIL_PARAMS_MAX && policy->params[count].name) count++;
  if (count > GIL_PARAMS_MAX) {
    snprintf(message, bytes, "'%s' has more than %d parameters, or their list does not end", path, GIL_PARAMS_MAX);
    return false;
  }
  if (!policy->waits || !policy->lets_go) {
    snprintf(message, bytes, "'%s' lacks the function '%s', which every policy has", path,
             policy->waits ? "lets_go" : "waits");
    return false;
  }
  return true;
}

static const char *or_untold(const char *text) { return text ? text : "(its file does not say)"; }

/* The policy under the name `path`; NULL: out of memory. */
static const struct gil_policy *adopt(const char *path, const struct gil_policy *original) {
  struct library *library = libraries;
  while (library && (library->original != original || strcmp(library->policy.name, path) != 0))
    library = library->next;
  if (library) return &library->policy;
  char *name = strdup(path);
  library = name ? malloc(sizeof *library) : NULL;
  if (!library) {
    free(name);
    return NULL;
  }
  *library = (struct library){.next = libraries, .original = original, .policy = *original};
  library->policy.name = name;
  library->policy.models = or_untold(original->models);
  library->policy.summary = or_untold(original->summary);
  library->policy.badly = or_untold(original->badly);
  library->policy.source = or_untold(original->source);
  libraries = library;
  return &library->policy;
}

static int load_library(const char *path, const struct gil_policy **out, char *message, size_t bytes) {
  char local[1024];
  /* A name without a slash would be looked for where the system keeps its libraries. */
  int length = snprintf(local, sizeof local, "%s%s", strchr(path, '/') ? "" : "./", path);
  if (length >= (int)sizeof local) {
    snprintf(message, bytes, "the path of a policy has %zu characters at most", sizeof local - 1);
    return GIL_E_POLICY;
  }
  void *handle = dlopen(local, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    snprintf(message, bytes, "cannot load the policy '%s': %s", path, dlerror());
    return GIL_E_POLICY;
  }
  const struct gil_policy *original = find_policy(handle);
  if (!is_usable(path, original, message, bytes)) {
    dlclose(handle);
    return GIL_E_POLICY;
  }
  pthread_mutex_lock(&libraries_mutex);
  *out = adopt(path, original);
  pthread_mutex_unlock(&libraries_mutex);
  if (*out) return GIL_OK;
  snprintf(message, bytes, "%s", gil_strerror(GIL_E_MEMORY));
  return GIL_E_MEMORY;
}

int gil_policy_load(const char *path, const struct gil_policy **out, char *message, size_t bytes) {
  if (ends_in(path, ".so")) return load_library(path, out, message, bytes);
  if (ends_in(path, ".lua") && read_lua) return read_lua(path, out, message, bytes);
  snprintf(message, bytes,
           ends_in(path, ".lua") ? "'%s': this program cannot read policies in Lua"
                                 : "'%s': the file of a policy ends in .lua or .so",
           path);
  return GIL_E_POLICY;
}
