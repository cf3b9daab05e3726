-- The long quantum: with many threads that compute, each waits the sum of all the others' turns for its own.
-- lab: --policies ruby,ruby:quantum=10ms --runs 2
--
--   gilvm lab long_quantum
--
-- Claim:  Ruby's quantum is 100 ms. With 25 threads that compute, as a Sidekiq process may have them, a thread runs
--         again after 2.5 s (Sidekiq's advice to lower its concurrency; Ruby 3.4 has RUBY_THREAD_TIMESLICE for it).
-- Here:   25 threads compute for as long as each needs to get a turn. The waits for the lock are what it is about.
-- Shows:  the p99 of the waits is 2.42 s at 100 ms, and 242 ms at 10 ms: 24 turns of the others. Throughput is the
--         same.
local gil, thread, time = require "gilvm.gil", require "gilvm.thread", require "gilvm.time"

local scale = tonumber(os.getenv "GILVM_TEST_SCALE") or 1
local count = math.max(math.floor(25 * scale), 4)
local finish = time.monotonic() + count * 0.1 * 1.2

local function compute()
  repeat
    for _ = 1, 20000 do end
    gil.tick()
  until time.monotonic() >= finish
end

local threads = {}
for i = 1, count do threads[i] = thread.start(compute) end
for _, t in ipairs(threads) do t:join() end
