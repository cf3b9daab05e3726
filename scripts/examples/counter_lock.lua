-- The counter race repaired: a thread adds only while it holds a lock, and no addition is ever lost.
--
--   gilvm scripts/examples/counter_lock.lua [THREADS [INCREMENTS]]
--
-- After: `with lock: counter += 1` and threading.Lock.
-- Three ways to hold a lock; the first two let go of it on every way out of the block, an error included.
-- Try next: --policy cpython:interval=50us (as counter_race.lua loses), and --stats: the cause "lock" is the price.
local thread = require "gilvm.thread"

local threads = math.tointeger(arg[1] or 10)
local increments = math.tointeger(arg[2] or 10000)

counter = 0

local lock = thread.lock "counter"

local function add_one()
  counter = counter + 1
end

local ways = {
  function() -- Python's `with lock:`
    local _ <close> = lock:guard()
    add_one()
  end,
  function()
    lock:with(add_one)
  end,
  function() -- by hand: an error between the two would leave the lock taken
    lock:acquire()
    add_one()
    lock:release()
  end,
}

local function safe_increment(increment)
  for _ = 1, increments do increment() end
end

local running = {}
for i = 1, threads do running[i] = thread.start(safe_increment, ways[i % #ways + 1]) end
for _, t in ipairs(running) do t:join() end

local expected = threads * increments
print("Expected " .. expected .. ", actual " .. counter .. ", lost " .. expected - counter .. ".")
