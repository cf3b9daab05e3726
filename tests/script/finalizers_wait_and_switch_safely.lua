-- A finalizer may run in any thread. If it locks, sleeps or yields, nothing hangs and nothing is lost.
-- args:
-- args: --policy cpython:interval=50us
local check = require "check"
local thread = require "gilvm.thread"
local time = require "gilvm.time"
local gil = require "gilvm.gil"

local lock = thread.lock()
local done = 0
local all = check.scaled(200)
for _ = 1, all do
  setmetatable({}, { __gc = function()
    gil.yield()
    time.sleep(0.0001)
    if lock:try() then lock:release() end
    done = done + 1
  end })
end
local stop = false
local spinner = thread.start(function() while not stop do end end)
collectgarbage()
collectgarbage()
stop = true
check.join_all { spinner }
check.equal(done, all)

-- A busy finalizer holds the lock (no switch inside finalizers), but not for ever.
local finalized = false
setmetatable({}, { __gc = function() for _ = 1, check.scaled(1000000) do end finalized = true end })
check.in_threads(2, function() collectgarbage() end)
check.equal(finalized, true)
print "ok" -- expect: ok
