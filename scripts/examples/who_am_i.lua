-- Threads have names and numbers, and can be asked whether they are still at work.
--
--   gilvm scripts/examples/who_am_i.lua
--
-- After: threading.current_thread, enumerate, name, ident, is_alive.
-- Try next: --stats, whose table has a line for each of these names.
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local function introduce()
  local me = thread.current()
  print("I am " .. me.name .. (me.daemon and ", a daemon" or "") .. ".")
  time.sleep(0.1)
end

print("I am " .. thread.current().name .. ".")

local worker = thread.new { target = introduce, name = "worker" }
local helper = thread.new { target = introduce, name = "helper", daemon = true }
for _, t in ipairs { worker, helper } do
  t:start()
  print(t.name .. " is alive: " .. tostring(t:is_alive()))
  t:join()
  print(t.name .. " is alive: " .. tostring(t:is_alive()))
end
print("Threads now: " .. #thread.list())
