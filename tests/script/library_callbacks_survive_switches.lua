-- C functions that call back into Lua (sort, gsub, load, metamethods, string buffers): the callback is switched away
-- from, and meanwhile other threads collect garbage and use the same functions.
-- args:
-- args: --policy cpython:interval=50us
-- args: --policy cpython2:check=3
-- args: --policy fifo:interval=50us
-- args: --checkpoint=line --policy cpython:interval=50us
local check = require "check"

local rounds = check.scaled(100)

local function shuffled(n, seed)
  local list = {}
  for i = 1, n do list[i] = i end
  for i = n, 2, -1 do
    seed = (seed * 1103515245 + 12345) % 2147483648
    local j = seed % i + 1
    list[i], list[j] = list[j], list[i]
  end
  return list
end

check.in_threads(6, function(me)
  for round = 1, rounds do
    local list = shuffled(100, me * 1000 + round)
    table.sort(list, function(a, b) return a > b end)
    for i = 1, 100 do assert(list[i] == 101 - i) end

    local boxes = {}
    for i, n in ipairs(shuffled(50, round)) do
      boxes[i] = setmetatable({ n }, { __lt = function(a, b) return a[1] < b[1] end })
    end
    table.sort(boxes)
    for i = 1, 50 do assert(boxes[i][1] == i) end

    -- gsub builds its result in a buffer that lives on the stack while the callback runs.
    local text = ("ab"):rep(300)
    local replaced, n = text:gsub("a", function(c) return c:upper() .. #tostring(round) end)
    assert(n == 300 and replaced == ("A" .. #tostring(round) .. "b"):rep(300))
    replaced = text:gsub("%w", setmetatable({}, { __index = function(_, k) return k == "a" and "x" or nil end }))
    assert(replaced == ("xb"):rep(300))

    local words = 0
    for word in ("lorem ipsum dolor "):rep(20):gmatch "%a+" do words = words + #word end
    assert(words == 300)

    -- table.concat, unpack, move and the rest through metamethods.
    local proxy = setmetatable({}, {
      __index = function(_, i) return i <= 50 and i or nil end,
      __len = function() return 50 end,
    })
    assert(#table.concat(proxy, ",") == 9 + 41 * 2 + 49)
    assert(select("#", table.unpack(proxy)) == 50)
    local copy = table.move(proxy, 1, 50, 1, {})
    assert(copy[50] == 50)

    -- load with a reader function, tostring with __tostring and __name, string.format with %s of objects.
    local parts, at = { "local a = ", "...", " return a", " + 1" }, 0
    assert(load(function() at = at + 1 return parts[at] end)(round) == round + 1)
    local object = setmetatable({}, { __tostring = function() return ("o"):rep(3) .. me end })
    assert(("%s %s"):format(object, object) == "ooo" .. me .. " ooo" .. me)
    assert(tostring(object) == "ooo" .. me)
    local function once(_, key) if not key then return 1, me end end
    for k, v in pairs(setmetatable({}, { __pairs = function() return once end })) do assert(k == 1 and v == me) end
    assert(#string.rep("x", 1000, ",") == 1999)
    assert(string.pack("i4s2z", me, "ab", "cd"):len() == 11)
    assert(utf8.char(228, 8364, 128512) == "ä€😀")
  end
end)
print "ok" -- expect: ok
