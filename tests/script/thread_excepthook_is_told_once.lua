-- thread.excepthook hears of an error when nobody can join any more: when the handle is collected, or at the end. With a
-- hook that takes care of it, the program has not failed.
-- args:
-- args: --policy cpython:interval=50us
local check = require "check"
local thread = require "gilvm.thread"

local told, standard = {}, thread.excepthook
check.equal(type(standard), "function")
function thread.excepthook(err, traceback, t)
  assert(traceback:find "^stack traceback:")
  told[#told + 1] = { err, t.name }
  if #told == 3 then print("at the end:", err, t) end
end

local object = {}
local function fail_without_a_handle()
  local t = thread.new { target = error, args = { object }, name = "dropped" }:start()
  while t:is_alive() do require "gilvm.time".sleep(0.001) end
end
fail_without_a_handle()
fail_without_a_handle()
collectgarbage()
collectgarbage()
check.equal(#told, 2)
assert(told[1][1] == object and told[2][1] == object and told[1][2] == "dropped")

last = thread.new { target = error, args = { "kept", 0 }, name = "kept" }:start()
print "done"
-- expect: done
-- expect: at the end:	kept	thread: 'kept' (failed)
