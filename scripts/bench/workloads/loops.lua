-- Numeric loops over integers and floats: arithmetic, comparisons and back edges, no calls. arg[1]: how much.
local scale = tonumber(arg and arg[1] or 1)

local integer, float = 0, 0.0
for i = 1, math.floor(600 * scale) do
  for j = 1, 100000 do
    if j % 3 == 0 then integer = integer + (j ~ i) else float = float + j * 0.5 end
  end
end
print(integer, float)
