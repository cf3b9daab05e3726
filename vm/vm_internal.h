/* vm/vm_internal.h - what the files of the room `vm/` share.
 *
 * WHO RUNS: every OS thread that is in a universe has `vm_current` set. Its `running` is the Lua state whose code the OS
 * thread executes at this moment (its root, or a coroutine some levels up): that is the state a kick must arm.
 *
 * Everything in struct vm and in Lua states is guarded by the universe's GIL, but for the fields marked "signal".
 */
#ifndef VM_INTERNAL_H
#define VM_INTERNAL_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "vm.h"

enum vm_unwinding { VM_UNWIND_NONE, VM_UNWIND_INTERRUPT, VM_UNWIND_EXIT };

struct vm_thread {
  vm *universe;
  lua_State *root;
  gil_thread *gil;
  void *user;
  int copy;
  pthread_t pthread;
  struct vm_thread *next, *prev; /* in vm.threads */

  lua_State *volatile running; /* signal: read by the kick handler on this very OS thread */
  _Atomic bool holding;        /* signal: this thread holds the GIL and a kick may arm `running` */
  _Atomic bool kicked;         /* signal: a kick came; `running` was armed, or is to be armed */
  uint32_t dice;               /* signal: state of checkpoint.c's draws */
  unsigned repeats;            /* signal: how many kicks in a row found `kicked` set */
  bool counts;                 /* the universe has a policy of ticks: every state needs its count hook */
  bool skip_line;                /* the next line event may be mid-statement: see checkpoint.c */
  bool tick_due;                 /* ticks have passed; waits for a line boundary */
  _Atomic bool closes;         /* signal: the universe is being freed; its states must not be armed any more */
  _Atomic bool in_system;      /* between vm_block_begin and vm_block_end */
  _Atomic bool interrupted;      /* Ctrl-C, not raised yet */
  enum vm_unwinding unwinding;   /* what this thread's errors mean now */
  bool exits;                  /* os.exit was called in its copy, with `exit_status` */
  int exit_status;
  bool is_deadlocked;            /* its wait would have been a deadlock: not raised yet */
  char *deadlock_story;          /* malloced; NULL: there was no memory for it */

  unsigned entered_streams; /* stream.c: how many it has entered; too many after an error, which is noticed */
  struct vm_stream *calling; /* stream.c: inside a system call of this one */
};

struct vm {
  struct vm_options options;
  lua_State *main_state;
  gil *lock;
  vm_thread *main_thread;
  vm_thread *threads; /* all of the universe; guarded by `threads_mutex` as well as the GIL */
  pthread_mutex_t threads_mutex; /* innermost; so that vm_interrupt can visit the threads without the GIL */
  int64_t ticks; /* instructions between two unasked checkpoints; 0: none */

  vm_deadlock_story *deadlock_story; /* NULL: nobody looks */
  struct vm_stream *streams;         /* stream.c: all open ones */
  struct vm_file *standard_files[3]; /* iolib.c: what io.stdin, io.stdout, io.stderr are at first; anchored */
  struct vm *next_live, *prev_live;  /* interrupt.c */
};

/* Who am I. Initial-exec: we are always part of the executable, and coroutine.resume reads this. */
extern _Thread_local vm_thread *vm_current __attribute__((tls_model("initial-exec")));

/* universe.c: both doors lead through these. While `holding` is false the kick handler keeps its hands off `running`. */
void vm_before_release(vm_thread *self);
void vm_after_acquire(vm_thread *self); /* kicks and interrupts that came meanwhile take effect */
/* From now on `self` alone runs in its universe, whose states may be freed. Requires: the GIL held. */
void vm_seal(vm_thread *self);

/* checkpoint.c */
void vm_checkpoint_init(void); /* installs the kick's signal handler, once per process */
void vm_kick(void *user, gil_thread *holder);
void vm_kick_thread(vm_thread *thread); /* the same, for one that is known to live */
void vm_nudge_thread(vm_thread *thread); /* ends a system call that it is in */
void vm_arm(vm_thread *self, lua_State *L); /* L calls the checkpoint at the next boundary */
void vm_disarm(vm_thread *self, lua_State *L); /* back to the hooks that L has when nobody asks */
/* lua_sethook from outside a signal handler: the two must not interleave. */
void vm_sethook(vm_thread *self, lua_State *L, lua_Hook hook, int mask, int count);
int vm_boundary_mask(const vm *universe); /* the hook events at which a checkpoint may take effect */
int64_t vm_poll_instructions(const vm *universe); /* count of the permanent hook; 0: no such hook */
/* What an event of a hook means for us: skipped, awaited further, or a checkpoint (which may raise and switch). */
void vm_hook_event(lua_State *L, vm_thread *self, int event);
bool vm_checkpoint(lua_State *L, vm_thread *self, gil_cause cause);

/* hooks.c: debug.sethook and debug.gethook beside our own hook */
void vm_open_hooks(lua_State *L);
void vm_user_hook(lua_State *L, lua_Debug *ar); /* the hook of states on which a script has set one */
void vm_restore_user_hook(vm_thread *self, lua_State *L); /* as the script set it */

/* coroutine.c, base.c, iolib.c, oslib.c: replace or add to the stock libraries, on the table where they live */
void vm_open_coroutine(lua_State *L);
void vm_open_base(lua_State *L);
void vm_open_io(lua_State *L);
void vm_open_os(lua_State *L);

/* stream.c, iolib.c */
/* Around all of door 2, if entered_streams is not 0: nobody else may use these streams meanwhile. */
void vm_streams_hold(vm_thread *self);
void vm_streams_release(vm_thread *self);
/* After gil_seal: streams that other threads are inside of are given up. Call it before finalizers run. */
void vm_streams_seal(vm *universe);
/* At the universe's end: streams stop knowing it; standard ones are flushed. Returns 0, or -1 and a message printed. */
int vm_streams_finish(vm *universe);

/* interrupt.c */
void vm_register_live(vm *universe);
void vm_unregister_live(vm *universe);
void vm_poked(void *user, gil_thread *holder);
/* Makes all threads of the calling thread's copy unwind to their bottoms, for os.exit in a copy. Never returns. */
_Noreturn void vm_raise_exit(lua_State *L, int status);

#endif
