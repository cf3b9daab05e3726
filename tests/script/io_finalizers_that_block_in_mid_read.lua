-- A finalizer can run in the middle of a read, when liolib's buffer grows, and let the GIL go there: by a system
-- call, by closing a forgotten popen, by sleeping. Other threads that read the same file must not come between.
-- args:
-- args: --policy fifo
-- args: --policy fifo:interval=100us --checkpoint=line
local check = require "check"
local fifo = require "fifo"
local time = require "gilvm.time"

local LINES = check.scaled(300)
local ENOUGH = check.scaled(60)
local dir <close> = fifo.folder()

local text = {}
for n = 1, LINES do text[n] = string.char(97 + n % 26):rep(2000 + n * 40) .. "\n" end
local name = dir:file("long", table.concat(text))
text = nil

local sink = io.popen("cat >/dev/null", "w")
sink:setvbuf "no"

local ways = {
  function() sink:write "x" end,
  function() local forgotten = io.popen "sleep 0.001" end,
  function() time.sleep(0.0002) end,
}

collectgarbage()
collectgarbage("incremental", 100, 1000, 8) -- small steps: they fall everywhere, into the buffer's growth too
for i, block in ipairs(ways) do
  local finalized = 0
  local function litter()
    setmetatable({}, { __gc = function() finalized = finalized + 1 block() end })
  end
  local function read_all()
    local file <close> = io.open(name)
    local lines = {}
    check.in_threads(4, function(me)
      lines[me] = 0
      for line in file:lines() do
        lines[me] = lines[me] + 1
        litter()
        litter()
        assert(line == line:sub(1, 1):rep(#line), "torn")
      end
    end)
    check.equal(lines[1] + lines[2] + lines[3] + lines[4], LINES)
  end
  -- While one thread is in a finalizer nobody collects, so a round may see few of them.
  repeat read_all() until finalized >= ENOUGH
  print(i) -- expect: 1
  -- expect: 2
  -- expect: 3
end
