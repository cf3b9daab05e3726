/* gil/policy_cpython2.c - the old GIL of CPython up to 3.1 and all of Python 2. Room: gil/. Runs under the lock's mutex.
 *
 * Every `check` bytecodes (sys.setcheckinterval, 100 by default) the interpreter's ticker reaches zero and the thread
 * releases the lock and acquires it again, with nothing in between:
 *
 *     PyThread_release_lock(interpreter_lock);
 *     // Other threads may run now
 *     PyThread_acquire_lock(interpreter_lock, 1);
 *
 * The release wakes one waiter. On one core that is fair enough: the system may well run the woken thread next. On
 * several cores the releaser is through with acquiring again long before the waiter has woken up on its core, which
 * then finds the lock taken and goes back to sleep: thousands of wake-ups a second that achieve nothing but work for
 * the system. David Beazley measured it ("Inside the Python GIL", 2009; "Understanding the Python GIL", PyCon 2010):
 * two threads on two cores took nearly twice as long as the same work in sequence.
 *
 * A waiter is never impatient here; nobody is ever asked. A thread's ticks are counted by the interpreter, which pays
 * for the counting with every instruction, whether or not anybody waits.
 *
 * Known to do badly: multi-core thrash; starvation of woken waiters; the length of a hundred bytecodes is anything from
 * a microsecond to minutes.
 */
#include "gil_internal.h"

enum { CHECK };

static const struct gil_param params[] = {
    {"check", GIL_PARAM_COUNT, 100, 1, 1000000000, "instructions between two releases (sys.setcheckinterval)"},
    {NULL, 0, 0, 0, 0, NULL},
};

static int64_t tick_instructions(const gil *lock) { return gil_param_value(lock, CHECK); }

static int64_t waits(gil *lock, gil_thread *thread, int64_t now) {
  (void)lock, (void)thread, (void)now;
  return GIL_NEVER;
}

static struct gil_choice lets_go(gil *lock, gil_thread *thread, gil_cause cause, int64_t now) {
  (void)thread, (void)cause, (void)now;
  return (struct gil_choice){.how = GIL_OPEN, .thread = gil_first_waiter(lock)};
}

const struct gil_policy gil_policy_cpython2 = {
    .abi = GIL_POLICY_ABI,
    .name = "cpython2",
    .models = "CPython up to 3.1, Python 2",
    .summary = "Every so many instructions the holder releases the lock and competes for it again at once.",
    .badly = "Thrash on several cores: the releaser wins its own lock back while the woken waiter is on its way.",
    .source = "Python 2.7, Python/ceval.c: _Py_Ticker; D. Beazley, Understanding the Python GIL, 2010",
    .params = params,
    .tick_instructions = tick_instructions,
    .waits = waits,
    .lets_go = lets_go,
};
