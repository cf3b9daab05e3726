-- What one thread does to a file while another is blocked in it: it waits for its turn, and finds the file as it is
-- then.
local check = require "check"
local fifo = require "fifo"
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local dir <close> = fifo.folder()
local name = dir:fifo "pipe"

local function begin(f)
  local begun = false
  local t = thread.start(function()
    begun = true
    return f()
  end)
  while not begun do time.sleep(0.001) end
  time.sleep(0.01)
  return t
end

local function open_both()
  local both = io.open(name, "r+") -- of a FIFO, "r+" opens at once, and lets the other two do so
  local reader, writer = io.open(name), io.open(name, "w")
  both:close()
  return reader, writer
end

do -- close waits until the read is over; whoever waits behind it finds a closed file
  local reader, writer = open_both()
  local reading = begin(function() return reader:read() end)
  local closing = begin(function() return reader:close() end)
  local late = begin(function() return reader:read() end)
  writer:write "for the reader\n"
  writer:close()
  print(reading:join()) -- expect: true	for the reader
  print(closing:join()) -- expect: true	true
  local ok, message = late:join()
  print(ok, message:match ":%d+: ([^\n]*)") -- expect: nil	attempt to use a closed file
end

do -- the default input is changed while a thread waits for its turn at the old one
  local reader, writer = open_both()
  io.input(reader)
  local first = begin(function() return io.read() end)
  local second = begin(function() return io.read() end)
  io.input(dir:file("other", "from the other file\n"))
  writer:write "one\n"
  writer:flush()
  print(first:join()) -- expect: true	one
  print(second:join()) -- expect: true	from the other file
  io.close(io.input())
  io.input(io.stdin)
  reader:close()
  writer:close()
end

do -- an iterator that closes its file, shared by two threads
  local reader <close> = io.open(name, "r+")
  local next_line
  local opening = begin(function() next_line = io.lines(name) end)
  check.join_all { opening }
  local first = begin(function() return next_line() end)
  local second = begin(function() return next_line() end)
  reader:write "1\n2\n"
  reader:flush()
  local _, a = first:join()
  local _, b = second:join()
  print(math.min(a, b), math.max(a, b)) -- expect: 1	2
end

do -- writers queue up behind one that fills the pipe, and come in order
  local reader, writer = open_both()
  local letters = { "a", "b", "c", "d" }
  local threads = {}
  for i, letter in ipairs(letters) do
    threads[i] = begin(function()
      writer:write(letter:rep(100000))
      writer:flush()
    end)
  end
  local order = {}
  for i = 1, #letters do
    local text = reader:read(100000)
    assert(text == text:sub(1, 1):rep(100000), "mixed")
    order[i] = text:sub(1, 1)
  end
  check.join_all(threads)
  print(table.concat(order)) -- expect: abcd
  reader:close()
  writer:close()
end

do -- nobody starves behind a thread that writes without end
  local reader, writer = open_both()
  writer:setvbuf "no"
  local stop = false
  local endless = begin(function()
    while not stop do writer:write(("x"):rep(4096)) end
  end)
  local guest = begin(function() writer:write "<guest>" end)
  local text = ""
  repeat text = text:sub(-6) .. reader:read(4096) until text:find("<guest>", 1, true)
  stop = true
  local draining = begin(function() reader:read "a" end)
  check.join_all { endless, guest }
  writer:close()
  check.join_all { draining }
  print "heard" -- expect: heard
end
