-- debug.sethook and gethook with one thread: the events that stock Lua gives, no more and no less.
local check = require "check"

check.results(table.pack(debug.gethook()), nil)

-- Line events: exactly the lines that run.
local lines = {}
local base = debug.getinfo(1, "l").currentline
local function traced()
  local x = 1
  for _ = 1, 2 do
    x = x + 1
  end
  return x
end
local function line_hook(event, line)
  if event == "line" and debug.getinfo(2, "f").func == traced then lines[#lines + 1] = line - base end
end
debug.sethook(line_hook, "l")
local hook, mask, count = debug.gethook()
traced()
debug.sethook()
check.equal(hook, line_hook)
check.equal(mask, "l")
check.equal(count, 0)
check.equal(table.concat(lines, " "), "2 3 4 3 4 3 6")
check.results(table.pack(debug.gethook()), nil)

-- Call, tail call and return events.
local events = {}
local function callee() end
local function caller() callee() return callee() end
debug.sethook(function(event)
  local f = debug.getinfo(2, "f").func
  if f == callee or f == caller then events[#events + 1] = event end
end, "cr")
caller()
debug.sethook()
check.equal(table.concat(events, ", "), "call, call, return, tail call, return")

-- Count events: one for so many instructions, the hook's own few among them.
local function count_events(every)
  local fired = 0
  local function loop() for _ = 1, 10000 do end end
  debug.sethook(function() fired = fired + 1 end, "", every)
  loop()
  debug.sethook()
  return fired
end
for _, every in ipairs { 50, 100, 1000 } do
  local fired, wanted = count_events(every), 10000 // every
  assert(fired >= wanted and fired <= wanted * 1.2, "count hook for every " .. every .. ": " .. fired .. " events")
end

local function nothing() end
debug.sethook(nothing, "crl", 7)
check.results(table.pack(debug.gethook()), nothing, "crl", 7)
debug.sethook(nothing, "") -- no events: no hook
check.results(table.pack(debug.gethook()), nil)

-- A hook may raise an error; it is one of the code it interrupts.
debug.sethook(function() error("from the hook", 0) end, "", 1000)
local ok, err = pcall(function() while true do end end)
debug.sethook()
check.equal(ok, false)
check.equal(err, "from the hook")

-- Hooks belong to a coroutine; setting one on another leaves ours alone.
local hits = { 0, 0 }
local co = coroutine.create(function() for _ = 1, 1000 do end coroutine.yield() for _ = 1, 1000 do end end)
debug.sethook(co, function() hits[2] = hits[2] + 1 end, "", 10)
check.results(table.pack(debug.gethook()), nil)
check.equal(type(debug.gethook(co)), "function")
coroutine.resume(co)
assert(hits[2] >= 100, "count hook of a coroutine")
debug.sethook(co)
local before = hits[2]
coroutine.resume(co)
check.equal(hits[2], before)

-- A coroutine does not inherit the hook function of its creator.
debug.sethook(function() hits[1] = hits[1] + 1 end, "", 10)
co = coroutine.create(function() for _ = 1, 1000 do end end)
local inherited = debug.gethook(co)
debug.sethook()
check.equal(inherited, nil)
before = hits[1]
coroutine.resume(co)
check.equal(hits[1], before)

-- No hook inside a hook.
local depth, deepest = 0, 0
debug.sethook(function()
  depth = depth + 1
  deepest = math.max(deepest, depth)
  for _ = 1, 100 do end
  depth = depth - 1
end, "", 10)
for _ = 1, 1000 do end
debug.sethook()
check.equal(deepest, 1)
print "ok" -- expect: ok
