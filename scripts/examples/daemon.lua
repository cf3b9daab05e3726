-- A daemon thread works in the background and does not keep the program alive: when main is done, it is left behind.
--
--   gilvm scripts/examples/daemon.lua [UNIT]      UNIT: seconds, 1 if not given
--
-- After: threading.Thread(daemon=True).
-- Try next: take `daemon = true` away; the program then lasts until all five numbers are printed.
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local unit = tonumber(arg[1]) or 1

local function print_numbers(name, delay)
  for i = 1, 5 do
    time.sleep(delay)
    print(name .. ": " .. i)
  end
end

thread.new { target = print_numbers, args = { "Daemon", unit }, daemon = true }:start()

time.sleep(2.5 * unit)
print "Main thread is leaving, the daemon is not waited for."
