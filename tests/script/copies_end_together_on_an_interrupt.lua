-- Ctrl-C, sent to the one process that the user sees, ends all copies and threads, whatever they do: computing under
-- pcall, sleeping, waiting for a lock or a thread. Nothing is left behind, and where it happened is told.
-- timeout: 120
local program = require "program"
local dir <close> = program.folder()

local function interrupt(options, code, count)
  local out, err, status = program.run(dir, options, code,
    ("until_ready %d; sleep 0.1; kill -INT $pid"):format(count))
  local left = program.left(dir)
  print(status, out:gsub("%s+", " "), err:find "interrupted!" and "told" or err, left == "" and "nothing left" or left)
end

local busy = [[
  local i = gilvm.worker()
  local lock = thread.lock()
  lock:acquire()
  local function compute() ready() while true do pcall(function() while true do end end) end end
  local doers = {
    compute,
    function() coroutine.wrap(compute)() end,
    function() ready() time.sleep(1000) end,
    function() ready() lock:acquire() end,
    function() ready() thread.start(time.sleep, 1000):join() end,
  }
  for _, f in ipairs(doers) do thread.start(f) end
  %s
]]
local endings = {
  "while true do pcall(function() while true do end end) end",
  "while true do pcall(time.sleep, 1000) end",
  "thread.list()[2]:join()",
  "",
}
for _, ending in ipairs(endings) do interrupt("", busy:format(ending), 5) end
-- expect: 1		told	nothing left
-- expect: 1		told	nothing left
-- expect: 1		told	nothing left
-- expect: 1		told	nothing left
interrupt("-j 2 --as threads", busy:format "time.sleep(1000)", 10)
interrupt("-j 2 --as interpreters", busy:format "time.sleep(1000)", 10)
interrupt("-j 2 --as processes", busy:format "time.sleep(1000)", 10)
interrupt("-j 2 --as serial", busy:format "time.sleep(1000)", 5)
-- expect: 1		told	nothing left
-- expect: 1		told	nothing left
-- expect: 1		told	nothing left
-- expect: 1		told	nothing left

-- What is to be closed is closed on the way.
interrupt("", [[
  local thing <close> = setmetatable({}, { __close = function() print "closed by main" end })
  thread.start(function()
    local thing <close> = setmetatable({}, { __close = function() time.sleep(0.01) print "closed by the thread" end })
    ready()
    time.sleep(1000)
  end):join()
]], 1)
-- expect-match: ^1	closed by [%w ]+ closed by [%w ]+ 	told	nothing left$
