-- Strings: formatting, concatenation, matching, substitution; much of it inside C functions. arg[1]: how much.
local scale = tonumber(arg and arg[1] or 1)

local total = 0
for i = 1, math.floor(350000 * scale) do
  local line = string.format("%d:%s:%5.2f", i, "name" .. i % 100, i / 7)
  local name = line:match(":(%a+%d*):")
  line = line:gsub("%d", "#"):upper() .. name
  total = total + #line + line:byte(1)
end
print(total)
