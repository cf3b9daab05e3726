-- Function calls and returns, recursive: nothing but the cost of calling. arg[1]: how much.
local scale = tonumber(arg and arg[1] or 1)

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

local sum = 0
for _ = 1, math.floor(500 * scale) do sum = sum + fib(22) end
print(sum)
