-- scripts/policies/template.lua - a policy in Lua that explains itself. Copy it, change it, and run
--
--     gilvm --policy ./template.lua --stats -j 2 script.lua
--     gilvm --policy ./template.lua:interval=1ms script.lua
--     gilvm policies ./template.lua
--
-- A policy is told what happens at the lock, and decides three things: when the holder is asked to yield, whether it
-- must, and who is next. As it stands this one is a queue with turns: it does what the built-in `fifo` does.
--
-- This file is run once for each lock, in a small Lua of its own: it shares nothing with the script that runs under
-- it. It has `string`, `table` (without rep and move) and `math`; `print` writes to standard error. Its functions
-- run while everybody else at the lock waits for them, so they should be short. One that raises an error, runs for
-- ever or needs more than 16 MiB is reported, and the lock goes on under `fifo`.
--
-- Times are whole numbers of nanoseconds. `now` is the time of the event. Where a function returns a time, nil is
-- "never".
--
-- A thread is shown as `thread`. It has an `id` (1, 2, ...), a `name`, a `priority` and a number of `tickets` (0 and
-- 100 unless the script sets them), the question whether it `is_waiting`, and a table `state` that is yours. The
-- lock is shown as `lock`:
--
--     lock:first()            the thread that has waited longest, or nil
--     lock:waiters()          all that wait, longest first: for thread in lock:waiters() do ... end
--     lock:ask(thread)        asks the holder to yield, on behalf of `thread` (or of nobody)
--     lock:set_tick(time)     when the function `tick` below is to be called; nil: no more
--     lock.holder             the thread that has the lock, or nil
--     lock.is_asked           whether the holder has been asked to yield
--     lock.switch_number      grows by one whenever another thread than the last takes the lock
--     lock.params             the values of the parameters below

-- What is local to the file is the memory of this one lock.
local turn_began = 0

local policy = {
  name = "template",
  summary = "First come, first served: a holder's turn lasts one interval while others queue.",
  badly = "Convoys: each handoff goes to a thread that still sleeps, and nobody runs until it has woken up.",
}

-- What can be set on the command line: template.lua:interval=1ms. At most eight. A parameter is a time with its
-- unit, or a count: limit = { count = 10, min = 1, max = 100, help = "..." }. In lock.params a time is a number of
-- nanoseconds.
policy.params = {
  interval = { time = "5ms", min = "10us", max = "1s", help = "how long a holder may run while others queue" },
}

-- The policy comes into force: when the lock is made, or when the script calls gil.policy. Somebody may hold the
-- lock.
function policy.starts(lock, now)
  turn_began = now
end

-- `thread` found the lock taken and starts to wait. Returns the time at which its patience ends, if it does.
function policy.waits(lock, thread, now)
  if lock:first() == thread then lock:set_tick(turn_began + lock.params.interval) end
  return nil
end

-- The patience of `thread`, which still waits, is over. Returns when it is next. A policy whose `waits` always says
-- "never" does not need this function.
function policy.patience_ends(lock, thread, now)
  return nil
end

-- The time has come that `set_tick` named, or the last `tick`. Returns the next.
function policy.tick(lock, now)
  local head = lock:first()
  if not head then return nil end
  lock:ask(head)                    -- the holder comes to its next checkpoint ...
  return now + lock.params.interval -- ... and is asked again, should it not
end

-- `thread` has become the holder.
function policy.takes(lock, thread, now)
  turn_began = now
  thread.state.turns = (thread.state.turns or 0) + 1 -- only to show where a policy keeps what it knows of a thread
  lock:set_tick(lock:first() and now + lock.params.interval)
end

-- The holder stands at a checkpoint, because it was asked ("interval"), so many instructions have run ("ticks"), or
-- the script called gil.yield ("yield"). Must it let go? Without this function: always.
function policy.yields(lock, thread, cause, now)
  return true
end

-- The holder lets go. `cause` is one of those above, or what it is about to wait for: "sleep", "lock", "join",
-- "queue", "I/O", "native"; or "exit". Who is next?
--
--     return thread               that one: it owns the lock before it has woken up
--     return thread, "open"       it is woken, and competes with whoever comes by. With a third result, a pause: at a
--                                 checkpoint the one that lets go sleeps for so long before it competes again
--     return thread, "forced"     the same, but the one that lets go may not have the lock before somebody else has
--     return nil                  nobody is woken. If threads wait, somebody must be named within a second
function policy.lets_go(lock, thread, cause, now)
  return lock:first()
end

-- Only for a policy that counts instructions, as the GIL of Python 2 does: after how many of them a holder comes to a
-- checkpoint without having been asked. Called once. Counting makes every script slower.
--
--     function policy.tick_instructions(lock) return 1000 end

-- Only for a policy whose holder lets go, when asked, even if nobody waits: unwaited = true.

return policy
