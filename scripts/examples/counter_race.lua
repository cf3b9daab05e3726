-- The textbook race: several threads add to one counter without a lock, and some of the additions are lost.
--
--   gilvm scripts/examples/counter_race.lua [THREADS [INCREMENTS]]
--
-- After: `counter += 1` in ten threading.Threads.
-- `counter = counter + 1` is three instructions: read, add, write. A thread that loses the GIL between its read and
-- its write later puts an old value back, and undoes what the others have added meanwhile. Try next:
--   --policy cpython:interval=50us   switches a hundred times as often as the usual 5ms, and loses far more
--   --checkpoint=line                switches between lines only, in effect what CPython does since 3.10: the program
--                                    is as wrong as before, but nobody can see it any more
--   counter_lock.lua                 the repair
local thread = require "gilvm.thread"

local threads = math.tointeger(arg[1] or 10)
local increments = math.tointeger(arg[2] or 100000)

counter = 0

local function increment_counter()
  for _ = 1, increments do
    counter = counter + 1 -- not safe
  end
end

local running = {}
for i = 1, threads do running[i] = thread.start(increment_counter) end
for _, t in ipairs(running) do t:join() end

local expected = threads * increments
print("Expected " .. expected .. ", actual " .. counter .. ", lost " .. expected - counter .. ".")
