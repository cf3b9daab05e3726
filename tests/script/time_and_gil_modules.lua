-- gilvm.time and gilvm.gil: values in range, errors that say what would have been right.
local check = require "check"
local thread = require "gilvm.thread"
local time = require "gilvm.time"
local gil = require "gilvm.gil"

local before = time.monotonic()
time.sleep(0.02)
assert(time.monotonic() - before >= 0.02)
assert(math.abs(time.now() - os.time()) <= 2)
check.results(table.pack(time.sleep(0)))
check.raises("sleep length must not be negative", time.sleep, -0.001)
check.raises("sleep length is not a number", time.sleep, 0 / 0)
check.raises("number expected, got no value", time.sleep)
check.raises("number expected, got nil", time.sleep, nil)

-- A thread alone keeps the lock; with another one that waits, a yield lets that run.
check.equal(gil.yield(), false)
local ran = 0
local t = thread.start(function() ran = ran + 1 end)
gil.policy "fifo:interval=3600s"
while ran == 0 do gil.yield() end
t:join()

check.equal(gil.policy "cpython", "cpython:interval=5ms")
check.equal(gil.switch_interval(), 0.005)
gil.switch_interval(0.0001)
check.equal(gil.policy(), "cpython:interval=100us")
check.raises("an interval of 0.0 seconds is outside the range 1us to", gil.switch_interval, 0)
check.raises("outside the range", gil.switch_interval, 0 / 0)
check.raises("outside the range", gil.switch_interval, 1e9)
check.raises("there is no policy 'nobody'; there are: cpython", gil.policy, "nobody")
check.raises("interval=5: a time is a number with its unit", gil.policy, "cpython:interval=5")
check.equal(gil.policy(), "cpython:interval=100us", "a refused policy changes nothing")
gil.policy "cooperative"
check.equal(gil.switch_interval(), nil)
check.raises("policy 'cooperative' has no interval to set", gil.switch_interval, 1)

thread.new { target = time.sleep, args = { 0.01 }, name = "sleeper" }:start():join()
local stats = gil.stats()
check.equal(stats.gils[1].policy, "cooperative")
local sum = 0
for _, n in pairs(stats.gils[1].by_cause) do sum = sum + n end
check.equal(sum, stats.gils[1].switches)
assert(stats.gils[1].switches > 0 and stats.gils[1].by_cause.exit > 0)
local names = {}
for _, one in ipairs(stats.threads) do
  names[one.name] = one
  assert(one.hold_s >= 0 and one.wait_s >= one.longest_wait_s and one.acquisitions > 0 and type(one.waited_on) == "table")
end
assert(names.main and names.sleeper and names.main.hold_s > 0)
print "ok" -- expect: ok
