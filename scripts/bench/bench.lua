-- scripts/bench/bench.lua - what the benchmarks written in Lua share. They run under gilvm itself.
--
-- A figure is always a ratio to a peer that was measured in the same run, in turn with it: machines differ, and the
-- same machine differs from one minute to the next. A benchmark never fails for being slow; it fails when something
-- cannot be run.
local monotonic = require("gilvm.time").monotonic

local bench = {}

-- The folder of the benchmark that runs, with a slash at its end.
bench.folder = arg[0]:match("^(.*/)") or "./"

-- Quoted for the shell.
function bench.quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Runs a program, given as separate words; its standard output goes nowhere. Returns the seconds that it took.
function bench.wall(...)
  local words = {}
  for i, word in ipairs({...}) do words[i] = bench.quote(word) end
  local start = monotonic()
  local ok, how, status = os.execute("exec " .. table.concat(words, " ") .. " >/dev/null")
  if not ok then error(string.format("%s: %s %d", table.concat(words, " "), how, status), 2) end
  return monotonic() - start
end

-- The same for a program whose output is wanted, standard error included. Returns that.
function bench.output(...)
  local words = {}
  for i, word in ipairs({...}) do words[i] = bench.quote(word) end
  local pipe <close> = assert(io.popen("exec " .. table.concat(words, " ") .. " 2>&1"))
  local text = pipe:read("a")
  local ok, how, status = pipe:close()
  if not ok then error(string.format("%s: %s %d\n%s", table.concat(words, " "), how, status, text), 2) end
  return text
end

function bench.median(values)
  local sorted = table.move(values, 1, #values, 1, {})
  table.sort(sorted)
  local middle = #sorted // 2
  if #sorted % 2 == 1 then return sorted[middle + 1] end
  return (sorted[middle] + sorted[middle + 1]) / 2
end

-- Calls each of the functions in turn, `rounds` times over; each returns a number. The order turns round every time,
-- so that nobody always runs after the same neighbour. Returns the median of each.
function bench.in_turn(rounds, ...)
  local functions = {...}
  local results = {}
  for i = 1, #functions do results[i] = {} end
  for round = 1, rounds do
    local first, last, step = 1, #functions, 1
    if round % 2 == 0 then first, last, step = last, first, -1 end
    for i = first, last, step do
      local result = functions[i]()
      table.insert(results[i], result)
    end
  end
  for i = 1, #functions do results[i] = bench.median(results[i]) end
  return table.unpack(results)
end

-- One line: calls        lua5.4 0.412 s   gilvm 0.413 s   ratio 1.00   target 1.03
-- `format` writes a figure with its unit. The ratio is ours to the peer's, unless it is given.
function bench.row(row)
  local ratio = row.ratio or row.ours / row.theirs
  print(string.format("%-28s %s %s   %s %s   ratio %.3f   target %s %.2f", row.name, row.peer,
    string.format(row.format, row.theirs), row.us or "gilvm", string.format(row.format, row.ours), ratio,
    row.at_least and ">=" or "<=", row.target))
  io.stdout:flush()
end

-- The command line: key=value words after the script's name. Returns a function that reads one of them.
function bench.arguments(standard)
  local values = setmetatable({}, {__index = standard})
  for i = 1, #arg do
    local key, value = arg[i]:match("^([%w_]+)=(.*)$")
    if not key or standard[key] == nil then
      local known = {}
      for name, preset in pairs(standard) do known[#known + 1] = name .. "=" .. tostring(preset) end
      table.sort(known)
      io.stderr:write(arg[0], ": '", arg[i], "' is none of: ", table.concat(known, " "), "\n")
      os.exit(2)
    end
    values[key] = type(standard[key]) == "number" and assert(tonumber(value), arg[i] .. ": not a number") or value
  end
  return values
end

return bench
