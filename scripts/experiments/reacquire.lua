-- Release, then reacquire: a thread that gives way and competes again at once wins the race for its own lock.
-- lab: --policies ocaml4,ocaml,cpython2,fifo --runs 3
--
--   gilvm lab reacquire
--   gilvm --policy ocaml4 scripts/experiments/reacquire.lua      how many of the yields gave way
--
-- Claim:  OCaml issue 2112: Thread.yield of OCaml 4 (release, sleep 1 ns, acquire) is unfair, and came to be replaced
--         by one that waits until another thread has had the lock. Ticks of CPython 2 release and acquire with
--         nothing in between: D. Beazley, Understanding the Python GIL, PyCon 2010.
-- Here:   two threads compute and yield after each unit. The table's operations are a thread's turns: from a yield
--         that gave way to the next one that did.
-- Shows:  all yields give way under ocaml and fifo, none in a hundred under cpython2, whose turns last a thousand
--         microseconds instead of 4. Under ocaml4 it depends on the machine: where a waiter wakes within the some 50
--         us that sleeping 1 ns takes on Linux, all yields give way; on a busy machine 59 %.
local gil, thread, time = require "gilvm.gil", require "gilvm.thread", require "gilvm.time"

local scale = tonumber(os.getenv "GILVM_TEST_SCALE") or 1
local finish = time.monotonic() + math.max(0.6 * scale, 0.2)
local yields, gave_way = 0, 0

local function compute()
  local begun = time.monotonic()
  repeat
    for _ = 1, 2000 do end
    gil.tick()
    yields = yields + 1
    local before = time.monotonic()
    if gil.yield() then
      gave_way = gave_way + 1
      gil.latency("turn", before - begun)
      begun = time.monotonic()
    end
  until time.monotonic() >= finish
end

local threads = { thread.start(compute), thread.start(compute) }
for _, t in ipairs(threads) do t:join() end
print(("%d yields, %.0f %% gave way"):format(yields, 100 * gave_way / yields))
