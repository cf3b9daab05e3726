-- 10,000 threads start, sleep and are joined; a script goes on computing meanwhile.
-- timeout: 120
-- args:
-- args: --policy fifo
local check = require "check"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local count = check.scaled(10000)
local threads = {}
for i = 1, count do
  threads[i] = thread.start(function(me)
    time.sleep(1)
    return me
  end, i)
end
check.equal(#thread.list() > 1, true)
local sum = 0
for i, t in ipairs(threads) do
  local ok, me = t:join()
  assert(ok, me)
  check.equal(me, i)
  sum = sum + me
end
check.equal(sum, count * (count + 1) // 2)
check.equal(#thread.list(), 1)
print "ok" -- expect: ok
