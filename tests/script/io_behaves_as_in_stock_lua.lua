-- io, os.execute, os.exit and print: this program runs itself under lua5.4 and under gilvm, on the same files, and
-- the two transcripts must be equal to the byte, error messages included.
-- args:
-- args: --policy cpython2:check=3
-- args: --checkpoint=line

local function parent()
  local check = require "check"
  if not os.execute "command -v lua5.4 >/dev/null" then check.skip "no lua5.4 to compare with" end
  local function transcript(interpreter)
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    local command = "cd %s && printf 'one\\n2.5 0x1p4 zz\\nthree\\nrest' | '%s' '%s' child 2>&1; " ..
      "echo \"status $?\"; cat unflushed"
    local script = arg[0]:match "^/" and arg[0] or os.getenv "PWD" .. "/" .. arg[0]
    local pipe = assert(io.popen(command:format(folder, interpreter, script)))
    local text = pipe:read "a"
    pipe:close()
    assert(os.execute("rm -r " .. folder))
    return text
  end
  local stock, ours = transcript "lua5.4", transcript(os.getenv "GILVM")
  assert(stock:find "status 7", "the program did not come to its end:\n" .. stock)
  if stock == ours then return print "equal" end -- expect: equal
  local their_line = stock:gmatch "[^\n]*"
  for line in ours:gmatch "[^\n]*" do
    local wanted = their_line()
    if line ~= wanted then print(("lua5.4: %s\ngilvm:  %s"):format(wanted, line)) end
  end
end

-- One line for each call: what came back, or the error.
local function show(what, ...)
  local parts = table.pack(...)
  for i = 1, parts.n do parts[i] = tostring(parts[i]):gsub("%(0x%x+%)", "(ADDRESS)") end
  print(what, parts.n, table.concat(parts, " | "))
end

local function try(what, f, ...) show(what, pcall(f, ...)) end

local function write_file(name, ...)
  local file = assert(io.open(name, "w"))
  file:write(...)
  file:close()
end

local function opening()
  local modes = { "r", "w", "a", "r+", "w+", "a+", "rb", "wb", "r+b", "rb+", "", "x", "rw", "r++", "rz", "+r" }
  for _, mode in ipairs(modes) do
    try("open " .. mode, function()
      local file <close> = assert(io.open("modes", mode))
      return io.type(file), file:write "x" == file, file:seek(), file:seek "set", file:read "a"
    end)
  end
  try("open missing", io.open, "missing/file")
  try("open directory", io.open, ".")
  try("write directory", io.open, ".", "w")
  try("read directory", function() return io.open("."):read() end)
  try("read directory a", function() return io.open("."):read "a" end)
  try("lines of directory", function() for line in io.lines "." do show("line", line) end end)
  try("no name", io.open)
  try("bad name", io.open, {})
  try("number as name", io.open, 12)
  try("bad mode type", io.open, "modes", {})
  try("no permission", io.open, "/proc/self/mem/x")
  try("tmpfile", function()
    local file = io.tmpfile()
    file:write("abc", 1, 2.5)
    file:seek "set"
    return file:read "a", file:close()
  end)
  try("append", function()
    write_file("log", "12345")
    local file = io.open("log", "a")
    local before = file:seek()
    file:write "678"
    local after = file:seek()
    file:seek "set"
    file:write "9"
    file:close()
    return before, after, io.open("log"):read "a"
  end)
  try("append and read", function()
    local file = io.open("log", "a+")
    local text = file:read(3)
    file:seek("cur", 0)
    file:write "Z"
    file:seek "set"
    return text, file:read "a"
  end)
  try("update in place", function()
    local file = io.open("log", "r+")
    local text = file:read(2)
    file:seek("cur", 0)
    file:write "__"
    file:seek("cur", 0)
    local next = file:read(1)
    file:seek("end", -1)
    return text, next, file:read "a", file:seek(), file:seek "set", file:read "a"
  end)
end

local function reading()
  write_file("lines", "first\nsecond\r\n\n  42  0x10 -7.5e1 .5 1e+ nan 99999999999999999999\nlast")
  try("lines", function() for line in io.lines "lines" do show("line", line) end end)
  try("lines L", function() for line in io.lines("lines", "L") do show("line", line) end end)
  try("lines 3", function() for text in io.lines("lines", 3) do show("text", text) end end)
  try("lines l 1 n", function() for a, b, c in io.lines("lines", "l", 1, "n") do show("many", a, b, c) end end)
  try("lines *l", function() for line in io.lines("lines", "*l") do show("line", line) end end)
  try("lines a", function()
    for text in io.lines("lines", "a") do
      show("all", #text)
      if text == "" then break end
    end
  end)
  try("lines bad", function() for line in io.lines("lines", "x") do show("line", line) end end)
  try("lines bad 2", function() for line in io.lines("lines", {}) do show("line", line) end end)
  try("formats", function()
    local file <close> = io.open "lines"
    show("l", file:read())
    show("L", file:read "L")
    show("0", file:read(0))
    show("1", file:read(1))
    for _ = 1, 8 do show("n", file:read "n") end
    show("a", file:read "a")
    show("a at end", file:read "a")
    show("l at end", file:read "l")
    show("0 at end", file:read(0))
    show("5 at end", file:read(5))
    show("n at end", file:read "n")
    show("several", file:read("a", "l", "a"))
    file:seek "set"
    show("several", file:read("l", 2, "L", "l"))
    return file:read "x"
  end)
  try("bad format", function() return io.open "lines":read({}) end)
  try("bad second format", function() return io.open "lines":read("l", "q") end)
  try("too many", function() return io.lines("lines", table.unpack({}, 1, 251)) end)
  try("not too many", function() return select("#", io.lines("lines", table.unpack({}, 1, 250))) end)
  try("results of lines", function() return select("#", io.lines "lines") end)
  try("lines of none", io.lines, "missing")
  try("lines of table", io.lines, {})
  try("iterator after the end", function()
    local next = io.lines("lines", "a")
    next()
    local file = io.open "lines"
    local nextline = file:lines()
    while nextline() do end
    show("not closed", io.type(file), nextline())
    file:close()
    return nextline()
  end)
  try("iterator closes", function()
    local next, _, _, file = io.lines "lines"
    while next() do end
    show("closed", io.type(file))
    return next()
  end)
  try("break closes", function()
    local handle
    local next, a, b, file = io.lines "lines"
    for line in next, a, b, file do handle = file break end
    return io.type(handle)
  end)
  try("long line", function()
    write_file("long", ("x"):rep(100000), "\n", ("y"):rep(20000))
    local file <close> = io.open "long"
    local x, y = file:read("l", "l")
    return #x, #y, file:read()
  end)
  try("zeros", function()
    write_file("zeros", "a\0b\n\0\n")
    local file <close> = io.open "zeros"
    return #file:read "L", #file:read "l", file:read "l"
  end)
end

local function writing()
  try("write", function()
    local file <close> = io.open("out", "w")
    show("chain", file:write(1, " ", 2.0, " ", -0.0, " ", 1e100, " ", math.mininteger, " ", "s") == file)
    show("none", file:write() == file)
    show("seek", file:seek())
    show("flush", file:flush() == file, file:flush())
    return file:write({})
  end)
  try("out", function() return io.open "out":read "a" end)
  try("write nil", function() return io.open("out", "w"):write("a", nil) end)
  try("write read-only", function() return io.open "out":write "x" end)
  try("read write-only", function() return io.open("out", "w"):read() end)
  try("seek", function()
    local file <close> = io.open("out", "w+")
    file:write "0123456789"
    show("seeks", file:seek("set", 3), file:seek("cur", 2), file:seek("end", -1), file:read(1), file:seek())
    show("before start", file:seek("set", -1))
    show("past end", file:seek("end", 100), file:read(1))
    return file:seek "middle"
  end)
  try("seek range", function() return io.open("out"):seek("set", 1.5) end)
  try("setvbuf", function()
    local file <close> = io.open("out", "w")
    show("no", file:setvbuf "no", file:write "a" == file, io.open "out":read "a")
    show("full", file:setvbuf("full", 100), file:write "b" == file)
    show("line", file:setvbuf "line", file:write "c\n" == file)
    return file:setvbuf "some"
  end)
  try("full device", function()
    local file = io.open("/dev/full", "w")
    show("write", file:write "x" == file)
    show("flush", file:flush())
    show("large", file:write(("x"):rep(100000)))
    show("unbuffered", file:setvbuf "no", file:write "x")
    show("small", file:setvbuf "full", file:write "x" == file)
    return file:close()
  end)
  try("seek in pipe", function()
    local pipe <close> = io.popen "echo hello"
    show("seek", pipe:seek())
    return pipe:read "a", pipe:seek("set", 0)
  end)
end

local function handles()
  local file = io.open "out"
  show("types", io.type(file), io.type(1), io.type(io.stdout), tostring(file))
  show("close", file:close())
  show("types", io.type(file), tostring(file))
  for _, name in ipairs { "read", "write", "lines", "flush", "seek", "close", "setvbuf" } do
    try("closed " .. name, file[name], file)
    try("bad self " .. name, file[name], 1)
    try("no self " .. name, file[name])
    try("method of closed " .. name, function() return file[name](file) end)
  end
  try("closed by method", function() return file:read() end)
  try("closed in io.close", io.close, file)
  try("bad io.close", io.close, {})
  try("io.type of nothing", io.type)
  local metatable = getmetatable(file)
  show("gc of closed", pcall(metatable.__gc, file))
  show("close of closed", pcall(metatable.__close, file))
  show("gc of other", pcall(metatable.__gc, 1))
  show("name", metatable.__name)
  try("standard files", function() return io.stdout:close() end)
  try("standard files", function() return io.close() end)
  show("still open", io.type(io.stdout))
end

local function defaults()
  write_file("in", "alpha\nbeta\n7 8\n")
  show("input", io.input() == io.stdin, io.input "in" ~= io.stdin, io.type(io.input()))
  show("read", io.read(), io.read "L", io.read("n", "n"), io.read "a", io.read "l")
  show("again", io.input "in", io.read())
  for line in io.lines() do show("rest", line) end
  show("still open", io.type(io.input()), io.read "l")
  show("closed", io.close(io.input()))
  try("read of closed", io.read)
  try("lines of closed", io.lines)
  try("lines in vain", function() for _ in io.lines() do end end)
  try("input of none", io.input, "missing/x")
  try("input of table", io.input, {})
  try("input of closed", function()
    local file = io.open "in"
    file:close()
    return io.input(file)
  end)
  io.input(io.stdin)
  show("output", io.output() == io.stdout, io.type(io.output "o1"))
  show("write", io.write("a", 1) == io.output(), io.flush() == io.output())
  show("closed", io.close())
  try("write of closed", io.write, "x")
  try("flush of closed", io.flush)
  try("close of closed", io.close)
  try("output of directory", io.output, ".")
  try("output by handle", function()
    local file = io.open("o2", "w")
    local same = io.output(file) == file
    io.write "text"
    file:close()
    return same, io.open "o2":read "a"
  end)
  io.output(io.stdout)
  show("o1", io.open "o1":read "a")
  -- The text that lua and gilvm have been given on standard input.
  show("stdin", io.read "l", io.read("n", "n", "n"), io.stdin:read "l")
  for line in io.stdin:lines "L" do show("stdin", line) end
  show("end", io.read(), io.read "a", io.read(0))
end

local function processes()
  for _, mode in ipairs { "x", "rw", "", "r+", "rb" } do try("popen " .. mode, io.popen, "true", mode) end
  try("popen without command", io.popen)
  try("popen read", function()
    local pipe = io.popen "echo a; echo b; exit 3"
    return io.type(pipe), pipe:read "a", pipe:close()
  end)
  try("popen write", function()
    local pipe = io.popen("cat; exit 4", "w")
    pipe:write "through cat\n"
    return pipe:close()
  end)
  try("popen signal", function() return io.popen "kill -9 $$":close() end)
  try("popen lines", function() for line in io.popen "printf '1\n2\n'":lines() do show("line", line) end end)
  try("popen write to reader", function() return io.popen "true":write "x" end)
  try("popen in <close>", function() local pipe <close> = io.popen "true" return io.type(pipe) end)
  io.write "before, "
  io.popen("echo from the child", "w"):close()
  io.write "buffered "
  try("execute", os.execute, "exit 0")
  io.flush()
  try("execute", os.execute, "echo from execute; exit 5")
  try("execute", os.execute, "kill -15 $$")
  try("execute", os.execute)
  try("execute", os.execute, {})
  try("execute", os.execute, "a-command-that-is-not-there 2>/dev/null")
end

local function printing()
  print()
  print(nil, true, 1, 1.0, 2^53, -0.0, 1/0, "text", "")
  print(setmetatable({}, { __tostring = function() return "telling" end }), 0x10, "0x10")
  try("print", print, setmetatable({}, { __tostring = function() return 1 end }))
  try("print", print, setmetatable({}, { __tostring = function() error "inside" end }))
  print("zero \0 inside", ("x"):rep(20000))
  io.write(("long "):rep(5000), "\n")
  io.stdout:write("a", 1, "\n"):write("chained\n")
  io.stdout:setvbuf "no"
  print "unbuffered"
  io.write("un", "buffered\n")
  io.stdout:setvbuf "full"
  io.write "left in the buffer, "
  io.stderr:write("to stderr ", 1, " ", 2.5, "\n")
  local kept = io.stdout
  io.stdout = nil
  print "without io.stdout"
  io.stdout = kept
end

if arg[1] ~= "child" then return parent() end
opening()
reading()
writing()
handles()
defaults()
processes()
printing()
try("exit", os.exit, {})
try("exit", os.exit, 1.5)
unflushed = io.open("unflushed", "w")
unflushed:write "written by exit"
io.write "written at the end"
setmetatable({}, { __gc = function() print "finalizer" end })
os.exit(7, true)
