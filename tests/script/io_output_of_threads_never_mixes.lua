-- print, io.write and file:write from several threads: what one call writes stays together, to a pipe that is always
-- full, in every way of buffering. The program runs itself as the writer and reads what comes.
-- args: --policy cpython:interval=50us
-- args: --policy cpython2:check=3
-- args: --policy fifo:interval=100us --checkpoint=line
local check = require "check"

local THREADS = 6
local rounds = check.scaled(60)

-- Pieces whose concatenation shows by itself whether it is whole: <letter n>letter...letter<end>.
local function pieces(me, n)
  local letter = string.char(64 + me)
  return ("<%s %d>"):format(letter, n), letter:rep(n), "<end>"
end

local function length(me, round) return (me * 7919 + round * 104729) % (round % 10 == 0 and 20000 or 300) + 1 end

local writers = {
  print = print,
  ["io.write"] = function(a, b, c) io.write(a, "\t", b, "\t", c, "\n") end,
  ["file:write"] = function(a, b, c) io.stdout:write(a, "\t", b, "\t", c, "\n") end,
  ["io.stderr"] = function(a, b, c) io.stderr:write(a, "\t", b, "\t", c, "\n") end,
}

if arg[1] then
  local write, mode = writers[arg[1]], arg[2]
  io.stdout:setvbuf(mode)
  check.in_threads(THREADS, function(me)
    for round = 1, rounds do write(pieces(me, length(me, round))) end
  end)
  return
end

local function run(writer, mode)
  local command = "'%s' --policy cpython:interval=50us '%s' %s %s 2>&1"
  local child = assert(io.popen(command:format(os.getenv "GILVM", arg[0], writer, mode)))
  local seen = {}
  for line in child:lines() do
    local letter, n, body = line:match "^<(%u) (%d+)>\t(%u+)\t<end>$"
    if not letter or body ~= letter:rep(tonumber(n)) then error("mixed: " .. line:sub(1, 200)) end
    seen[letter] = (seen[letter] or 0) + 1
    check.equal(tonumber(n), length(letter:byte() - 64, seen[letter]), "a line out of order")
  end
  assert(child:close())
  for me = 1, THREADS do check.equal(seen[string.char(64 + me)], rounds, writer .. ", " .. mode) end
end

for writer in pairs(writers) do
  for _, mode in ipairs { "full", "line", "no" } do run(writer, mode) end
end
print "all whole" -- expect: all whole
