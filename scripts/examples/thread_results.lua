-- What a thread's function returns comes back through join, and so does what it raises.
--
--   gilvm scripts/examples/thread_results.lua
--
-- After: what Python has to hand over in a list or a queue, since Thread.join returns None there.
-- Try next: leave the last join away; the error is then reported by thread.excepthook when the thread ends.
local thread = require "gilvm.thread"

local function divide(a, b)
  if b == 0 then error { code = "division by zero", dividend = a } end
  return a // b, a % b
end

local ok, quotient, remainder = thread.start(divide, 17, 5):join()
print("17 / 5:", ok, quotient, remainder)

-- The error is the very table that was raised, not a text made of it.
local failed, err, traceback = thread.start(divide, 17, 0):join()
print("17 / 0:", failed, err.code, err.dividend)
print("raised in line " .. traceback:match "thread_results%.lua:(%d+)")

-- A join may give up waiting; the thread goes on.
local sleeper = thread.start(function()
  require "gilvm.time".sleep(0.1)
  return "slept well"
end)
print("at once:", sleeper:join(0))
print("later:  ", sleeper:join())
