-- A call that waits in the system lets the GIL go. Here the other end of each pipe is this very program: a call that
-- kept the GIL would never come back.
-- args:
-- args: --policy cooperative
-- args: --policy fifo
local check = require "check"
local fifo = require "fifo"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local dir <close> = fifo.folder()

-- Runs `blocks` in a thread of its own and, once it has begun, `unblocks` here; returns what `blocks` returned.
local function against(blocks, unblocks)
  local begun, results
  local t = thread.start(function()
    begun = true
    results = table.pack(blocks())
  end)
  while not begun do time.sleep(0.001) end
  time.sleep(0.01) -- time to arrive inside the system call; if it has not, the test is easier, not wrong
  assert(not results)
  unblocks()
  check.join_all { t }
  return table.unpack(results, 1, results.n)
end

do -- opening a FIFO waits for the other end
  local name = dir:fifo "open"
  local writer
  local reader = against(function() return io.open(name) end, function() writer = io.open(name, "w") end)
  print(io.type(reader), io.type(writer)) -- expect: file	file

  local function write(text) return function() writer:write(text) writer:flush() end end
  print(against(function() return reader:read() end, write "a line\n")) -- expect: a line
  print(against(function() return reader:read(3, "n", "L") end, write "abc 12;\n"))
  -- expect: abc	12	;
  -- expect:
  print(#against(reader:lines "L", write "\n")) -- expect: 1
  io.input(reader)
  print(against(function() return io.read "l" end, write "default\n")) -- expect: default
  print(against(io.lines(), write "iterator\n")) -- expect: iterator
  io.input(io.stdin)
  print(against(function() return reader:read "a" end, function()
    writer:write "all"
    writer:close()
  end)) -- expect: all
  reader:close()
end

do -- io.lines and io.input open by name
  local name = dir:fifo "names"
  print(against(function()
    local lines = {}
    for line in io.lines(name) do lines[#lines + 1] = line end
    return table.concat(lines, " ")
  end, function()
    local writer <close> = io.open(name, "w")
    writer:write "by\nname\n"
  end)) -- expect: by name
  print(against(function() io.input(name) return io.read() end, function()
    local writer <close> = io.open(name, "w")
    writer:write "as input\n"
  end)) -- expect: as input
  io.close(io.input())
  io.input(io.stdin)
end

do -- a full pipe: write, flush and close wait for a reader. "r+" opens both ends, so that open does not wait.
  local name = dir:fifo "full"
  local both = io.open(name, "r+")
  local text = ("x"):rep(1000000)
  local reader = io.open(name)
  print(against(function() return both:write(text) == both and both:flush() == true end,
    function() check.equal(#reader:read(#text), #text) end)) -- expect: true
  both:setvbuf "full"
  local last = io.open(name, "w")
  last:setvbuf "no"
  last:write(("y"):rep(65536)) -- as much as a pipe holds
  both:write "left in the buffer"
  print(against(function() return both:close() end,
    function() check.equal(#reader:read(65536), 65536) end)) -- expect: true
  last:close()
  print(reader:read "a") -- expect: left in the buffer
end

do -- io.popen: reading, writing, and the wait for the child's end in close
  local name = dir:fifo "popen"
  local function open_and_close() io.open(name, "w"):close() end
  local child = io.popen("cat <" .. name .. "; exit 3")
  print(against(function() return child:read "a" end, open_and_close) == "") -- expect: true
  print(child:close()) -- expect: nil	exit	3
  child = io.popen("exec >/dev/null; cat <" .. name .. "; exit 4")
  print(against(function() return child:close() end, open_and_close)) -- expect: nil	exit	4
  child = io.popen("read x <" .. name .. "; cat >/dev/null; exit 5", "w")
  print(against(function() return child:write(("z"):rep(200000)) == child, child:close() end, open_and_close))
  -- expect: true	nil	exit	5
end

do -- os.execute
  local name = dir:fifo "execute"
  print(against(function() return os.execute("read x <" .. name .. "; exit $x") end, function()
    local writer <close> = io.open(name, "w")
    writer:write "6\n"
  end)) -- expect: nil	exit	6
end

do -- a child of a worker can be ended by signals, though workers block them
  check.in_threads(1, function()
    print(os.execute "kill -TERM $$; exit 7") -- expect: nil	signal	15
    print(io.popen "kill -INT $$; exit 8":close()) -- expect: nil	signal	2
  end)
end
