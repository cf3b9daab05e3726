-- scripts/bench/sleepers_body.lua - prints how many seconds a piece of work takes while arg[1] threads sleep.
local thread = require "gilvm.thread"
local time = require "gilvm.time"

for _ = 1, tonumber(arg[1]) do
  thread.new({target = time.sleep, args = {1000}, daemon = true}):start()
end
time.sleep(0.1) -- they are all asleep

local start, x = time.monotonic(), 0
for i = 1, 60000000 do x = (x + i * 7) % 1000003 end
print(time.monotonic() - start)
