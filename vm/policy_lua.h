/* vm/policy_lua.h - what policy_lua.c and policy_run.c share: a policy in Lua, as its file has it. */
#ifndef VM_POLICY_LUA_H
#define VM_POLICY_LUA_H

#include "vm.h"

/* The functions that a policy's file may have, as struct gil_policy has them. */
enum policy_event {
  POLICY_STARTS,
  POLICY_WAITS,
  POLICY_PATIENCE_ENDS,
  POLICY_TICK,
  POLICY_TAKES,
  POLICY_YIELDS,
  POLICY_LETS_GO,
  POLICY_TICK_INSTRUCTIONS,
  POLICY_EVENT_COUNT
};
extern const char *const vm_policy_event_names[POLICY_EVENT_COUNT];

/* A policy in Lua. Never freed: choices point to it. */
struct policy_file {
  struct policy_file *next;
  struct gil_policy policy; /* `data` is this very struct */
  struct gil_param params[GIL_PARAMS_MAX + 1];
  char *text; /* the file; each lock under the policy runs it in a state of its own */
  size_t text_bytes;
};

#define POLICY_MEMORY_BYTES ((size_t)16 << 20) /* what the state of one lock's policy may need */
#define POLICY_INSTRUCTIONS 1000000            /* and one call of it execute */

/* A state for the code of one policy: few libraries, bounded memory. `used` must live as long. NULL: no memory. */
lua_State *vm_policy_state(size_t *used);

/* From now on, so many instructions may run in `L` until an error is raised. */
void vm_policy_limit(lua_State *L);

/* Runs the file's text; leaves what it returns, which is a table, on the stack. Raises. */
void vm_policy_run_file(lua_State *L, const struct policy_file *file);

/* The text of the error on top of the stack, after lua_pcall has returned `status`. Valid while it is there. */
const char *vm_policy_error(lua_State *L, int status);

/* policy_run.c: fills in the functions of file->policy; `has` says which the file defines. */
void vm_policy_set_functions(struct policy_file *file, const bool has[POLICY_EVENT_COUNT]);

#endif
