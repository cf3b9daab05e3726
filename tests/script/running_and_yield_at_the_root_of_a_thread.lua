-- A thread's own state is no coroutine: it cannot yield, and the message says so; its coroutines can.
local check = require "check"
local thread = require "gilvm.thread"

local function look()
  local me, is_main = coroutine.running()
  check.equal(type(me), "thread")
  check.equal(coroutine.status(me), "running")
  check.equal(coroutine.isyieldable(), false, "isyieldable at the root")
  check.raises("attempt to yield", coroutine.yield)
  check.raises("cannot close a running coroutine", coroutine.close, me)
  local ok, err = coroutine.resume(me)
  check.equal(ok, false)
  check.equal(err, "cannot resume non-suspended coroutine")
  coroutine.wrap(function()
    check.equal(coroutine.isyieldable(), true)
    check.equal(select(2, coroutine.running()), false)
    coroutine.yield()
  end)()
  return me, is_main
end

local main_state = look()
local t = thread.start(look)
local ok, worker_state = t:join()
assert(ok, worker_state)
assert(main_state ~= worker_state)

-- What is left of a finished thread's state must be of no use: not resumed, not crashed.
local resumed = coroutine.resume(worker_state, 1, 2, 3)
check.equal(resumed, false, "a finished thread's state can be resumed")

-- Nor may another thread resume or close one that is running.
local state, go_on
t = thread.start(function() state = coroutine.running() while not go_on do end return "end" end)
while not state do end
check.equal(coroutine.resume(state), false)
check.raises("cannot close", coroutine.close, state)
check.equal(coroutine.status(state) == "suspended", false, "a running thread's state looks suspended")
go_on = true
check.results(table.pack(t:join()), true, "end")
print "ok" -- expect: ok
