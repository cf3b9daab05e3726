-- When main ends, daemons that sleep, compute, hold or want a lock, or read are left where they are, and the program
-- ends as ever: main's finalizers run, the daemons' own code does not.
-- timeout: 30
-- args:
-- args: --policy fifo
-- args: --policy cpython2
-- args: --policy cpython:interval=50us
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local lock = thread.lock "kept"
local ready = {} -- an entry each: a common counter would lose updates
local function daemon(f)
  local i = #ready + 1
  ready[i] = false
  thread.new { target = function() ready[i] = true f() end, daemon = true }:start()
end
local function all_ready()
  for i = 1, #ready do
    if not ready[i] then return false end
  end
  return true
end
daemon(function() time.sleep(1000) end)
daemon(function() time.sleep(1e12) end)
daemon(function() while true do end end)
daemon(function() coroutine.wrap(function() while true do end end)() end)
daemon(function() while true do pcall(error, "x") end end)
daemon(function() lock:acquire() time.sleep(1000) end)
daemon(function() lock:acquire() lock:release() time.sleep(1000) end)
daemon(function() while true do collectgarbage() end end)
daemon(function() io.popen("sleep 5", "r"):read() end)
daemon(function()
  local closed <close> = setmetatable({}, { __close = function() print "a daemon ran on" end })
  time.sleep(1000)
end)
while not all_ready() do time.sleep(0.001) end
at_the_end = setmetatable({}, { __gc = function() print "finalizer" end })
print "main is done"
-- expect: main is done
-- expect: finalizer
