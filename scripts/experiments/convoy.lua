-- The convoy: a thread that waits for I/O in between pays a whole interval each time it comes back to the lock.
-- lab: --runs 3
-- lab: --policies cpython:interval=100ms,cpython,cpython:interval=1ms,cpython:interval=100us,cpython:interval=10us
--
--   gilvm lab convoy
--
-- Claim:  V. Skvortsov, Python behind the scenes 13 (tenthousandmeters.com): a server that echoes 30,000 requests a
--         second answers 100 beside one thread that computes, and 50 and 30 beside two and four, at CPython's
--         interval of 5 ms. At 100 ms they are 5, 2 and 0; at 100 us 3,200, 1,700 and 1,000.
-- Here:   one byte goes through a FIFO to `cat` and back through another, while 1, 2 and 4 threads compute in a loop.
--         The table's operations are these round trips; units of work are what the loops did meanwhile.
-- Shows:  on 2 CPUs, a round trip waits for one interval, or two, with each further thread for as many more:
--
--           interval   100 ms     5 ms     1 ms   100 us    10 us     (p50 of a round trip)
--           beside 1   100 ms  5.11 ms  1.08 ms   160 us    65 us     (the first: p99)
--           beside 2   197 ms  10.2 ms  2.16 ms   287 us    72 us
--           beside 4   789 ms  40.6 ms  4.13 ms   541 us    58 us
--
--         At 10 us the loops keep 66 % of their throughput. The p50 misleads at long intervals: when the loops'
--         threads get no CPU, hundreds of round trips pass at once, which count as much as those that take 100 ms.
local gil, thread, time = require "gilvm.gil", require "gilvm.thread", require "gilvm.time"

local scale = tonumber(os.getenv "GILVM_TEST_SCALE") or 1
local seconds = math.max(0.3 * scale, 0.15) -- beside each number of loops; a round trip under way is finished

local base = os.tmpname()
local there, back = base .. ".there", base .. ".back"
assert(os.execute("mkfifo " .. there .. " " .. back))
local cat = io.popen("cat <" .. there .. " >" .. back, "w")
local out, input = assert(io.open(there, "w")), assert(io.open(back))
os.remove(base)
os.remove(there)
os.remove(back)
out:setvbuf "no"

-- They end by themselves at the latest, so that this ends also under policies that never ask them.
local stop, started, latest
local function compute()
  started = started + 1
  while not stop and time.monotonic() < latest do
    for _ = 1, 1000 do end
    gil.tick()
  end
end

local function echo(name)
  local _ <close> = gil.measure(name)
  out:write "x"
  assert(input:read(1) == "x")
end

for _, loops in ipairs { 1, 2, 4 } do
  local name, threads = loops == 1 and "beside 1" or "beside " .. loops, {}
  stop, started, latest = false, 0, time.monotonic() + 3 * seconds + 1
  for i = 1, loops do threads[i] = thread.start(compute) end
  repeat time.sleep(0.001) until started == loops
  local finish = time.monotonic() + seconds
  repeat echo(name) until time.monotonic() >= finish
  stop = true
  for _, t in ipairs(threads) do t:join() end
end
out:close()
input:close()
cat:close()
