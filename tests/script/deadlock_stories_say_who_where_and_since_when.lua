-- Who closes a cycle gets an error that tells all of it. Under this policy nobody else runs between a thread's
-- `ready()` and its wait, so it is known who closes it.
-- args: --policy cooperative
-- timeout: 30
local check = require "check"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local waiting = 0
local function ready() waiting = waiting + 1 end

local function until_waiting(n)
  while waiting < n do time.sleep(0.001) end
  waiting = 0
end

local function start(name, f) return thread.new { name = name, target = f }:start() end

-- Calls f, which must fail, and shows the error; this file is called S.
local function show(f, ...)
  local ok, err = pcall(f, ...)
  assert(not ok, "no error")
  print((err:gsub("[^%s(]*deadlock_stories[%w_]*%.lua", "S")))
end

local x, y, z = thread.lock "x", thread.lock "y", thread.lock "z"

-- Two locks, acquired in two orders.
local a = start("a", function()
  x:acquire()
  ready()
  local _ <close> = y:guard() -- 32
  x:release()
end)
y:acquire() -- 35
until_waiting(1)
show(function()
  x:acquire()
end)
y:release()
assert(a:join())
-- expect: S:38: deadlock: 'main' waits for lock 'x' (S:38), held by 'a' since S:30, who waits for lock 'y' (S:32), held by 'main' since S:35

-- The thread that is joined waits for a lock that the joiner holds.
x:acquire() -- 45
a = start("a", function()
  ready()
  x:with(print, "a has it")
end)
until_waiting(1)
show(function() a:join() end)
-- expect: S:51: deadlock: 'main' waits for the end of 'a' (S:51), who waits for lock 'x' (S:48), held by 'main' since S:45
x:release()
assert(a:join())
-- expect: a has it

-- Two threads that join each other.
local b
a = start("a", function()
  ready()
  assert(b:join()) -- 61
end)
b = start("b", function()
  until_waiting(1)
  show(function() a:join() end) -- 65
end)
assert(b:join())
assert(a:join())
-- expect: S:65: deadlock: 'b' waits for the end of 'a' (S:65), who waits for the end of 'b' (S:61)

-- A lock that one holds already: directly, from a function that was called, from a coroutine.
x:acquire() -- 72
show(function() x:acquire() end)
show(function() x:with(print) end)
show(coroutine.wrap(function() x:guard() end)) -- 75
x:release()
-- expect: S:73: deadlock: 'main' waits for lock 'x' (S:73), held by 'main' itself since S:72
-- expect: S:74: deadlock: 'main' waits for lock 'x' (S:74), held by 'main' itself since S:72
-- expect: S:75: deadlock: 'main' waits for lock 'x' (S:75), held by 'main' itself since S:72

-- Handed over while others wait: the second in the queue waits for the first, and no more for main.
local first = start("first", function()
  until_waiting(2)
  x:acquire() -- 84
  show(function() z:acquire() end)
  x:release()
end)
local second = start("second", function()
  z:acquire() -- 89
  ready()
  until_waiting(3)
  x:acquire() -- 92
  x:release()
  z:release()
end)
x:acquire()
ready()
while waiting > 0 do time.sleep(0.001) end -- `first` is in the queue
waiting = 3
time.sleep(0.05)
x:release()
assert(first:join() and second:join())
-- expect: S:85: deadlock: 'first' waits for lock 'z' (S:85), held by 'second' since S:89, who waits for lock 'x' (S:92), held by 'first' since S:84

-- Five in a ring. Names are those of the moment.
local locks, ring, go = {}, {}, false
for i = 1, 5 do locks[i] = thread.lock("L" .. i) end
for i = 1, 4 do
  ring[i] = start("", function()
    locks[i]:acquire() -- 110
    while not go do time.sleep(0.001) end
    ready()
    local _ <close> = locks[i + 1]:guard() -- 113
    locks[i]:release()
  end)
end
locks[5]:acquire() -- 117
while not (locks[1]:locked() and locks[2]:locked() and locks[3]:locked() and locks[4]:locked()) do time.sleep(0.001) end
go = true
until_waiting(4)
for i = 1, 4 do ring[i].name = "p" .. i end
show(function() locks[1]:acquire() end) -- 122
locks[5]:release()
check.join_all(ring)
-- expect: S:122: deadlock: 'main' waits for lock 'L1' (S:122), held by 'p1' since S:110, who waits for lock 'L2' (S:113), held by 'p2' since S:110, who waits for lock 'L3' (S:113), held by 'p3' since S:110, who waits for lock 'L4' (S:113), held by 'p4' since S:110, who waits for lock 'L5' (S:113), held by 'main' since S:117

-- A lock that is used alone for long has its places put down no more, until it is seen to be held during another wait.
for _ = 1, 5000 do x:with(math.abs, 1) end
for _ = 1, 2 do
  x:acquire() -- 130
  show(function() x:acquire() end)
  x:release()
end
-- expect: S:131: deadlock: 'main' waits for lock 'x' (S:131), held by 'main' itself
-- expect: S:131: deadlock: 'main' waits for lock 'x' (S:131), held by 'main' itself since S:130
