-- with and guard release at the end, on error, on break and on return; the error keeps its identity and its traceback.
local check = require "check"
local thread = require "gilvm.thread"

local lock = thread.lock "L"
check.results(table.pack(lock:with(function(...) assert(lock:locked()) return ... end, 1, nil, nil)), 1, nil, nil)
check.equal(lock:locked(), false)

local object = {}
local ok, err = pcall(lock.with, lock, error, object)
assert(not ok and err == object and not lock:locked())
local function guilty() error "guilty" end
local traceback
xpcall(lock.with, function() traceback = debug.traceback() end, lock, guilty)
assert(traceback:find "'error'.*:12:" and not lock:locked(), traceback)
check.raises("attempt to call a number value", lock.with, lock, 42)
check.equal(lock:locked(), false)

local function guarded(how)
  for _ = 1, 1 do
    local _ <close> = lock:guard()
    assert(lock:locked())
    if how == "break" then break end
    if how == "return" then return end
    if how == "error" then error(object) end
  end
end
for _, how in ipairs { "end", "break", "return", "error" } do
  pcall(guarded, how)
  check.equal(lock:locked(), false, how)
end

-- Coroutines may yield inside.
local co = coroutine.wrap(function() return lock:with(function() coroutine.yield "inside" return "out" end) end)
check.equal(co(), "inside")
check.equal(lock:locked(), true)
check.equal(co(), "out")
check.equal(lock:locked(), false)
print "ok" -- expect: ok
