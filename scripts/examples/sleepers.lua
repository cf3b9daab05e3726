-- Waits, as a program does that asks servers, disks or people: nearly no work for the processor.
--
--   gilvm compare -j 4 scripts/examples/sleepers.lua [REQUESTS [SECONDS]]
--
-- After: the I/O-bound half of every comparison of threading and multiprocessing.
-- Each copy makes its requests one after the other; each request sleeps. Threads are as good as processes here, for
-- much less memory. Try next: primes.lua, and a large -j: threads are cheap, processes are not.
local gilvm = require "gilvm"
local time = require "gilvm.time"

local requests = math.tointeger(arg[1] or 5)
local seconds = tonumber(arg[2] or 0.1)

for _ = 1, requests do
  time.sleep(seconds)
end

local copy, copies = gilvm.worker()
print("Copy " .. copy .. " of " .. copies .. ": " .. requests .. " requests answered.")
