-- Closures: made, called and dropped; upvalues shared and not. arg[1]: how much.
local scale = tonumber(arg and arg[1] or 1)

local function counter(start, step)
  local n = start
  return function()
    n = n + step
    return n
  end
end

local function compose(f, g) return function(x) return f(g(x)) end end

local total = 0
for i = 1, math.floor(1600000 * scale) do
  local next_of = counter(i, 3)
  local twice = compose(function(x) return x + i end, function(x) return x * 2 end)
  total = total + next_of() + next_of() + twice(i)
end
print(total)
