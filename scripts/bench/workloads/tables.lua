-- Tables as arrays, maps and records: growth, lookups, sorting, collection of what is dropped. arg[1]: how much.
local scale = tonumber(arg and arg[1] or 1)

local total = 0
for round = 1, math.floor(150 * scale) do
  local records, by_name = {}, {}
  for i = 1, 4000 do
    local record = {id = i, key = (i * 7919 + round) % 4001, name = "n" .. i % 500}
    records[#records + 1] = record
    by_name[record.name] = (by_name[record.name] or 0) + record.key
  end
  table.sort(records, function(a, b) return a.key < b.key end)
  for _, count in pairs(by_name) do total = total + count end
  total = total + records[1].id
end
print(total)
