-- The U-curve: a short interval makes threads answer soon and computing slow; a long one the other way round.
-- lab: --runs 3
-- lab: --policies cpython:interval=100ms,cpython,cpython:interval=1ms,cpython:interval=100us,cpython:interval=10us,cpython:interval=1us
--
--   gilvm lab u_curve
--   gilvm lab --chart u.svg u_curve
--
-- Claim:  V. Skvortsov, Python behind the scenes 13 (tenthousandmeters.com): a countdown shared by 1, 2, 4 and 8
--         threads takes 6.53, 6.58, 7.20 and 7.19 s at CPython's interval of 5 ms, and 6.89, 17.16, 31.68 and 86.44 s
--         at 1 us.
-- Here:   the same countdown, shorter. The table's operations are: how late a thread that slept comes back to the
--         lock beside one that computes ("delay"), and how long the countdown takes with so many threads. Units of
--         work are thousands of steps.
-- Shows:  on 2 CPUs, the delay is the interval, down to some 50 us, where waking a thread is what takes the time; and
--         with 2 to 8 threads the countdown takes as long as with one at 1 ms and above, a sixth longer at 100 us,
--         and 1.6 to 1.9 times as long at 10 us. Below, nothing gets worse than that, unlike in CPython: gilvm cannot
--         ask a holder more often than it can wake its waiters.
local gil, thread, time = require "gilvm.gil", require "gilvm.thread", require "gilvm.time"

local scale = tonumber(os.getenv "GILVM_TEST_SCALE") or 1
local thousands = math.max(math.floor(30000 * scale), 800) // 8 * 8
local sleeps = math.max(math.floor(30 * scale), 10)

local function count_down(n)
  for _ = 1, n do
    local k = 1000
    while k > 0 do k = k - 1 end
    gil.tick()
  end
end

-- It ends by itself at the latest, so that this ends also under policies that never ask it.
local stop, started, latest = false, false, time.monotonic() + 10
local computing = thread.start(function()
  started = true
  while not stop and time.monotonic() < latest do count_down(1) end
end)
repeat time.sleep(0.001) until started
for _ = 1, sleeps do
  local due = time.monotonic() + 0.0005
  time.sleep(0.0005)
  gil.latency("delay", math.max(time.monotonic() - due, 0))
end
stop = true
computing:join()

for _, n in ipairs { 1, 2, 4, 8 } do
  local _ <close> = gil.measure(n == 1 and "1 thread" or n .. " threads")
  local threads = {}
  for i = 1, n do threads[i] = thread.start(count_down, thousands // n) end
  for _, t in ipairs(threads) do t:join() end
end
