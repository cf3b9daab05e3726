-- The dining philosophers repaired: forks are taken in the order of their numbers, so the waits can form no circle.
--
--   gilvm scripts/examples/dining_philosophers.lua [PHILOSOPHERS [MEALS]]
--
-- After: Dijkstra's own solution of 1965, the resource hierarchy. See dining_deadlock.lua for what it prevents.
-- Try next: take left and right as they come (remove the swap), and --stats: the cause "lock" is what it costs.
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local count = math.tointeger(arg[1] or 5)
local meals = math.tointeger(arg[2] or 3)

local forks, eaten = {}, {}
for i = 1, count do
  forks[i] = thread.lock("fork-" .. i)
  eaten[i] = 0
end

local function dine(me)
  local first, second = me, me % count + 1
  if first > second then first, second = second, first end -- the last philosopher takes the right fork first
  for _ = 1, meals do
    local _ <close> = forks[first]:guard()
    time.sleep(0.002)
    local _ <close> = forks[second]:guard()
    eaten[me] = eaten[me] + 1
  end
end

local philosophers = {}
for i = 1, count do philosophers[i] = thread.start(dine, i) end
for i, philosopher in ipairs(philosophers) do
  assert(philosopher:join())
  print("philosopher-" .. i .. " has eaten " .. eaten[i] .. " times")
end
