-- Threads that acquire locks in any order, without deadlines: cycles close all the time, and one that went unnoticed would
-- hang the test. Who is told gives up what it has and goes on.
-- args:
-- args: --policy fifo:interval=50us
-- args: --policy cpython2:check=2
-- timeout: 120
local check = require "check"
local thread = require "gilvm.thread"
local gil = require "gilvm.gil"

local LOCKS, THREADS = 4, 6
local rounds = check.scaled(1500)
local locks = {}
for i = 1, LOCKS do locks[i] = thread.lock("L" .. i) end

local told = 0
check.in_threads(THREADS, function(me)
  local random = me * 104729
  local function draw(n)
    random = (random * 1103515245 + 12345) & 0x7fffffff
    return (random >> 16) % n + 1
  end
  for _ = 1, rounds do
    local held = {}
    for _ = 1, 3 do
      local lock = locks[draw(LOCKS)]
      local ok, err = pcall(lock.acquire, lock)
      if ok then
        held[#held + 1] = lock
      else
        assert(err:find "^deadlock: 'thread%-%d' waits for lock 'L%d'", err)
        told = told + 1
        break
      end
      gil.yield()
    end
    for _, lock in ipairs(held) do lock:release() end
  end
end)
for i = 1, LOCKS do check.equal(locks[i]:locked(), false) end
assert(told > 0)
print "ok" -- expect: ok
