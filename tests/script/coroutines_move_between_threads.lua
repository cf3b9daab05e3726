-- A coroutine made by one thread may be resumed by another: each resume runs on the thread that asked for it.
-- args:
-- args: --policy cpython:interval=50us
-- args: --policy fifo:interval=50us
-- args: --policy cpython2:check=5
-- args: --checkpoint=line --policy cpython:interval=50us
local check = require "check"
local thread = require "gilvm.thread"

-- Created here, resumed there, finished here again.
local co = coroutine.create(function(a)
  local b = coroutine.yield(a, thread.current().name)
  local c = coroutine.yield(b, thread.current().name)
  return c, thread.current().name
end)
local function resume_in(name, value)
  local t = thread.new { target = coroutine.resume, args = { co, value }, name = name }
  t:start()
  return select(2, assert(t:join()))
end
check.results(table.pack(resume_in("first", 1)), true, 1, "first")
check.results(table.pack(resume_in("second", 2)), true, 2, "second")
check.results(table.pack(coroutine.resume(co, 3)), true, 3, thread.current().name)
check.equal(coroutine.status(co), "dead")

-- A pool of generators passed from thread to thread, while all of them are preempted inside.
local generators, rounds = {}, check.scaled(300)
for i = 1, 8 do
  generators[i] = { busy = false, seen = 0, next = coroutine.wrap(function()
    local n = 0
    while true do
      for _ = 1, 50 do end
      n = n + 1
      coroutine.yield(n)
    end
  end) }
end
local lock = thread.lock()
check.in_threads(4, function(me)
  for round = 1, rounds do
    local one = generators[(me * 3 + round) % #generators + 1]
    local _ <close> = lock:guard()
    one.seen = one.seen + 1
    assert(one.next() == one.seen)
  end
end)
local sum = 0
for _, one in ipairs(generators) do sum = sum + one.seen end
check.equal(sum, 4 * rounds)

-- Two threads that resume the same coroutine at the same time: one of them runs it, the other gets an error.
local running, go_on = false, false
co = coroutine.create(function() running = true while not go_on do end return "done" end)
local t = thread.start(coroutine.resume, co)
while not running do end
check.equal(coroutine.status(co) == "suspended", false)
local ok, err = coroutine.resume(co)
check.equal(ok, false)
check.equal(err, "cannot resume non-suspended coroutine")
check.raises("cannot close a %a+ coroutine", coroutine.close, co)
go_on = true
check.results(table.pack(t:join()), true, true, "done")

-- Closed by another thread than the one it was made in, its variables are closed there.
local closed_by
t = thread.start(function()
  local pending = coroutine.create(function()
    local x <close> = setmetatable({}, { __close = function() closed_by = thread.current().name end })
    coroutine.yield()
  end)
  coroutine.resume(pending)
  return pending
end)
local _, pending = assert(t:join())
check.equal(coroutine.close(pending), true)
check.equal(closed_by, thread.current().name)
print "ok" -- expect: ok
