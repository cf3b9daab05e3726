-- A sum of squares, divided among threads: right, and no faster, because all of them need the GIL to add.
--
--   gilvm scripts/examples/parallel_sum.lua [THREADS [N]]
--
-- After: heavy_computation, `sum(i * i for i in range(n))`, which the tutorials give to a multiprocessing.Pool.
-- Every thread sums into a local variable of its own and returns it: with nothing shared there is nothing to lock.
-- Try next: --stats, where the threads' times with the GIL add up to the time it all took; primes.lua for `compare`.
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local threads = math.tointeger(arg[1] or 4)
local n = math.tointeger(arg[2] or 20000000)

local function sum_of_squares(first, last)
  local sum = 0
  for i = first, last do sum = sum + i * i end
  return sum
end

local function timed(what, f)
  local start = time.monotonic()
  local sum = f()
  print(string.format("%-12s %d   (%.2f s)", what, sum, time.monotonic() - start))
end

timed("in one go:", function()
  return sum_of_squares(1, n)
end)

timed(threads .. " threads:", function()
  local parts = {}
  for i = 1, threads do
    parts[i] = thread.start(sum_of_squares, (i - 1) * n // threads + 1, i * n // threads)
  end
  local total = 0
  for _, part in ipairs(parts) do
    local _, sum = assert(part:join())
    total = total + sum
  end
  return total
end)
