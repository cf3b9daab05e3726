-- scripts/policies/shortest_burst_first.lua - next is the thread that is expected to let go soonest of its own
-- accord: what operating systems call shortest job first, with an estimate in the place of knowledge. A burst is the
-- time from getting the lock to waiting for something else; the estimate is the average of the bursts so far, the
-- recent ones counting most (`weight` percent for the last one).
--
-- A thread that waits for I/O most of the time has short bursts and passes all spinners: the echo beside a busy loop
-- is answered at once, and the busy loop loses next to nothing.
--
-- Known to do badly: as any shortest job first, it starves the long ones if enough short ones come. Hence
-- `patience`: who has waited that long is next whatever the estimates say.
--
--     gilvm --policy scripts/policies/shortest_burst_first.lua:interval=1ms --stats -j 2 script.lua

local WAITED_FOR = { sleep = true, lock = true, join = true, queue = true, ["I/O"] = true, native = true }

-- A burst that the policy's clock cuts goes on when the thread has the lock again.
local function end_of_hold(lock, thread, cause, now)
  local state = thread.state
  state.burst = (state.burst or 0) + (now - (state.taken or now))
  local weight = lock.params.weight
  if WAITED_FOR[cause] then
    state.expected = state.expected and (state.burst * weight + state.expected * (100 - weight)) // 100 or state.burst
    state.burst = 0
  else
    -- It has already run for so long: it is no short one, whatever it was before.
    state.expected = math.max(state.expected or 0, state.burst)
  end
end

local function expected(thread) return thread.state.expected or 0 end

local function shortest(lock, now)
  local first = lock:first()
  if first and now - (first.state.since or now) >= lock.params.patience then return first end
  local chosen
  for thread in lock:waiters() do
    if not chosen or expected(thread) < expected(chosen) then chosen = thread end
  end
  return chosen
end

return {
  name = "shortest_burst_first",
  summary = "The thread that is expected to let go soonest by itself is next; if it waits, a holder that is expected "
    .. "to run for longer is asked to yield at once.",
  badly = "Long computations are put off while short bursts come, up to `patience`.",
  source = "shortest job first with exponential averaging; Silberschatz, Galvin, Gagne, Operating System Concepts",
  params = {
    interval = { time = "5ms", help = "how long a holder may run while one waits that is no shorter" },
    patience = { time = "100ms", help = "who has waited so long is next" },
    weight = { count = 50, min = 1, max = 100, help = "percent by which the last burst counts" },
  },

  waits = function(lock, thread, now)
    thread.state.since = now
    local holder = lock.holder
    if holder and expected(thread) < expected(holder) then
      lock:ask(thread)
    end
    return now + lock.params.interval
  end,

  patience_ends = function(lock, thread, now)
    lock:ask(thread)
    return now + lock.params.interval
  end,

  takes = function(lock, thread, now) thread.state.taken = now end,

  lets_go = function(lock, thread, cause, now)
    end_of_hold(lock, thread, cause, now)
    return shortest(lock, now)
  end,
}
