-- What could only wait for ever is an error at once; so is releasing what is not held.
-- timeout: 20
local check = require "check"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local lock = thread.lock "L"
print(lock, thread.lock()) -- expect: lock: 'L' (free)	lock: 'lock-1' (free)
check.raises("lock 'L' cannot be released by thread 'main': nobody holds it", lock.release, lock)
check.equal(lock:try(), true)
check.equal(lock:try(), false)
print(lock) -- expect: lock: 'L' (held by thread 'main')
check.raises("deadlock: 'main' waits for lock 'L' .*, held by 'main' itself since ", lock.acquire, lock)
check.raises("deadlock: 'main' waits for lock 'L' .*, held by 'main' itself since ", lock.guard, lock)
check.results(table.pack(lock:acquire(0)), nil, "timeout")
check.results(table.pack(lock:acquire(0.01)), nil, "timeout")
check.raises("timeout must not be negative", lock.acquire, lock, -0.5)

local _, err = thread.new { target = function() lock:release() end, name = "thief" }:start():join()
print(err) -- expect-match: lock 'L' cannot be released by thread 'thief': it is held by thread 'main'$
lock:release()

-- A thread that ends with the lock: those who wait are told, those who come are told, the handle says so.
local waiting = false
local owner = thread.new {
  target = function() lock:acquire() while not waiting do time.sleep(0.001) end time.sleep(0.01) end,
  name = "forgetful",
}:start()
while not lock:locked() do time.sleep(0.001) end
local waiter = thread.start(function() waiting = true return pcall(lock.acquire, lock) end)
local patient = thread.start(function() return lock:acquire(0.1) end)
owner:join()
print(select(3, waiter:join())) -- expect-match: ^deadlock: 'thread%-%d' waits for lock 'L' %(%S+:30%), held by 'forgetful' since %S+:26, who has finished$
check.results(table.pack(patient:join()), true, nil, "timeout")
check.raises("held by 'forgetful' since %S+:26, who has finished$", lock.acquire, lock)
check.raises("it is held by thread 'forgetful'", lock.release, lock)
print(lock, lock:try()) -- expect: lock: 'L' (held by finished thread 'forgetful')	false

-- A lock that nobody can reach any more does not disturb the end of its owner.
check.in_threads(3, function() for _ = 1, 50 do thread.lock():acquire() end collectgarbage() end)
collectgarbage()
print "ok" -- expect: ok
