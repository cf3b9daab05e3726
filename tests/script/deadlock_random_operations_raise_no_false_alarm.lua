-- A million random operations that cannot deadlock: a lock is waited for without a deadline only if it comes after all that
-- the thread holds. Everything else is tried, or waited for until a deadline.
-- args:
-- args: --policy fifo:interval=50us
-- timeout: 120
local check = require "check"
local thread = require "gilvm.thread"
local gil = require "gilvm.gil"

local LOCKS, THREADS = 6, 8
local operations = check.scaled(500000) // THREADS
local locks = {}
for i = 1, LOCKS do locks[i] = thread.lock("L" .. i) end

local function newest(held)
  for i = LOCKS, 1, -1 do if held[i] then return i end end
  return 0
end

local done, timeouts, blocked = 0, 0, 0
check.in_threads(THREADS, function(me)
  local held, children = {}, {}
  local random = me * 7919
  local function draw(n) -- math.random is shared by all threads
    random = (random * 1103515245 + 12345) & 0x7fffffff
    return (random >> 16) % n + 1
  end
  for _ = 1, operations do
    done = done + 1
    local i = draw(LOCKS)
    if held[i] then
      locks[i]:release()
      held[i] = nil
    elseif i > newest(held) and draw(4) > 1 then
      if locks[i]:locked() then blocked = blocked + 1 end
      held[i] = locks[i]:acquire()
    elseif draw(200) == 1 then
      held[i] = locks[i]:acquire(draw(3) * 0.0001)
      timeouts = timeouts + (held[i] and 0 or 1)
    else
      held[i] = locks[i]:try() or nil
    end
    if draw(16) == 1 then gil.yield() end
    if draw(2000) == 1 then -- a thread that waits for what comes after all that we hold
      local above = locks[newest(held) + 1]
      if above then assert(thread.start(above.with, above, math.abs, 1):join()) end
    end
  end
  for i in pairs(held) do locks[i]:release() end
end)
for i = 1, LOCKS do check.equal(locks[i]:locked(), false) end
assert(done > 0 and done <= operations * THREADS)
print "ok" -- expect: ok
