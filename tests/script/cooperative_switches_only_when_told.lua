-- Under the cooperative policy a thread that does not wait is never interrupted; gil.yield and waiting let others in.
-- args: --policy cooperative
local check = require "check"
local thread = require "gilvm.thread"
local gil = require "gilvm.gil"
local time = require "gilvm.time"

local other = 0
local t = thread.start(function() while other < 3 do other = other + 1 gil.yield() end end)
for _ = 1, check.scaled(3000000) do end
check.equal(other, 0, "progress of the other thread while main spins")

while other < 3 do gil.yield() end
check.equal(other, 3, "progress of the other thread while main yields")
check.join_all { t }

local slept = false
local sleeper = thread.start(function() slept = true end)
for _ = 1, check.scaled(1000000) do end
check.equal(slept, false, "start does not run the new thread at once")
time.sleep(0)
check.join_all { sleeper }
check.equal(slept, true)
print "ok" -- expect: ok
