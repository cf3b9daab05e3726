-- Half computing, half waiting: each page is fetched (a pause) and then parsed (work).
--
--   gilvm compare -j 4 scripts/examples/mixed.lua [PAGES]
--
-- After: the case that the tutorials leave open between "I/O-bound: threads" and "CPU-bound: processes".
-- Threads hide the waiting behind the work of the others, and stop gaining when one of them always computes.
-- Try next: a larger -j, and --stats to see how long each thread waited for the GIL after its pauses.
local gilvm = require "gilvm"
local time = require "gilvm.time"

local pages = math.tointeger(arg[1] or 10)

local function fetch(number)
  time.sleep(0.03)
  return string.rep("<p>page " .. number .. "</p>", 120000)
end

local function parse(page)
  local words = 0
  for _ in page:gmatch "%a+" do words = words + 1 end
  return words
end

local words = 0
for number = 1, pages do
  words = words + parse(fetch(number))
end

local copy, copies = gilvm.worker()
print("Copy " .. copy .. " of " .. copies .. ": " .. words .. " words on " .. pages .. " pages.")
