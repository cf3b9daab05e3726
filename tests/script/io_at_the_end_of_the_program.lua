-- What the end of a program leaves behind: threads inside of a stream do not keep it from ending, and take nothing
-- with them that others have written; the output is complete, nothing is in it twice, and the offset of standard
-- input is where the script has read to. However the program ends.
local fifo = require "fifo"
local dir <close> = fifo.folder()
local pipe = dir:fifo "pipe"

local PROLOGUE = ("local PIPE = %q\n"):format(pipe) .. [[
  local thread, time = require "gilvm.thread", require "gilvm.time"
  local function start_daemon(f)
    local begun = false
    thread.new { target = function() begun = true f() end, daemon = true }:start()
    while not begun do time.sleep(0.001) end
    time.sleep(0.01)
  end
]]

-- Runs the code in a process, by way of a shell command in which SCRIPT stands for it.
local function run(code, shell)
  local script = dir:file("script.lua", PROLOGUE .. code)
  local out = io.popen(((shell or "SCRIPT"):gsub("SCRIPT", ("'%s' '%s'"):format(os.getenv "GILVM", script))))
  local text = out:read "a"
  return text, select(3, out:close())
end

local ends = { "", "os.exit(3)", "os.exit(4, true)", "error 'failed'" }

-- Daemons blocked in reads: of a file, of standard input.
for _, finish in ipairs(ends) do
  print(run([[
    local file = io.open(PIPE, "r+")
    start_daemon(function() file:read() end)
    start_daemon(function() io.read() end)
    kept = setmetatable({}, { __gc = function() io.write "; finalizer" end })
    io.write "main"
  ]] .. finish, "SCRIPT 2>/dev/null 0<>" .. pipe))
end
-- expect: main; finalizer	0
-- expect: main	3
-- expect: main; finalizer	4
-- expect: main; finalizer	1

-- A daemon that never stops printing. Its lines are numbered: none is missing or doubled, and none is cut.
for _, finish in ipairs { "", "os.exit(0)", "os.exit(0, true)" } do
  local text, status = run([[
    start_daemon(function() for i = 1, math.huge do print(i) end end)
    kept = setmetatable({}, { __gc = function() print "finalizer" end })
    for _ = 1, 100 do time.sleep(0.0001) io.write("ma", "in\n") end
  ]] .. finish)
  local number, mains, finalizers = 0, 0, 0
  for line in text:gmatch "[^\n]*\n" do
    if line == "main\n" then
      mains = mains + 1
    elseif line == "finalizer\n" then
      finalizers = finalizers + 1
    else
      number = number + 1
      assert(line == ("%d\n"):format(number), line)
    end
  end
  print(mains, finalizers, status, number > 0)
end
-- expect: 100	1	0	true
-- expect: 100	0	0	true
-- expect: 100	1	0	true

-- Files that were left open have their data.
for _, finish in ipairs(ends) do
  run([[
    left_open = io.open(PIPE .. ".out", "w")
    left_open:write "data"
  ]] .. finish, "SCRIPT 2>/dev/null")
  local file <close> = io.open(pipe .. ".out")
  print(file:read "a")
end
-- expect: data
-- expect: data
-- expect: data
-- expect: data

-- A program that reads on after us gets what we have not read.
dir:file("input", "one\ntwo\nthree\n")
for _, finish in ipairs(ends) do
  local text = run("print(io.read()) " .. finish, ("{ SCRIPT 2>/dev/null; cat; } <%s/input"):format(dir.path))
  print((text:gsub("\n", " ")))
end
-- expect: one two three 
-- expect: one two three 
-- expect: one two three 
-- expect: one two three 
