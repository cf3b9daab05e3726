-- Priority and tickets: given at the start or set at any time, read back, and refused when they make no sense.
local check = require "check"
local thread = require "gilvm.thread"
local gil = require "gilvm.gil"

local main = thread.current()
print(main.priority, main.tickets) -- expect: 0	100
main.priority, main.tickets = -3, 1
print(main.priority, main.tickets) -- expect: -3	1
main.priority, main.tickets = 0, 100

local stop = false
local t = thread.new { target = function() while not stop do end end, priority = 2, tickets = 300 }
print(t.priority, t.tickets) -- expect: 2	300
t.priority = 3.0
t:start()
print(t.priority, t.tickets, math.type(t.priority)) -- expect: 3	300	integer
t.tickets = 1000000
stop = true
check.join_all { t }
t.priority = 20
print(t.priority, t.tickets) -- expect: 20	1000000

local function nothing() end
check.raises("field 'priority' is 21, outside the range %-20 to 20", thread.new, { target = nothing, priority = 21 })
check.raises("field 'priority' must be a whole number, not 1.5", thread.new, { target = nothing, priority = 1.5 })
check.raises("field 'priority' must be a whole number, not string", thread.new, { target = nothing, priority = "1" })
check.raises("field 'tickets' is 0, outside the range 1 to 1000000", thread.new, { target = nothing, tickets = 0 })
check.raises("field 'tickets' is %-5, outside", function() t.tickets = -5 end)
check.raises("field 'tickets' must be a whole number, not nil", function() t.tickets = nil end)
check.raises("field 'priority' must be a whole number, not nan", function() t.priority = math.abs(0 / 0) end)
check.raises("it has: target, args, name, daemon, priority, tickets", thread.new, { target = nothing, prio = 1 })
check.raises("it has: name, daemon, priority, tickets", function() t.ticket = 1 end)

-- Under stride, three quarters of the tickets are three quarters of the time: the share is seen, the clock is not.
gil.policy "stride:quantum=500us"
local done, counts = false, { 0, 0 }
local function count(i)
  while not done do counts[i] = counts[i] + 1 end
end
local many = thread.new { target = count, args = { 1 }, tickets = 900 }:start()
local few = thread.new { target = count, args = { 2 }, tickets = 100 }:start()
main.tickets = 1
while counts[1] < check.scaled(2000000) or counts[2] == 0 do gil.yield() end
done = true
check.join_all { many, few }
print(os.getenv "GILVM_TEST_SCALE" ~= nil or counts[1] > counts[2]) -- expect: true
