-- gil.policy at run time: waiting threads are carried over to the new policy, in each direction.
local check = require "check"
local thread = require "gilvm.thread"
local gil = require "gilvm.gil"

local stop, counts = false, { 0, 0, 0 }
local threads = {}
for i = 1, 3 do
  threads[i] = thread.start(function() while not stop do counts[i] = counts[i] + 1 end end)
end

local function everybody_moves()
  local before = { table.unpack(counts) }
  for i = 1, 3 do while counts[i] == before[i] do end end
end

for _, name in ipairs { "fifo", "cpython2", "cpython", "cpython2", "fifo:interval=100us", "cpython:interval=50us" } do
  gil.policy(name)
  everybody_moves()
end
stop = true
check.join_all(threads)
print "ok" -- expect: ok
