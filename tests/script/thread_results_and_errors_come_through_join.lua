-- join gives what the function returned, nils included, or the very object that it raised, as often as asked.
-- args:
-- args: --policy cpython:interval=50us
-- args: --policy cpython2:check=3
local check = require "check"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local function joined(...) return table.pack(thread.start(...):join()) end
check.results(joined(function() end), true)
check.results(joined(function() return nil end), true, nil)
check.results(joined(function(...) return select("#", ...), ... end, nil, 2, nil), true, 3, nil, 2, nil)
check.results(joined(setmetatable({}, { __call = function(_, a) return a end }), "called"), true, "called")

local many = table.pack(thread.start(table.unpack, {}, 1, 1000):join())
check.equal(many.n, 1001, "a thousand results")

local object = {}
local t = thread.start(error, object)
for _ = 1, 2 do
  local failed, err = t:join()
  check.equal(failed, nil)
  assert(err == object)
end
check.results(table.pack(thread.start(error):join(), nil), nil, nil)

local function fails_here() error "told" end
local _, err, traceback = thread.start(function() fails_here() end):join()
assert(err:find "join.lua:%d+: told$", err)
assert(traceback:find "^stack traceback:" and traceback:find "'fails_here'", traceback)

-- A join may give up; the thread goes on.
local go = false
t = thread.start(function() while not go do time.sleep(0.001) end return "at last" end)
check.results(table.pack(t:join(0)), nil, "timeout")
check.results(table.pack(t:join(0.01)), nil, "timeout")
check.equal(t:is_alive(), true)
go = true
check.results(table.pack(t:join(1e9)), true, "at last")
check.results(table.pack(t:join(0)), true, "at last")
check.equal(t:is_alive(), false)

-- Several may wait for one; each gets its results.
go = false
t = thread.start(function() while not go do time.sleep(0.001) end return object end)
local got = {}
local function wait_for_it(i) local ok, what = t:join() assert(ok and what == object) got[i] = true end
local waiters = {}
for i = 1, 5 do waiters[i] = thread.start(wait_for_it, i) end
time.sleep(0.005)
go = true
check.join_all(waiters)
for i = 1, 5 do check.equal(got[i], true) end
print "ok" -- expect: ok
