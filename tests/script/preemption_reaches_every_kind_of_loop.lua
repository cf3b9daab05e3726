-- A thread that spins in any kind of loop, call or library callback lets another one in.
-- args:
-- args: --policy fifo:interval=500us
-- args: --checkpoint=line
-- args: --policy cpython2
-- args: --policy cpython2:check=3 --checkpoint=line
local check = require "check"
local thread = require "gilvm.thread"

local stop

local spinners = {
  ["while"] = function() while not stop do end end,
  ["repeat"] = function() repeat until stop end,
  ["goto"] = function() ::again:: if not stop then goto again end end,
  ["numeric for"] = function() for _ = 1, math.huge do if stop then return end end end,
  ["generic for"] = function() for _ in function() return not stop or nil end do end end,
  ["tail calls"] = function()
    local function loop() if not stop then return loop() end end
    return loop()
  end,
  ["mutual recursion"] = function()
    local function deep(n) if n > 0 and not stop then return 1 + deep(n - 1) end return 0 end
    while not stop do deep(100) end
  end,
  ["pcall"] = function() while not stop do pcall(error, "x") end end,
  ["metamethods"] = function()
    local t = setmetatable({}, { __index = function() return not stop end })
    while t.x do end
  end,
  ["sort callback"] = function()
    while not stop do
      local list = {}
      for i = 1, 50 do list[i] = i * 7919 % 50 end
      table.sort(list, function(a, b) return a > b end)
    end
  end,
  ["gsub callback"] = function()
    while not stop do (("a"):rep(50)):gsub("a", function() return "b" end) end
  end,
  ["coroutine"] = function()
    local co = coroutine.wrap(function() while not stop do end end)
    co()
  end,
  ["generator"] = function()
    local next_one = coroutine.wrap(function() while true do coroutine.yield() end end)
    while not stop do next_one() end
  end,
  ["coroutine in a coroutine"] = function()
    coroutine.wrap(function()
      coroutine.wrap(function() while not stop do end end)()
    end)()
  end,
  ["C function without end"] = function()
    while not stop do string.rep("x", 100) end
  end,
  ["load"] = function()
    while not stop do load "local x = 1 return x" () end
  end,
  ["close variable"] = function()
    while not stop do local _ <close> = setmetatable({}, { __close = function() end }) end
  end,
}

local names = {}
for name in pairs(spinners) do names[#names + 1] = name end
table.sort(names)

for _, name in ipairs(names) do
  stop = false
  local progress = 0
  local spinner = thread.start(spinners[name])
  -- This thread needs the GIL again and again; a spinner that does not give it up makes the script hang here.
  local other = thread.start(function()
    while progress < 200 do progress = progress + 1 end
    stop = true
  end)
  check.join_all { spinner, other }
  assert(progress == 200, name)
end
print("all " .. #names) -- expect: all 17
