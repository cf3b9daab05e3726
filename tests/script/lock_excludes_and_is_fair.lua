-- One at a time; who comes first is served first, also when the one who releases comes again at once.
-- args:
-- args: --policy cpython:interval=50us
-- args: --policy fifo:interval=50us
-- args: --policy cpython2:check=2
local check = require "check"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local lock = thread.lock "L"
local inside, total, rounds = 0, 0, check.scaled(300)
check.in_threads(8, function()
  for _ = 1, rounds do
    lock:acquire()
    inside = inside + 1
    assert(inside == 1, "two threads inside")
    local before = total
    for _ = 1, 20 do end
    total = before + 1
    inside = inside - 1
    lock:release()
  end
end)
check.equal(total, 8 * rounds)

-- The queue is made one by one, while main holds the lock.
local order, threads = {}, {}
lock:acquire()
for i = 1, 5 do
  local arrived = false
  threads[i] = thread.start(function()
    arrived = true
    lock:acquire()
    order[#order + 1] = i
    lock:release()
  end)
  while not arrived do time.sleep(0.001) end
  time.sleep(0.002)
end
lock:release()
lock:acquire() -- behind the five
order[#order + 1] = "main"
lock:release()
check.join_all(threads)
print(table.concat(order, " ")) -- expect: 1 2 3 4 5 main
