-- The unguarded counter with checkpoints between lines only: no update is ever lost, whatever the policy. A loop on
-- one line has its checkpoints at the back edge; a function call is one, too.
-- args: --checkpoint=line
-- args: --checkpoint=line --policy cpython:interval=50us
-- args: --checkpoint=line --policy fifo:interval=50us
-- args: --checkpoint=line --policy cpython2
-- args: --checkpoint=line --policy cpython2:check=3
local check = require "check"

local each = check.scaled(100000)

local bodies = {
  function() for _ = 1, each do counter = counter + 1 end end,
  function()
    for _ = 1, each do
      counter = counter + 1
    end
  end,
  function()
    local i = 0
    while i < each do i = i + 1; counter = counter + 1 end
  end,
  function()
    local function add() counter = counter + 1 end
    for _ = 1, each do add() end
  end,
  function()
    coroutine.wrap(function() for _ = 1, each do counter = counter + 1 end end)()
  end,
}

for round = 1, 3 do
  for number, body in ipairs(bodies) do
    counter = 0
    check.in_threads(4, body)
    check.equal(counter, 4 * each, "counter after body " .. number .. " in round " .. round)
  end
end
print "ok" -- expect: ok
