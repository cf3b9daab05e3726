-- The same script twice, as two processes: each finds out which copy it is, and squares its own numbers.
--
--   gilvm -j 2 --as processes scripts/examples/square_numbers.lua [SECONDS]      SECONDS: a pause, 0.5 if not given
--
-- After: the first program of every tutorial on multiprocessing (two Processes, A and B).
-- Processes share nothing: nobody sees the numbers of the other. Try next: --as threads, --as interpreters, and -j 3.
local gilvm = require "gilvm"
local time = require "gilvm.time"

local pause = tonumber(arg[1] or 0.5)
local copy = gilvm.worker()
local name = string.char(string.byte "A" + copy - 1)

for number = 3 * copy - 2, 3 * copy do
  time.sleep(pause)
  print("Process " .. name .. ": " .. number .. "^2 = " .. number * number)
end
