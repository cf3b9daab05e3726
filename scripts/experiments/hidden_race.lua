-- The hidden race: where a lock changes hands only between lines, `counter = counter + 1` never loses an update, and
-- the program is no less wrong.
-- lab: --policies cpython,cpython:interval=50us,random:interval=50us --runs 3
--
--   gilvm lab hidden_race
--   gilvm lab --checkpoint line hidden_race
--   gilvm --checkpoint line scripts/experiments/hidden_race.lua       the plain counts
--
-- Claim:  since CPython 3.10 the lock is let go only at calls and at the ends of loops (bpo-29988, Python/ceval.c:
--         eval_breaker), and the textbook race does not show any more.
-- Here:   four threads count without a lock: one counter in one line, another one in two. Units of work are the
--         updates that were lost, and one for the run itself.
-- Shows:  between instructions, millions of updates are lost, in one line as well as in two. With
--         --checkpoint line none is lost in one line (a mark for each run remains), and as many as ever in two.
local gil, thread, time = require "gilvm.gil", require "gilvm.thread", require "gilvm.time"

local scale = tonumber(os.getenv "GILVM_TEST_SCALE") or 1
local seconds = math.max(0.2 * scale, 0.1)
local finish

one_line, two_lines = 0, 0

local function count_in_one_line()
  local done = 0
  repeat
    for _ = 1, 1000 do
      one_line = one_line + 1
    end
    done = done + 1000
  until time.monotonic() >= finish
  return done
end

local function count_in_two_lines()
  local done = 0
  repeat
    for _ = 1, 1000 do
      local seen = two_lines
      two_lines = seen + 1
    end
    done = done + 1000
  until time.monotonic() >= finish
  return done
end

-- Returns how many updates four threads make at the same time.
local function updates(count)
  local threads, total = {}, 0
  finish = time.monotonic() + seconds
  for i = 1, 4 do threads[i] = thread.start(count) end
  for _, t in ipairs(threads) do
    local ok, done = t:join()
    assert(ok, done)
    total = total + done
  end
  return total
end

local in_one = updates(count_in_one_line) - one_line
local in_two = updates(count_in_two_lines) - two_lines
gil.tick(1 + in_one)
print("lost in one line: " .. in_one)
print("lost in two lines: " .. in_two)
