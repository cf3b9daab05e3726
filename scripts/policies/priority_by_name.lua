-- scripts/policies/priority_by_name.lua - threads whose name begins with a number are served in its order: "1 audio"
-- before "2 screen" before all that have none. Within a rank the longest waiting is next, and a holder's turn ends
-- after one interval only for threads of its own rank or a better one.
--
-- Known to do badly: as any strict priority, it starves. While a thread of a better rank wants the lock, the others
-- wait.
--
--     gilvm --policy scripts/policies/priority_by_name.lua:interval=1ms script.lua

local UNRANKED = math.huge

-- A name can change while the thread lives, so the rank is kept beside the name that it was read from.
local function rank(thread)
  local state, name = thread.state, thread.name
  if state.name ~= name then
    state.name = name
    state.rank = tonumber(name:match "^%d+") or UNRANKED
  end
  return state.rank
end

-- The first of the best rank; `waiters` comes in the order of arrival.
local function best(lock)
  local chosen
  for thread in lock:waiters() do
    if not chosen or rank(thread) < rank(chosen) then chosen = thread end
  end
  return chosen
end

local function may_displace(thread, holder) return holder ~= nil and rank(thread) <= rank(holder) end

return {
  name = "priority_by_name",
  summary = "The number at the beginning of a thread's name is its rank; the best rank that waits is next.",
  badly = "Starvation: a thread of a low rank gets the lock only when nobody better wants it.",
  params = { interval = { time = "5ms", help = "how long a holder may run while its equals or betters wait" } },

  -- A better rank does not wait for a turn's end.
  waits = function(lock, thread, now)
    local holder = lock.holder
    if holder and rank(thread) < rank(holder) then lock:ask(thread) end
    return now + lock.params.interval
  end,

  patience_ends = function(lock, thread, now)
    if may_displace(thread, lock.holder) then lock:ask(thread) end
    return now + lock.params.interval
  end,

  -- It was asked by somebody who may have got the lock in between; so what counts is who waits now.
  yields = function(lock, thread)
    return may_displace(best(lock) or thread, thread)
  end,

  lets_go = function(lock) return best(lock) end,
}
