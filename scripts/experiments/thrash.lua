-- Multicore thrash: a lock that is let go every 100 instructions makes two threads slower than one after the other.
-- lab: --policies cooperative,cpython,cpython2 --runs 3
--
--   gilvm lab thrash
--   taskset -c 0 gilvm lab thrash      the same on one CPU
--
-- Claim:  D. Beazley, Understanding the Python GIL, PyCon 2010: a countdown takes 7.8 s sequentially and 15.4 s with
--         two threads on four cores, and 11.3 and 11.6 s with one CPU enabled.
-- Here:   two threads count down, half each. `cooperative` is the sequential run: nobody is asked to let go, and the
--         threads run one after the other.
-- Shows:  on 2 CPUs, cpython2 gets 17 % of the sequential run done, and for 48 % of the time somebody waits and
--         nobody runs; cpython keeps 98 %. On one CPU cpython2 keeps 33 %, as it does with a single thread: so much does
--         counting Lua's quick instructions cost by itself. The second CPU makes it twice as slow, as in the claim.
local gil, thread = require "gilvm.gil", require "gilvm.thread"

local scale = tonumber(os.getenv "GILVM_TEST_SCALE") or 1
local thousands = math.max(math.floor(15000 * scale), 4000)

local function count_down()
  for _ = 1, thousands do
    local k = 1000
    while k > 0 do k = k - 1 end
    gil.tick()
  end
end

local a, b = thread.start(count_down), thread.start(count_down)
a:join()
b:join()
