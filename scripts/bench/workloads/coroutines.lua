-- Coroutines: generators through wrap, resume and yield with values, and many short-lived ones. arg[1]: how much.
local scale = tonumber(arg and arg[1] or 1)

local function range(n)
  return coroutine.wrap(function()
    for i = 1, n do coroutine.yield(i) end
  end)
end

local total = 0
for _ = 1, math.floor(22000 * scale) do
  for i in range(100) do total = total + i end
  local echo = coroutine.create(function(a)
    while true do a = coroutine.yield(a + 1) end
  end)
  for i = 1, 100 do
    local _, answer = coroutine.resume(echo, i)
    total = total + answer
  end
end
print(total)
