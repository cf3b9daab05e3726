-- A finalizer that runs in the middle of a read waits for a lock: its stream stays in use meanwhile. Whoever holds the lock and
-- wants to read from the same stream closes a circle.
-- timeout: 60
local check = require "check"
local fifo = require "fifo"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local dir <close> = fifo.folder()
local name = dir:file("long", ("x"):rep(200000) .. "\n" .. ("y"):rep(200000) .. "\n")
collectgarbage("incremental", 100, 1000, 8) -- small steps: they fall into the growth of the reader's buffer too
local lock = thread.lock "L"

-- Returns what the main thread was told, nil if the finalizer has run elsewhere.
local function attempt()
  local file <close> = assert(io.open(name))
  local inside, told = false, nil
  local reader = thread.new { name = "reader", target = function()
    for _ = 1, 20 do setmetatable({}, { __gc = function() inside = true lock:with(math.abs, 1) end }) end
    local text = file:read()
    inside = true
    return text
  end }
  lock:acquire()
  reader:start()
  while not inside do time.sleep(0.0001) end
  time.sleep(0.001)
  local ok, err = pcall(file.read, file, 0)
  if not ok then told = err end
  lock:release()
  local done, text = reader:join()
  assert(done and (#text == 200000 or told), text)
  return told
end

local told
for _ = 1, 50 do told = told or attempt() end
if not told then check.skip "no finalizer has run in the middle of a read" end
print((told:gsub("'[^']*long'", "'long'"):gsub("%(%S-([%w_]+%.lua)", "(%1"):gsub("since %S-([%w_]+%.lua)", "since %1")))
-- expect: deadlock: 'main' waits for stream 'long' (deadlock_through_a_stream_is_found.lua:28), in use by 'reader', who waits for lock 'L' (deadlock_through_a_stream_is_found.lua:19), held by 'main' since deadlock_through_a_stream_is_found.lua:24
