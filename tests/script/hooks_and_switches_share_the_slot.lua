-- A script's own hooks go on firing while threads are switched, each sees its own thread, and none is lost or leaked.
-- args:
-- args: --policy cpython:interval=50us
-- args: --policy fifo:interval=50us
-- args: --policy cpython2:check=10
-- args: --checkpoint=line --policy cpython:interval=50us
-- args: --checkpoint=line --policy cpython2
local check = require "check"
local thread = require "gilvm.thread"

-- Line hooks in all threads at once: each sees exactly the lines of its own code, as often as they run.
local rounds = check.scaled(2000)
check.in_threads(4, function(me)
  local seen = { 0, 0, 0 }
  local base = debug.getinfo(1, "l").currentline
  local function traced()
    local x = me
    x = x + 1
    return x
  end
  local function hook(event, line)
    assert(event == "line")
    if debug.getinfo(2, "f").func == traced then
      local index = line - base - 1
      seen[index] = seen[index] + 1
    end
  end
  debug.sethook(hook, "l")
  for _ = 1, rounds do traced() end
  local now, mask, count = debug.gethook()
  debug.sethook()
  check.results({ n = 3, now, mask, count }, hook, "l", 0)
  check.equal(table.concat(seen, " "), table.concat({ rounds, rounds, rounds }, " "))
end)

-- Call and return hooks come in pairs.
check.in_threads(4, function()
  local calls, returns = 0, 0
  local function callee() end
  debug.sethook(function(event)
    if debug.getinfo(2, "f").func ~= callee then return end
    if event == "call" then calls = calls + 1 else returns = returns + 1 end
  end, "cr")
  for _ = 1, rounds do callee() end
  debug.sethook()
  check.equal(calls, rounds, "call events")
  check.equal(returns, rounds, "return events")
end)

-- Count hooks: as many as the instructions make, give or take the hook's own and the one under way.
check.in_threads(4, function()
  local fired, n = 0, check.scaled(200000)
  debug.sethook(function() fired = fired + 1 end, "", 100)
  for _ = 1, n do end
  debug.sethook()
  assert(fired >= n // 100 - 1 and fired <= n // 100 * 1.2 + 2, fired .. " count events for " .. n .. " instructions")
end)

-- A thread with a hook is preempted all the same, and one without has none.
local stop, hooked = false, 0
local t = thread.start(function()
  debug.sethook(function() hooked = hooked + 1 end, "", 1000)
  while not stop do end
end)
local bare = thread.start(function()
  check.results(table.pack(debug.gethook()), nil)
  while not stop do end
end)
while hooked < 10 do end
check.results(table.pack(debug.gethook()), nil)
stop = true
check.join_all { t, bare }

-- A hook that raises an error ends its own thread's loop only.
local ok, err = thread.start(function()
  debug.sethook(function() error("enough", 0) end, "", 10000)
  while true do end
end):join()
check.equal(ok, nil)
check.equal(err, "enough")

-- A hook may wait: sleeping, locking and yielding the GIL are as good there as elsewhere.
local lock = thread.lock()
check.in_threads(4, function()
  local hits = 0
  debug.sethook(function()
    hits = hits + 1
    lock:with(require "gilvm.gil".yield)
    require "gilvm.time".sleep(0.0001)
  end, "", 100)
  for _ = 1, check.scaled(20000) do end
  debug.sethook()
  assert(hits > 0)
end)

-- Our hook never shows: what gethook says is what the script set, however often threads are switched.
check.in_threads(4, function()
  for _ = 1, check.scaled(20000) do
    local f = debug.gethook()
    if f ~= nil then error("gethook shows " .. tostring(f)) end
  end
end)

-- Hooks in coroutines of several threads.
check.in_threads(4, function()
  local hits = 0
  local co = coroutine.create(function()
    for _ = 1, check.scaled(20000) do end
    coroutine.yield()
    for _ = 1, check.scaled(20000) do end
  end)
  debug.sethook(co, function() hits = hits + 1 end, "", 100)
  assert(coroutine.resume(co))
  local half = hits
  assert(half >= check.scaled(20000) // 100 - 1)
  for _ = 1, check.scaled(20000) do end
  check.equal(hits, half)
  assert(coroutine.resume(co))
  assert(hits >= 2 * (check.scaled(20000) // 100) - 2)
end)
print "ok" -- expect: ok
