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

local names = {
  "fifo", "cpython2", "cpython", "cpython2", "fifo:interval=100us", "cpython:interval=50us", "beazley:interval=1ms", "bfs:slice=1ms",
  "ruby:quantum=2ms,tick=1ms", "ocaml4:tick=1ms", "ocaml:tick=1ms", "pypy", "micropython", "eventual:interval=1ms",
  "bounded:interval=1ms", "fair:slice=1ms", "mlfq:slice=1ms,boost=10ms", "lottery:quantum=1ms", "stride:quantum=1ms",
  "random:interval=200us", "pypy:poll=1ms", "fair", "cpython",
}
for _, name in ipairs(names) do
  gil.policy(name)
  everybody_moves()
end
stop = true
check.join_all(threads)
print "ok" -- expect: ok
