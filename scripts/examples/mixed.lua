-- Half computing, half waiting: each page is fetched (a pause) and then parsed (work).
--
--   gilvm compare -j 4 scripts/examples/mixed.lua [PAGES [WORDS]]
--
-- After: the case that the tutorials leave open between "I/O-bound: threads" and "CPU-bound: processes".
-- Threads hide the waiting behind the work of the others, and stop gaining when one of them always computes.
-- Try next: a larger -j, and --stats to see how long each thread waited for the GIL after its pauses.
local gilvm = require "gilvm"
local time = require "gilvm.time"

local pages = math.tointeger(arg[1] or 10)
local words_per_page = math.tointeger(arg[2] or 400000)

local function fetch()
  time.sleep(0.03)
  return string.rep("word ", words_per_page)
end

local function parse(page)
  local words = 0
  for _ in page:gmatch "%a+" do words = words + 1 end
  return words
end

local words = 0
for _ = 1, pages do
  words = words + parse(fetch())
end

local copy, copies = gilvm.worker()
print("Copy " .. copy .. " of " .. copies .. ": " .. words .. " words on " .. pages .. " pages.")
