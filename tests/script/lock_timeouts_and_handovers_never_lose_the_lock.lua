-- Deadlines that fall together with handovers: whoever is told that it has the lock has it, and nobody else.
-- args:
-- args: --policy fifo:interval=100us
local check = require "check"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local lock = thread.lock "L"
local inside, got = 0, 0
local timeouts = {} -- one count for each thread, since these are not guarded by the lock
local rounds = check.scaled(200)
check.in_threads(6, function(me)
  timeouts[me] = 0
  for round = 1, rounds do
    if lock:acquire((round + me) % 4 * 0.0002) then
      inside = inside + 1
      assert(inside == 1)
      if round % 3 == 0 then time.sleep(0.0002) end
      inside = inside - 1
      got = got + 1
      lock:release()
    else
      timeouts[me] = timeouts[me] + 1
    end
  end
end)
local given_up = 0
for _, count in pairs(timeouts) do given_up = given_up + count end
check.equal(got + given_up, 6 * rounds)
check.equal(lock:locked(), false)
assert(got > 0)
print "ok" -- expect: ok
