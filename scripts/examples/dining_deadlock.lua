-- Dijkstra's dining philosophers, as one writes them first: each takes the left fork, then the right one. When all hold
-- their left fork, all wait for ever; but gilvm tells the last of them.
--
--   gilvm scripts/examples/dining_deadlock.lua [PHILOSOPHERS [PAUSE]]
--
-- The pause between the two forks makes sure of it; without it the program works, until one day it does not.
-- Try next: --deadlock=report to be told and hang all the same (Ctrl-C ends it), --deadlock=ignore to hang as elsewhere,
-- and dining_philosophers.lua, which repairs it.
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local count = math.tointeger(arg[1] or 5)
local pause = tonumber(arg[2] or 0.05)

local forks = {}
for i = 1, count do forks[i] = thread.lock("fork-" .. i) end

local function dine(left, right)
  local _ <close> = left:guard()
  time.sleep(pause) -- thinks about how to hold a fork
  local _ <close> = right:guard()
  return "has eaten"
end

local philosophers = {}
for i = 1, count do
  philosophers[i] = thread.new {
    name = "philosopher-" .. i,
    target = dine,
    args = { forks[i], forks[i % count + 1] },
  }:start()
end

-- The one who was told has put down its fork with its error; so all others come to eat.
for _, philosopher in ipairs(philosophers) do
  local ok, result = philosopher:join()
  print(philosopher.name .. (ok and " " or " has not eaten: ") .. result)
end
