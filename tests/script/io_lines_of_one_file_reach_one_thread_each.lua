-- Several threads read one file. Each line, however long, comes whole and to exactly one of them; a file and a pipe,
-- by lines, by a shared iterator, by pairs of lines, with numbers.
-- args: --policy cpython:interval=50us
-- args: --policy cpython2:check=3
-- args: --policy fifo:interval=100us --checkpoint=line
local check = require "check"
local fifo = require "fifo"

local THREADS, LINES = 5, check.scaled(2000)
local dir <close> = fifo.folder()

local function line_of(n)
  local letter = string.char(97 + n % 26)
  return ("%d %s"):format(n, letter:rep(n % 50 == 0 and 9000 or n % 90))
end

local text = {}
for n = 1, LINES do text[n] = line_of(n) .. "\n" end
local name = dir:file("lines", table.concat(text))

local function check_all(seen)
  for n = 1, LINES do assert(seen[n], n) end
end

local function gather(read)
  local seen = {}
  check.in_threads(THREADS, function()
    for line in read do
      local n = tonumber(line:match "^(%d+) ")
      assert(n and line == line_of(n), line)
      assert(not seen[n], n)
      seen[n] = true
    end
  end)
  check_all(seen)
end

local function sources()
  return { file = assert(io.open(name)), pipe = assert(io.popen("cat " .. name)) }
end

for _, file in pairs(sources()) do
  gather(function() return file:read() end)
  assert(file:close())
end
print "read" -- expect: read

for _, file in pairs(sources()) do
  gather(file:lines())
  assert(file:close())
end
print "lines" -- expect: lines

for _, file in pairs(sources()) do
  gather(function()
    local line = file:read "L"
    return line and line:match "^(.*)\n$"
  end)
  assert(file:close())
end
print "with line ends" -- expect: with line ends

-- One call that reads several things gets them from one place.
for _, file in pairs(sources()) do
  local seen = {}
  check.in_threads(THREADS, function()
    while true do
      local n, one, rest = file:read("n", 1, "l")
      if not n then break end
      check.equal(n .. one .. rest, line_of(n))
      assert(not seen[n])
      seen[n] = true
    end
  end)
  check_all(seen)
  assert(file:close())
end
print "several formats" -- expect: several formats

-- Default input, through io.lines and io.read at the same time.
io.input(name)
local next_line = io.lines()
local by_turns = 0
gather(function()
  by_turns = by_turns + 1
  if by_turns % 2 == 0 then return next_line() end
  return io.read()
end)
io.close(io.input())
print "default input" -- expect: default input

-- Writers to one file: calls stay whole, none is lost.
local out = assert(io.open(dir.path .. "/out", "w+"))
check.in_threads(THREADS, function(me)
  for n = me, LINES, THREADS do
    out:write(n, " ", line_of(n):match "^%d+ (.*)$", "\n")
    if n % 100 == 0 then out:flush() end
  end
end)
out:seek "set"
gather(out:lines())
out:close()
print "written" -- expect: written
