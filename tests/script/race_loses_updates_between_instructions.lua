-- The unguarded counter: with checkpoints between instructions updates are lost, sooner or later; the loop ends when
-- some are, and is given so many tries that a lock which never splits the addition is found out. (The standard 100 of
-- cpython2 is a multiple of the four instructions of the loop: each tick falls on the same one.)
-- args: --policy cpython:interval=50us
-- args: --policy cpython:interval=50us --checkpoint=instruction
-- args: --policy fifo:interval=50us
-- args: --policy cpython2:check=101
local check = require "check"

local lost, tries = 0, 0
repeat
  tries = tries + 1
  counter = 0
  local each = math.max(check.scaled(100000), 20000) -- long enough for the threads to meet
  check.in_threads(4, function() for _ = 1, each do counter = counter + 1 end end)
  lost = 4 * each - counter
  assert(lost >= 0)
until lost > 0 or tries == 50
print(lost > 0 and "updates were lost" or "no update was ever lost") -- expect: updates were lost
