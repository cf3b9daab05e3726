-- Four threads talk to four commands through pipes, each at its own pace; none of them waits for another.
--
--   gilvm scripts/examples/file_readers.lua [LINES]
--
-- After: the file readers and writers that the tutorials name as work for threads.
-- Each thread sends lines through a pipe to `sort` and reads the sorted file. Writing to a pipe that is full and
-- reading from one that is empty block the thread only: the GIL is free meanwhile. Try next: --stats.
local thread = require "gilvm.thread"

local count = math.tointeger(arg[1] or 20000)

local function sort_numbers(seed)
  local path = os.tmpname()
  local sorter = assert(io.popen("sort -n > " .. path, "w"))
  for i = 1, count do
    sorter:write((i * seed) % count, "\n")
  end
  assert(sorter:close()) -- waits until the command has ended

  local previous, lines = -1, 0
  for line in io.lines(path) do
    local number = tonumber(line)
    assert(number >= previous, "not sorted")
    previous, lines = number, lines + 1
  end
  os.remove(path)
  return lines
end

local threads = {}
for i, seed in ipairs { 7, 11, 13, 17 } do threads[i] = thread.start(sort_numbers, seed) end
for i, t in ipairs(threads) do
  local _, lines = assert(t:join())
  print("Thread " .. i .. " read " .. lines .. " sorted lines.")
end
