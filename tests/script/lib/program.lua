-- tests/script/lib/program.lua - runs a Lua program in a gilvm of its own, for what a script cannot see from inside: exit
-- statuses, signals, what is left behind. `local dir <close> = program.folder()` first; see fifo.lua.
local program = { folder = require "fifo".folder }

local function contents(path)
  local file <close> = io.open(path)
  return file and file:read "a" or ""
end

-- Runs `code` with gilvm's `options` in the folder, started by the shell command `with` (say, "ulimit -v 100000;").
-- `meanwhile` is a shell command that runs beside it, with $pid; the file `ready` exists once the program has called the
-- function ready(), that many times as `ready` says. Returns stdout, stderr and the exit status.
function program.run(dir, options, code, meanwhile, with)
  local script = dir:file("script.lua", [[
    local function ready() local file <close> = io.open("ready", "a") file:write "x" end
    local gilvm = require "gilvm"
    local thread, time = gilvm.thread, gilvm.time
  ]] .. code)
  os.execute(([[
    cd %s; rm -f ready out err
    until_ready() { until [ "$(cat ready 2>/dev/null | wc -c)" -ge "$1" ]; do sleep 0.01; done; }
    { %s exec '%s' %s '%s' >out 2>err </dev/null; } & pid=$!
    { %s
    wait $pid; echo $? >status; } 2>/dev/null
  ]]):format(dir.path, with or "", os.getenv "GILVM", options, script, meanwhile or ""))
  return contents(dir.path .. "/out"), contents(dir.path .. "/err"), math.tointeger(contents(dir.path .. "/status"))
end

-- The process ids of those who run the program of this folder, "" if there are none.
function program.left(dir)
  return io.popen("pgrep -f '" .. dir.path .. "/[s]cript.lua'"):read "a"
end

-- The text with what differs from run to run replaced.
function program.stable(text)
  return (text:gsub("/%S*/script", "script"):gsub("process %d+", "process N"))
end

return program
