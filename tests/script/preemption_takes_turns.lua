-- Two threads that spin until it is their turn: each turn takes a switch that neither of them offers.
-- args:
-- args: --policy cpython:interval=100us
-- args: --policy fifo
-- args: --policy fifo:interval=100us
-- args: --policy cpython2
-- args: --policy cpython2:check=7
-- args: --checkpoint=line
-- args: --checkpoint=line --policy fifo:interval=100us
-- args: --checkpoint=line --policy cpython2
-- args: --checkpoint=instruction --policy cpython2
local check = require "check"

local turns = 20
local turn = 1
local taken = { 0, 0 }

check.in_threads(2, function(me)
  for _ = 1, turns do
    while turn ~= me do end
    taken[me] = taken[me] + 1
    turn = 3 - me
  end
end)
print(taken[1], taken[2]) -- expect: 20	20
