-- gil.tick, gil.latency and gil.measure: what a script says of its progress comes back in gil.stats().
local check = require "check"
local gil = require "gilvm.gil"
local thread = require "gilvm.thread"

local function work(units)
  for _ = 1, 100 do
    local _ <close> = gil.measure "step"
    gil.tick(units)
  end
  gil.tick()
end
check.join_all { thread.start(work, 1), thread.start(work, 5), thread.start(work, 0) }
gil.latency("other", 0.25)
gil.latency("other", 0)

local stats = gil.stats()
local done = {}
for _, t in ipairs(stats.threads) do done[#done + 1] = t.work end
check.equal(table.concat(done, " "), "0 101 501 1", "units of work by thread")
local latencies = stats.gils[1].latencies
check.equal(latencies.step.count, 300, "measured steps")
check.equal(latencies.other.count, 2)
check.equal(latencies.other.max_s, 0.25)
check.equal(latencies.other.p50_s, 0.0)
check.equal(latencies.step.p50_s <= latencies.step.p99_s and latencies.step.p99_s <= latencies.step.max_s, true)
check.equal(math.type(stats.gils[1].waits.count), "integer")
check.equal(stats.gils[1].handover_s >= 0, true)

-- An operation that fails took its time as well; one that is closed twice counts once.
check.equal(pcall(function() local _ <close> = gil.measure "step" error "boom" end), false)
check.equal(gil.stats().gils[1].latencies.step.count, 301)
do
  local twice = gil.measure "twice"
  do local _ <close> = twice end
  do local _ <close> = twice end
end
check.equal(gil.stats().gils[1].latencies.twice.count, 1)

for i = 1, 29 do gil.latency("n" .. i, 0) end
local function fails(pattern, f, ...)
  local ok, message = pcall(f, ...)
  check.equal(ok, false, pattern)
  check.equal(tostring(message):find(pattern, 1, true) ~= nil, true, message)
end
fails("there are 32 names already", gil.latency, "one too many", 1)
fails("whole number from 0", gil.tick, -1)
fails("no integer representation", gil.tick, 0.5)
fails("1 to 31 bytes", gil.latency, "", 1)
fails("1 to 31 bytes", gil.measure, ("x"):rep(32))
fails("must not be negative", gil.latency, "other", -1)
fails("not a number", gil.latency, "other", 0 / 0)
fails("at most 1e9 seconds", gil.latency, "other", math.huge)
fails("number expected", gil.latency, "other")
print "ok" -- expect: ok
