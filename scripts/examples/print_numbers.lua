-- Two threads print the numbers from 1 to 5, each at its own pace, and main waits for both.
--
--   gilvm scripts/examples/print_numbers.lua [UNIT]      UNIT: seconds, 1 if not given
--
-- After: the first program of every tutorial on Python's threading (Thread, start, join).
-- A sleeping thread lets go of the GIL, so both pauses pass at the same time. Try next: --stats, which shows that
-- nearly all switches have the cause "sleep".
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local unit = tonumber(arg[1]) or 1

local function print_numbers(name, delay)
  for i = 1, 5 do
    time.sleep(delay)
    print("Thread " .. name .. ": " .. i)
  end
end

local a = thread.start(print_numbers, "A", 1.0 * unit)
local b = thread.start(print_numbers, "B", 1.5 * unit)
a:join()
b:join()
print "Main thread finished."
