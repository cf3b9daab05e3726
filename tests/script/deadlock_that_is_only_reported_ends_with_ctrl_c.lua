-- --deadlock=report says it once and waits; ignore waits. Ctrl-C ends both, the last statements of its threads included.
-- timeout: 60
local program = require "program"
local dir <close> = program.folder()

local INTERRUPT = "until_ready %d; sleep 0.2; kill -INT $pid;"

local function run(options, code, readies)
  local out, err, status = program.run(dir, options, code, INTERRUPT:format(readies))
  local _, told = err:gsub("gilvm: deadlock: ", "")
  print(status, out:gsub("\n", " "), told, err:find "interrupted!" and "interrupted")
  return program.stable(err)
end

local TWO_LOCKS = [[
  local x, y = thread.lock "x", thread.lock "y"
  local a = thread.new { name = "a", target = function()
    local _ <close> = x:guard()
    while not y:locked() do time.sleep(0.001) end
    ready()
    local _ <close> = y:guard()
  end }:start()
  local _ <close> = y:guard()
  while not x:locked() do time.sleep(0.001) end
  ready()
  local _ <close> = setmetatable({}, { __close = function() print "closed" end })
  local _ <close> = x:guard()
]]
local err = run("--deadlock=report", TWO_LOCKS, 2)
-- expect: 1	closed 	1	interrupted
local by_main = "gilvm: deadlock: 'main' waits for lock 'x' (script.lua:15), held by 'a' since script.lua:6, who waits " ..
  "for lock 'y' (script.lua:9), held by 'main' since script.lua:11\n"
local by_a = "gilvm: deadlock: 'a' waits for lock 'y' (script.lua:9), held by 'main' since script.lua:11, who waits " ..
  "for lock 'x' (script.lua:15), held by 'a' since script.lua:6\n"
assert(err:find(by_main, 1, true) or err:find(by_a, 1, true), err)
run("--deadlock=ignore", TWO_LOCKS, 2)
-- expect: 1	closed 	0	interrupted

-- The only thread there is.
local ALONE = "local x = thread.lock() x:acquire() ready() x:acquire()"
run("--deadlock=report", ALONE, 1)
-- expect: 1		1	interrupted
run("--deadlock=ignore", ALONE, 1)
-- expect: 1		0	interrupted

-- One whose owner has finished; a third thread that runs into a cycle that is known already.
run("--deadlock=report", [[
  local x = thread.lock()
  thread.start(x.acquire, x):join()
  ready()
  x:acquire()
]], 1)
-- expect: 1		1	interrupted
run("--deadlock=report", [[
  local x = thread.lock()
  local a = thread.start(function() x:acquire() ready() x:acquire() end)
  while not x:locked() do time.sleep(0.001) end
  time.sleep(0.05)
  ready()
  a:join()
]], 2)
-- expect: 1		1	interrupted

-- At the end of the program.
run("--deadlock=report", [[
  local x = thread.lock()
  x:acquire()
  thread.start(function() ready() local _ <close> = x:guard() end)
]], 1)
-- expect: 1		1	interrupted
