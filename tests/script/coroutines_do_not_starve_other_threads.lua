-- A busy loop in a coroutine (in a coroutine) of one thread is preempted as any other: the others go on.
-- args:
-- args: --policy fifo
-- args: --policy cpython2
-- args: --checkpoint=line
local check = require "check"
local thread = require "gilvm.thread"

local stop = false
local function spin() while not stop do end end
local function inside(depth)
  if depth == 0 then return spin() end
  return coroutine.wrap(inside)(depth - 1)
end

local spinners = {}
for depth = 1, 4 do spinners[depth] = thread.start(inside, depth) end
-- One that was suspended while a switch was being asked for, and is resumed from another stack.
local half = coroutine.create(function() for _ = 1, check.scaled(100000) do end coroutine.yield() spin() end)
spinners[5] = thread.start(function()
  coroutine.resume(half)
  coroutine.wrap(coroutine.resume)(half)
end)

local progress = 0
check.join_all { thread.start(function() while progress < 1000 do progress = progress + 1 end end) }
for _ = 1, 100 do require "gilvm.gil".yield() end
stop = true
check.join_all(spinners)
print(progress) -- expect: 1000
