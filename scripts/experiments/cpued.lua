-- The I/O boost: a thread that computes, and sleeps for nothing every millisecond, counts as I/O and starves the
-- others.
-- lab: --policies cpython,beazley,bfs,fair --runs 3
--
--   gilvm lab cpued
--
-- Claim:  bpo-7946: under Beazley's priority lock two threads that only compute get nothing beside one that computes
--         as much but sleeps 0 every millisecond ("cpued").
-- Here:   that, but a sleep of 1 us, which Linux makes some 50 us: after a sleep of nothing the thread has its lock
--         back before anybody else could take it. All three mark the same unit of work.
-- Shows:  fairness is 0.39 under beazley, where one of three having everything would be 0.33; 0.87 under cpython, and
--         1 under bfs and fair, which remember what a thread has had.
local gil, thread, time = require "gilvm.gil", require "gilvm.thread", require "gilvm.time"

local scale = tonumber(os.getenv "GILVM_TEST_SCALE") or 1
local finish = time.monotonic() + math.max(scale, 0.3)

local function unit()
  for _ = 1, 2000 do end
  gil.tick()
end

local function compute()
  repeat unit() until time.monotonic() >= finish
end

local function compute_and_sleep()
  repeat
    local pause = time.monotonic() + 0.001
    repeat unit() until time.monotonic() >= pause
    time.sleep(0.000001)
  until time.monotonic() >= finish
end

local threads = { thread.start(compute), thread.start(compute), thread.start(compute_and_sleep) }
for _, t in ipairs(threads) do t:join() end
