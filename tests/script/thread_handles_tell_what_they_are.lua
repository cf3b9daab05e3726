-- Names, idents, states, who is there; and what cannot be meant is an error that says so.
local check = require "check"
local thread = require "gilvm.thread"
local time = require "gilvm.time"
local gilvm = require "gilvm"

assert(gilvm.thread == thread and gilvm.time == time and gilvm.gil == require "gilvm.gil")
assert(_G.gilvm == nil and _G.thread == nil)
check.results(table.pack(gilvm.worker()), 1, 1)

local main = thread.current()
assert(main == thread.main() and main == thread.list()[1] and #thread.list() == 1)
print(main, main.ident, main.daemon, main:is_alive()) -- expect: thread: 'main' (running)	1	false	true

local go, seen = false, nil
local t = thread.new {
  target = function(...)
    seen = table.pack(thread.current(), ...)
    while not go do time.sleep(0.001) end
  end,
  args = { 1, nil, 3, n = 4 },
  name = "worker",
  daemon = true,
}
print(t, t.ident, t.daemon, t:is_alive()) -- expect: thread: 'worker' (not started, daemon)	nil	true	false
check.raises("cannot be joined before it is started", t.join, t)
t.daemon = false
check.equal(t:start(), t)
while not seen do time.sleep(0.001) end
assert(seen[1] == t)
check.results(table.pack(table.unpack(seen, 2, seen.n)), 1, nil, 3, nil)
t.name = "renamed"
print(t, math.type(t.ident), thread.list()[2] == t) -- expect: thread: 'renamed' (running)	integer	true
check.raises("daemon can only be set before the start", function() t.daemon = true end)
check.raises("has been started already", t.start, t)
go = true
t:join()
print(t, #thread.list()) -- expect: thread: 'renamed' (finished)	1
check.raises("has been started already", t.start, t)
print(thread.start(function() end)) -- expect-match: ^thread: 'thread%-1' %(%w+%)$
local failing = thread.start(error)
failing:join()
print(failing) -- expect: thread: 'thread-2' (failed)

-- A thread inherits being a daemon from the one that starts it, as in Python.
local inherited
local d = thread.new { target = function() inherited = thread.start(function() end).daemon end, daemon = true }
d:start():join()
check.equal(inherited, true)

check.raises("cannot join itself", main.join, main)
check.raises("cannot join itself", function() thread.current():join() end)
local _, err = thread.start(function() main:join() end):join()
print(err) -- expect-match: the main thread cannot be joined: it ends after all others$
check.raises("function expected, got no value", thread.start)
check.raises("must be a function, not number", thread.start, 42)
check.raises("field 'target' must be a function, not nil", thread.new, {})
check.raises("field 'args' must be a table", thread.new, { target = print, args = 1 })
check.raises("field 'name' must be a string", thread.new, { target = print, name = 1 })
check.raises("field 'daemon' must be true or false", thread.new, { target = print, daemon = 1 })
check.raises("no field 'nmae'; it has: target, args, name, daemon", thread.new, { target = print, nmae = "x" })
check.raises("no field 'colour' that can be set", function() main.colour = "red" end)
check.raises("timeout must not be negative", failing.join, failing, -1)
check.raises("timeout is not a number", failing.join, failing, 0 / 0)
check.raises("number expected", failing.join, failing, "soon")
check.raises("gilvm.thread expected", failing.join, {})
