-- Ctrl-C while the main thread is blocked in a system call: the program ends with a traceback, and what it does not
-- do any more is to take the end of the call for the end of the file.
local fifo = require "fifo"
local dir <close> = fifo.folder()
local pipe = dir:fifo "pipe"

local function interrupted(code)
  local script = dir:file("script.lua", ([[
    local PIPE = %q
    local function ready()
      local file <close> = io.open(PIPE .. ".ready", "w")
      file:write(io.open "/proc/self/stat":read "n")
    end
  ]]):format(pipe) .. code)
  -- The shell waits for the script to say that it is about to block, gives it a moment, and interrupts it.
  os.execute(([[
    cd %s; rm -f pipe.ready
    '%s' '%s' >out 2>err 0<>pipe & pid=$!
    until [ -s pipe.ready ]; do sleep 0.01; done
    sleep 0.1; kill -INT $pid; wait $pid; echo $? >status
  ]]):format(dir.path, os.getenv "GILVM", script))
  local function contents(name)
    local file <close> = io.open(dir.path .. "/" .. name)
    return file:read "a"
  end
  local message = contents "err"
  print(contents "status":match "%d+", contents "out", message:match "[^\n]*interrupted!" and "interrupted",
    message:find "stack traceback" and "traceback")
end

interrupted "ready() io.read() print 'not reached'" -- expect: 1		interrupted	traceback
interrupted "local f = io.open(PIPE, 'r+') ready() print(f:read())" -- expect: 1		interrupted	traceback
interrupted "ready() for line in io.lines() do end print 'not reached'" -- expect: 1		interrupted	traceback
interrupted "os.execute('mkfifo ' .. PIPE .. 2) ready() print(io.open(PIPE .. 2))" -- expect: 1		interrupted	traceback
interrupted "ready() print(pcall(io.read)) print 'not reached'" -- expect: 1		interrupted	traceback
interrupted [[
  local f = io.open(PIPE, "r+")
  f:setvbuf "no"
  ready()
  print(f:write(("x"):rep(200000)))
]] -- expect: 1		interrupted	traceback
