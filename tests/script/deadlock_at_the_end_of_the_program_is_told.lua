-- The script has ended with a lock that a thread waits for: whoever of the two comes last says so, and the program ends.
-- args: --policy cooperative
-- timeout: 20
-- exit: 1
-- expect-stderr: gilvm: deadlock: 'main' waits for the end of 'a', who waits for lock 'x' (
-- expect-stderr: .lua:19), held by 'main' since
-- expect-stderr: gilvm: thread 'b': 
-- expect-stderr: deadlock: 'b' waits for lock 'x' (
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local x = thread.lock "x"
x:acquire()

-- `a` is blocked before main begins to wait, `b` after.
local arrived = false
thread.new { name = "a", target = function()
  arrived = true
  local _ <close> = x:guard()
end }:start()
while not arrived do time.sleep(0.001) end
thread.new { name = "b", target = function()
  time.sleep(0.1)
  local _ <close> = x:guard()
end }:start()
thread.new { name = "c", target = function()
  time.sleep(0.2)
  print "c is waited for" -- expect: c is waited for
end }:start()
