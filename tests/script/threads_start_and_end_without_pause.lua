-- Threads are born and die by the hundreds while others compute, sleep and collect garbage.
-- args:
-- args: --policy cpython:interval=50us
-- args: --policy cpython2:check=10
-- args: --policy fifo:interval=50us
local check = require "check"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local stop = false
local background = {
  thread.start(function() while not stop do end end),
  thread.start(function() while not stop do collectgarbage "step" time.sleep(0.0005) end end),
}
local finished = {}
check.in_threads(4, function(me)
  for i = 1, check.scaled(200) do
    local t = thread.start(function(a, b) return a, b, { a + b } end, me, i)
    local ok, a, b, box = t:join()
    assert(ok and a == me and b == i and box[1] == me + i)
  end
  finished[me] = true
end)
-- Threads nobody joins end all the same.
local left = check.scaled(200)
for _ = 1, left do thread.start(function() end) end
while #thread.list() > 3 do time.sleep(0.001) end
stop = true
check.join_all(background)
check.equal(#finished, 4)
check.equal(#thread.list(), 1)
print "ok" -- expect: ok
