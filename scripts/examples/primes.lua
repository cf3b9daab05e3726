-- Counts the primes below N: work for the processor only, and the program to see what the GIL costs.
--
--   gilvm compare -j 2 scripts/examples/primes.lua [N]
--   gilvm -j 2 --as processes scripts/examples/primes.lua [N]
--
-- After: count_primes_in_range, which the tutorials divide among multiprocessing.Processes.
-- Written once, for any number of copies: the numbers are dealt out to them in blocks, like cards, since larger ones
-- take longer and halves of the range would not be halves of the work. A copy that is alone has all of them.
-- Try next: sleepers.lua and mixed.lua, for which `compare` gives other advice.
local gilvm = require "gilvm"

local limit = math.tointeger(arg[1] or 3000000)
local block = 1000

local function is_prime(n)
  if n < 2 then return false end
  for divisor = 2, math.floor(math.sqrt(n)) do
    if n % divisor == 0 then return false end
  end
  return true
end

local copy, copies = gilvm.worker()

local count = 0
for first = (copy - 1) * block, limit - 1, copies * block do
  for n = first, math.min(first + block, limit) - 1 do
    if is_prime(n) then count = count + 1 end
  end
end

print(string.format("Copy %d of %d: %d primes in its share of the numbers below %d.", copy, copies, count, limit))
