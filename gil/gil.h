/* gil/gil.h - a global interpreter lock that can be seen, measured and replaced.
 *
 * This is the whole public face of the room `gil/`. The lock knows nothing of Lua: any interpreter that runs its
 * bytecode on several OS threads can adopt it. It uses libc and nothing else.
 *
 * THE MODEL. Threads attach to a lock. A thread that holds the lock may touch the interpreter's heap; everybody else
 * may not. A holder lets go in two ways only, the two doors:
 *
 *   1. the checkpoint (gil_checkpoint): the thread stands at a bytecode boundary and the policy wants it to yield;
 *   2. the blocking section (gil_block_begin .. gil_block_end, and gil_wait which is both around a park): the thread
 *      is about to wait for something else, and says for what and until when.
 *
 * (gil_enter and gil_leave open and close a thread's life; they are not doors but the doorstep.)
 *
 * Since there are only two doors, every change of hands has a known cause, and every wait has a known reason.
 *
 * A POLICY decides when a holder is asked to yield, whether it must, and who is next. See `struct gil_policy`.
 *
 * TIME is in nanoseconds of the monotonic clock, int64_t, named `_ns`. A deadline is a point on that clock;
 * GIL_NEVER is the deadline that does not come.
 *
 * ERRORS are 0 or a negative code of the table GIL_ERRORS. A failing pthread primitive is fatal, through gil_fatal().
 *
 * LOCK ORDER inside this room: a lock's own mutex is innermost; no callback and no policy may take another lock that
 * is ever held while calling into this room.
 *
 * The annotations are clang's thread-safety analysis: `gil_held` is a token that stands for holding the lock.
 */
#ifndef GIL_H
#define GIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gil_annotations.h"

#ifdef __cplusplus
extern "C" {
#endif

struct GIL_CAPABILITY("GIL") gil_token {
  char unused;
};
extern struct gil_token gil_held;

typedef struct gil gil;               /* a lock */
typedef struct gil_thread gil_thread; /* a thread attached to a lock */

#define GIL_NEVER INT64_MAX

/* What a policy in a shared library may use: the program exports it. */
#define GIL_EXPORTED __attribute__((visibility("default")))

/* ---------------------------------------------------------------- errors --------------------------------------- */

#define GIL_ERRORS(X)                                                                  \
  X(GIL_OK, 0, "success")                                                              \
  X(GIL_E_MEMORY, -1, "out of memory")                                                 \
  X(GIL_E_THREADS, -2, "the system refuses to create another thread")                  \
  X(GIL_E_TIMEOUT, -3, "timeout")                                                      \
  X(GIL_E_POLICY, -4, "no such policy")                                                \
  X(GIL_E_PARAMETER, -5, "no such parameter, or a value outside its range")            \
  X(GIL_E_LATENCIES, -6, "too many different names of latencies")

enum gil_error {
#define GIL_ERROR_ENUM(name, value, text) name = value,
  GIL_ERRORS(GIL_ERROR_ENUM)
#undef GIL_ERROR_ENUM
};

/* The text of one of the codes above. Static; never NULL. */
const char *gil_strerror(int error);

/* Prints `what` and errno's text of `error` to stderr and aborts. For what cannot fail in a correct program. */
_Noreturn void gil_fatal(const char *what, int error);

/* ---------------------------------------------------------------- causes --------------------------------------- */

/* Why a thread let go. The first three are door 1, EXIT is the end of a thread, all others are door 2. */
#define GIL_CAUSES(X)                                        \
  X(INTERVAL, "interval") /* asked to by the policy's clock */ \
  X(TICKS, "ticks")       /* so many instructions have run */  \
  X(YIELD, "yield")       /* the program asked for it */       \
  X(SLEEP, "sleep")                                          \
  X(LOCK, "lock")                                            \
  X(JOIN, "join")                                            \
  X(QUEUE, "queue")                                          \
  X(IO, "I/O")                                               \
  X(NATIVE, "native")                                        \
  X(EXIT, "exit")

typedef enum gil_cause {
#define GIL_CAUSE_ENUM(name, text) GIL_CAUSE_##name,
  GIL_CAUSES(GIL_CAUSE_ENUM)
#undef GIL_CAUSE_ENUM
      GIL_CAUSE_COUNT
} gil_cause;

/* The word for a cause, as every view shows it. Static. */
const char *gil_cause_name(gil_cause cause);

/* ---------------------------------------------------------------- the seam: time and parking ------------------- */

/* A place to park one thread. All zero is ready for use; needs no destruction. A wake that comes before the park is
   kept (one of them), so that a park after it returns at once. */
typedef struct gil_parker {
  _Atomic uint32_t state;
} gil_parker;

/* All time and all parking of the program pass through these three, so that a virtual clock and a seeded scheduler
   can take their place. `park` returns 0 (woken, perhaps spuriously) or GIL_E_TIMEOUT. */
struct gil_seam {
  int64_t (*now_ns)(void);
  int (*park)(gil_parker *parker, int64_t deadline_ns);
  void (*unpark)(gil_parker *parker);
};

/* Replaces the seam. NULL puts the real clock and futexes back. Only while no lock exists. */
void gil_set_seam(const struct gil_seam *seam);

GIL_EXPORTED int64_t gil_now_ns(void);

/* The deadline that lies `seconds` from now; GIL_NEVER where the sum does not fit. `seconds` below 0 count as 0. */
int64_t gil_deadline_in(double seconds);

int gil_park(gil_parker *parker, int64_t deadline_ns);

/* Wakes the parked thread, or lets its next park return at once. Async-signal-safe. Any thread. */
void gil_unpark(gil_parker *parker);

/* ---------------------------------------------------------------- policies ------------------------------------- */

#define GIL_POLICY_ABI 1

/* Bytes a policy may use for each lock and for each thread. Zeroed before use. */
#define GIL_LOCK_SLOT_BYTES 256
#define GIL_THREAD_SLOT_BYTES 64
#define GIL_PARAMS_MAX 8

typedef enum gil_param_kind {
  GIL_PARAM_TIME,  /* nanoseconds; written with a unit: 5ms, 100us */
  GIL_PARAM_COUNT, /* a whole number */
} gil_param_kind;

struct gil_param {
  const char *name; /* NULL ends a list */
  gil_param_kind kind;
  int64_t standard; /* the value when none is given */
  int64_t min, max;
  const char *help;
};

/* Who may run next, as a policy's `lets_go` answers. */
enum gil_handover {
  GIL_OPEN,    /* nobody is named; `thread` (if any) is woken to compete with whoever comes by */
  GIL_HANDOFF, /* `thread` owns the lock before it wakes */
};

struct gil_choice {
  enum gil_handover how;
  gil_thread *thread; /* one of the waiters; may be NULL with GIL_OPEN */
  bool forced;        /* the one who lets go may not take the lock again before somebody else has had it */
  int64_t pause_ns;   /* at a checkpoint, with GIL_OPEN and not forced: so long the one who lets go sleeps before it
                         competes again */
};

/* A policy is told what happens and decides three things: when the holder is asked to yield (by calling gil_ask),
   whether it must at a checkpoint (`yields`), and who is next (`lets_go`).

   Every function runs with the lock's mutex held: it must not block, allocate, or call anything of this header but
   the functions listed under "what a policy may use". Functions marked "may be NULL" have the default behaviour named
   there. `now_ns` is the time of the event. */
struct gil_policy {
  uint32_t abi; /* GIL_POLICY_ABI */
  const char *name;
  const char *models;  /* which implementation, which versions */
  const char *summary; /* the algorithm in one or two sentences */
  const char *badly;   /* what it is known to do badly */
  const char *source;  /* where the behaviour was read */
  const struct gil_param *params;

  /* How many VM instructions may pass between two checkpoints that nobody asked for; 0 for none. The interpreter
     reads it through gil_tick_instructions. May be NULL: none. */
  int64_t (*tick_instructions)(const gil *lock);

  /* The policy comes into force: at the lock's creation, or with gil_set_policy. May be NULL. */
  void (*starts)(gil *lock, int64_t now_ns);

  /* `thread` found the lock taken and starts to wait; or it woke to compete, lost the race, and starts again. Returns
     the time at which its patience ends, or GIL_NEVER. A thread that forced switching holds back starts to wait when
     somebody else has taken the lock. */
  int64_t (*waits)(gil *lock, gil_thread *thread, int64_t now_ns);

  /* The patience of `thread`, still waiting, has ended. Returns when it ends next. A lock that is free at that time
     wakes the thread. May be NULL if `waits` always returns GIL_NEVER. */
  int64_t (*patience_ends)(gil *lock, gil_thread *thread, int64_t now_ns);

  /* The policy's own clock: called at the time its last call, or gil_set_tick, named. Returns the next time. A lock
     that is free at that time wakes the longest waiter. */
  int64_t (*tick)(gil *lock, int64_t now_ns);

  /* `thread` has become the holder. May be NULL. */
  void (*takes)(gil *lock, gil_thread *thread, int64_t now_ns);

  /* The holder `thread` stands at a checkpoint, for `cause` INTERVAL (it was asked), TICKS or YIELD. Must it let go?
     May be NULL: always yes. */
  bool (*yields)(gil *lock, gil_thread *thread, gil_cause cause, int64_t now_ns);

  /* The holder lets go. Who is next? */
  struct gil_choice (*lets_go)(gil *lock, gil_thread *thread, gil_cause cause, int64_t now_ns);

  /* The policy goes out of force, or the lock is destroyed: what `starts` has acquired is to be freed. May be NULL. */
  void (*ends)(gil *lock);

  const void *data; /* the policy's own; see gil_policy_data */

  bool unwaited; /* a holder that is asked lets go even if nobody waits */
};

/* What a policy may use from inside its functions. */
GIL_EXPORTED gil_thread *gil_first_waiter(const gil *lock); /* longest waiting first; NULL: nobody waits */
GIL_EXPORTED gil_thread *gil_next_waiter(const gil_thread *waiter);
GIL_EXPORTED bool gil_is_waiting(const gil_thread *thread); /* stands in the queue: lets_go may name it */
GIL_EXPORTED gil_thread *gil_holder(const gil *lock);
/* Grows by one whenever another thread than the last takes the lock. */
GIL_EXPORTED uint64_t gil_switch_number(const gil *lock);
/* Asks the holder to yield; within one hold, later calls only kick again. `asker` NULL: the policy itself. */
GIL_EXPORTED void gil_ask(gil *lock, gil_thread *asker);
GIL_EXPORTED bool gil_is_asked(const gil *lock);          /* also from the holder, without the mutex: a hint */
GIL_EXPORTED void gil_set_tick(gil *lock, int64_t at_ns); /* when `tick` is to be called; GIL_NEVER stops it */
GIL_EXPORTED void *gil_lock_slot(const gil *lock);
GIL_EXPORTED void *gil_thread_slot(const gil_thread *thread);
GIL_EXPORTED int64_t gil_param_value(const gil *lock, size_t index);
GIL_EXPORTED int gil_thread_priority(const gil_thread *thread); /* 0 unless set; more is sooner */
GIL_EXPORTED int gil_thread_tickets(const gil_thread *thread);  /* its share; GIL_TICKETS_STANDARD unless set */
GIL_EXPORTED const void *gil_policy_data(const gil *lock); /* `data` of the policy in force */
/* The policy cannot go on. `why` is printed, with the policy's name, and as soon as the function of the policy that
   runs has returned (its result is not used) the lock goes on under `fifo`, waiters carried over. */
GIL_EXPORTED void gil_policy_fails(gil *lock, const char *why);

/* A policy together with the values of its parameters. Plain data, may be copied. */
struct gil_policy_choice {
  const struct gil_policy *policy;
  int64_t values[GIL_PARAMS_MAX];
};

/* Reads NAME[:key=value,...] into `out`. A NAME with a slash in it, or one that ends in .so or .lua, is a file that
   holds a policy: it is loaded, and stays so until the process ends. Under such a policy a lock is watched: if threads
   wait for a second and `lets_go` names none of them, the policy fails (gil_policy_fails). On error returns a code and writes into `message` a sentence that names what
   was wrong and what would have been right. */
int gil_policy_parse(const char *text, struct gil_policy_choice *out, char *message, size_t message_bytes);

bool gil_policy_is_file(const char *name);

/* A policy in a shared library is its symbol `gil_policy`, a struct gil_policy; or what a function of this name and
   type returns, which is looked for first. */
#define GIL_POLICY_SYMBOL "gil_policy"
#define GIL_POLICY_FUNCTION "gil_policy_get"
typedef const struct gil_policy *gil_policy_function(void);

/* How policies in Lua, which this room knows nothing of, are read from `path`: `out` receives a policy that stays
   valid for ever; an error is a code and a sentence. Before the first gil_policy_parse. */
typedef int gil_policy_reader(const char *path, const struct gil_policy **out, char *message, size_t message_bytes);
void gil_policy_set_lua_reader(gil_policy_reader *reader);

/* Reads `text` as a value of `param`, in the same way. */
int gil_param_parse(const struct gil_param *param, const char *text, int64_t *out, char *message,
                    size_t message_bytes);

/* Writes the value as a person would type it: 5ms, 100. Returns `buffer`. */
char *gil_param_format(const struct gil_param *param, int64_t value, char *buffer, size_t bytes);

/* The built-in policies in the order of the documentation; NULL past the end. */
const struct gil_policy *gil_policy_at(size_t index);
const struct gil_policy *gil_policy_find(const char *name);

/* The index of a policy's parameter, or a negative code. */
int gil_policy_param_index(const struct gil_policy *policy, const char *name);

/* ---------------------------------------------------------------- events --------------------------------------- */

typedef enum gil_event_kind {
  GIL_EVENT_ATTACH,
  GIL_EVENT_DETACH,
  GIL_EVENT_WAIT,      /* wants the lock, does not have it; `other`: the holder */
  GIL_EVENT_TAKE,      /* holds the lock; `other`: the holder before; `since_ns`: start of its wait, 0 for none */
  GIL_EVENT_LOST_RACE, /* woke to compete, found the lock taken; `other`: by whom */
  GIL_EVENT_ASK,       /* the holder `thread` is asked to yield; `other`: who asked, 0 for the policy's clock */
  GIL_EVENT_LET_GO,    /* `cause`; `other`: who was asking, `since_ns`: since when, 0 for nobody */
  GIL_EVENT_BLOCK,     /* follows LET_GO through door 2: blocked for `cause`; `since_ns`: the deadline */
  GIL_EVENT_UNBLOCK,   /* the blocking section is over, the thread wants the lock again */
} gil_event_kind;

struct gil_event {
  int64_t time_ns;
  int64_t since_ns;
  uint32_t lock;
  uint32_t thread;
  uint32_t other; /* 0: nobody */
  uint8_t kind;   /* gil_event_kind */
  uint8_t cause;  /* gil_cause */
};

/* What the owner of a lock is told. All run with the lock's mutex held: they must be short, must not allocate and
   must not call into this room, except for gil_unpark. Any may be NULL. */
struct gil_callbacks {
  /* The holder is asked to yield: make it reach a checkpoint soon. */
  void (*kick)(void *user, gil_thread *holder);
  /* gil_poke was called some moments ago. `holder` may be NULL. */
  void (*poked)(void *user, gil_thread *holder);
  /* Every change of state. NULL costs nothing. */
  void (*event)(void *user, const struct gil_event *event);
  void *user;
};

/* ---------------------------------------------------------------- the lock ------------------------------------- */

/* A new lock, free, nobody attached. NULL: out of memory. The caller owns it. */
gil *gil_create(const struct gil_policy_choice *choice, const struct gil_callbacks *callbacks);

/* Frees the lock. NULL is a no-op. Nobody may be attached, except to a lock that gil_seal has closed: then it stays
   allocated for those still parked at it. */
void gil_destroy(gil *lock);

uint32_t gil_id(const gil *lock); /* 1, 2, ... in the order of creation within a process */

/* The policy in force and the value of its parameters. Any thread. */
void gil_get_policy(gil *lock, struct gil_policy_choice *out);

/* Another policy, or other values, from now on; waiters are carried over (each starts to wait anew under the new
   policy). Excludes: nothing; holder or not. */
void gil_set_policy(gil *lock, const struct gil_policy_choice *choice);

/* Instructions between two unasked checkpoints under the policy in force; 0 for none. */
int64_t gil_tick_instructions(gil *lock);

/* Makes the timekeeper call `poked` soon. Async-signal-safe. Without a timekeeper (one thread attached) does nothing
   and returns false. */
bool gil_poke(gil *lock);

/* From now on only `keeper` can take the lock; all others that want it park for ever. For the end of a program that
   leaves threads behind. Requires: the lock held by `keeper`. */
void gil_seal(gil_thread *keeper) GIL_REQUIRES(gil_held);

/* ---------------------------------------------------------------- threads -------------------------------------- */

/* Attaches a thread, which does not hold the lock yet. The thread that attaches need not be the one that will run.
   `name` is copied (cut to 31 bytes). `user` is the interpreter's own pointer. The memory of a gil_thread stays valid
   until gil_destroy, so that a late wake never touches freed memory.
   Errors: GIL_E_MEMORY, GIL_E_THREADS (the second thread needs the lock's timekeeper, which could not be started). */
int gil_attach(gil *lock, const char *name, void *user, gil_thread **out);

/* Takes back a gil_attach whose thread never entered. */
void gil_detach_unentered(gil_thread *thread);

/* The thread's first act: takes the lock. May switch. */
void gil_enter(gil_thread *thread) GIL_ACQUIRE(gil_held);

/* The thread's last act: lets the lock go and detaches; `thread` is dead afterwards. */
void gil_leave(gil_thread *thread) GIL_RELEASE(gil_held);

gil *gil_of(const gil_thread *thread);
void *gil_thread_user(const gil_thread *thread);
GIL_EXPORTED uint32_t gil_thread_id(const gil_thread *thread); /* 1, 2, ... in the order of attaching, per lock */
GIL_EXPORTED const char *gil_thread_name(const gil_thread *thread);
void gil_thread_rename(gil_thread *thread, const char *name);

/* For the policies that look at them. Any thread. `tickets` is positive. */
#define GIL_TICKETS_STANDARD 100
void gil_thread_set_priority(gil_thread *thread, int priority);
void gil_thread_set_tickets(gil_thread *thread, int tickets);

/* ---------------------------------------------------------------- door 1: the checkpoint ----------------------- */

/* The holder stands where it can let go. `cause`: INTERVAL if it comes because of a kick, TICKS if the policy's
   number of instructions has passed, YIELD if the program asks for it. Returns true if the lock changed hands.
   May switch. */
bool gil_checkpoint(gil_thread *thread, gil_cause cause) GIL_REQUIRES(gil_held);

/* ---------------------------------------------------------------- door 2: the blocking section ----------------- */

/* Something that one thread of the universe has and others wait for: a script's lock, a thread's end. Part of whatever
   it stands for, and guarded by the GIL. A wait names it instead of its owner, since the owner can change meanwhile. */
struct gil_waitable {
  gil_thread *owner; /* who can end the waits for it, now; NULL: not known, anybody might */
  bool is_lost;      /* nobody can: its owner has gone */
};

/* What a thread waits for, for events, statistics and deadlock detection. Must live until the wait is over. */
struct gil_reason {
  gil_cause cause;
  int64_t deadline_ns;           /* GIL_NEVER: no limit */
  const char *what;              /* name of the thing waited for, or NULL */
  const struct gil_waitable *on; /* what only another thread can end; NULL: the wait ends by itself */
};

/* Lets the lock go, for `reason`. The thread must not touch the interpreter until gil_block_end. May switch. */
void gil_block_begin(gil_thread *thread, const struct gil_reason *reason) GIL_RELEASE(gil_held);

/* Takes the lock again. */
void gil_block_end(gil_thread *thread) GIL_ACQUIRE(gil_held);

/* A blocking section around a park: returns when gil_wake was called (0; it may also be spurious: check your
   condition), or GIL_E_TIMEOUT at the reason's deadline. May switch. */
int gil_wait(gil_thread *thread, const struct gil_reason *reason) GIL_REQUIRES(gil_held);

/* Ends a gil_wait. Async-signal-safe. Any thread, with or without the lock. */
void gil_wake(gil_thread *thread);

/* What `thread` waits for has come: from now on it does not count as blocked. For whoever calls gil_wake later only. */
void gil_wait_is_over(gil_thread *thread) GIL_REQUIRES(gil_held);

/* ---------------------------------------------------------------- deadlock ------------------------------------- */

/* The wait-for graph: an edge for each thread that is blocked through door 2, without a deadline, on something that
   only another thread can end (`reason.on`). See deadlock.c. */

typedef enum gil_deadlock {
  GIL_DEADLOCK_NONE,
  GIL_DEADLOCK_CYCLE, /* the wait would close a cycle */
  GIL_DEADLOCK_LOST,  /* it would, in the end, be for somebody who will never run again */
  GIL_DEADLOCK_STUCK, /* nobody would be left who could wake anybody */
} gil_deadlock;

/* What would become of `thread`, which runs, if it began to wait for `reason` now. A deadlock that gil_deadlock_told
   has been called for is none. */
gil_deadlock gil_find_deadlock(gil_thread *thread, const struct gil_reason *reason) GIL_REQUIRES(gil_held);

/* What `thread` is blocked for that only another thread can end; NULL: it runs, or will by itself. */
const struct gil_reason *gil_blocked_for(const gil_thread *thread) GIL_REQUIRES(gil_held);

/* `thread` is going to wait for `reason` all the same: what gil_find_deadlock has found is no news any more. */
void gil_deadlock_told(gil_thread *thread, const struct gil_reason *reason, gil_deadlock found)
    GIL_REQUIRES(gil_held);

/* Writes the threads that are blocked, but for `but`, into `out`, at most `max` of them; returns how many there are. */
size_t gil_blocked_threads(gil *lock, const gil_thread *but, gil_thread **out, size_t max) GIL_REQUIRES(gil_held);

/* ---------------------------------------------------------------- statistics ----------------------------------- */

#define GIL_NAME_BYTES 32
#define GIL_WAITED_ON_MAX 16
#define GIL_LATENCIES_MAX 32

/* How often which length of time occurred, in buckets that grow with it: histogram.c. All zero is empty. */
#define GIL_HISTOGRAM_BUCKETS 640

struct gil_histogram {
  uint64_t count;
  int64_t max_ns; /* exact */
  uint64_t buckets[GIL_HISTOGRAM_BUCKETS];
};

void gil_histogram_add(struct gil_histogram *histogram, int64_t ns);
void gil_histogram_merge(struct gil_histogram *sum, const struct gil_histogram *part);

/* The time that `share` (0 to 1) of all are not longer than, within 3 percent; 0 if there is none. */
int64_t gil_histogram_quantile(const struct gil_histogram *histogram, double share);

/* Marks: what the program says of its own progress. So many units of work are done by the thread that holds the
   lock. */
void gil_mark_work(gil_thread *thread, uint64_t units) GIL_REQUIRES(gil_held);

/* An operation of that name (cut to 31 bytes) took `ns`. Errors: GIL_E_MEMORY, GIL_E_LATENCIES. */
int gil_mark_latency(gil_thread *thread, const char *name, int64_t ns) GIL_REQUIRES(gil_held);

struct gil_thread_stats {
  char name[GIL_NAME_BYTES];
  uint32_t id;
  uint32_t folded; /* 0, or: this record stands for so many finished threads */
  bool finished;
  int64_t life_ns; /* from gil_enter to gil_leave, or to now */
  int64_t hold_ns;
  int64_t wait_ns; /* wanting the lock */
  int64_t longest_wait_ns;
  int64_t blocked_ns[GIL_CAUSE_COUNT]; /* in door 2, by cause, without the wait for the lock that follows */
  uint64_t acquisitions;
  uint64_t let_go[GIL_CAUSE_COUNT]; /* how often it let go, by cause */
  uint64_t lost_races;
  uint64_t work; /* units marked with gil_mark_work */
  struct {
    int32_t thread; /* index into gil_snapshot.threads */
    int64_t ns;
  } waited_on[GIL_WAITED_ON_MAX]; /* the part of wait_ns during which that thread held the lock */
  uint32_t waited_on_count;
  int64_t waited_elsewhere_ns; /* the rest of wait_ns: wake-up delays, and holders past the table's size */
};

struct gil_lock_stats {
  uint32_t id;
  char policy[96]; /* as it would be typed */
  int64_t age_ns;
  int64_t held_ns;
  uint64_t acquisitions;
  uint64_t switches;                   /* takes by another thread than the last holder */
  uint64_t by_cause[GIL_CAUSE_COUNT];  /* the same, by why the last holder let go */
  uint64_t asks;                       /* requests to yield */
  uint64_t lost_races;
  int64_t longest_wait_ns;
  int64_t handover_ns; /* from when a holder let go while others waited to when the next one ran */
  struct gil_histogram waits; /* of threads that found the lock taken */
};

/* The operations of one name that the program has marked. */
struct gil_latency {
  char name[GIL_NAME_BYTES];
  struct gil_histogram times;
};

/* One moment's statistics of a lock and all threads that it has or had. Flat: may be written to a file as it is. */
struct gil_snapshot {
  struct gil_lock_stats lock;
  uint32_t thread_count, latency_count;
  struct gil_thread_stats threads[]; /* and after them the latencies */
};

/* The latencies of a snapshot, in the order in which their names came up. */
const struct gil_latency *gil_snapshot_latencies(const struct gil_snapshot *snapshot);

/* A snapshot that the caller frees with free(), or NULL: out of memory. Any thread. */
struct gil_snapshot *gil_snapshot_take(gil *lock);
size_t gil_snapshot_bytes(const struct gil_snapshot *snapshot);

#ifdef __cplusplus
}
#endif
#endif
