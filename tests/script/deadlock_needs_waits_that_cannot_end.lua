-- What looks like a deadlock and is none, because somebody's wait ends by itself; and who waits behind daemons.
-- args:
-- args: --policy fifo:interval=100us
-- args: --deadlock report
-- timeout: 30
local check = require "check"
local fifo = require "fifo"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

-- One of the two in the circle waits with a deadline.
local x, y = thread.lock "x", thread.lock "y"
local a = thread.start(function()
  x:acquire()
  while not y:locked() do time.sleep(0.001) end
  local got = y:acquire(0.1)
  x:release()
  return got or "a gave up"
end)
y:acquire()
while not x:locked() do time.sleep(0.001) end
print(x:acquire()) -- expect: true
x:release()
y:release()
print(a:join()) -- expect: true	a gave up

-- Everybody waits for one who sleeps, or who reads from a pipe into which another program will write.
local dir <close> = fifo.folder()
local sleeper = thread.start(function() x:with(time.sleep, 0.1) end)
while not x:locked() do time.sleep(0.001) end
local reader = thread.start(function()
  y:acquire()
  local pipe <close> = assert(io.popen("sleep 0.1; echo line"))
  local line = pipe:read()
  y:release()
  return line
end)
while not y:locked() do time.sleep(0.001) end
check.in_threads(4, function(i) (i % 2 == 0 and x or y):with(math.abs, 1) end)
print(sleeper:join()) -- expect: true
print(reader:join()) -- expect: true	line

-- Many in one queue, joined in a row.
local threads = {}
x:acquire()
for i = 1, check.scaled(200) do
  local before = threads[i - 1]
  threads[i] = thread.start(function()
    x:with(math.abs, 1)
    if before then assert(before:join()) end
  end)
end
x:release()
assert(threads[#threads]:join())
check.join_all(threads)

-- Daemons may wait for ever: for a lock that the ended program still holds, or with nobody to wake them.
y:acquire()
thread.new { target = function() y:acquire() end, daemon = true }:start()
time.sleep(0.01)
print "the end" -- expect: the end
