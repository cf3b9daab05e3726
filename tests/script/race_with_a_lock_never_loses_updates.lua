-- The counter guarded by a lock, under switches as dense as they come.
-- args:
-- args: --policy cpython:interval=50us
-- args: --policy fifo:interval=50us
-- args: --policy cpython2:check=3
-- args: --policy cooperative
-- args: --checkpoint=line --policy cpython:interval=50us
local check = require "check"
local thread = require "gilvm.thread"

local each = check.scaled(10000)
local lock = thread.lock "counter"
local ways = {
  function() local _ <close> = lock:guard() counter = counter + 1 end,
  function() lock:with(function() counter = counter + 1 end) end,
  function() lock:acquire() counter = counter + 1 lock:release() end,
  function()
    while not lock:acquire(0.001) do end
    counter = counter + 1
    lock:release()
  end,
}
counter = 0
check.in_threads(8, function(me)
  local add = ways[me % #ways + 1]
  for _ = 1, each do add() end
end)
check.equal(counter, 8 * each)
print "ok" -- expect: ok
