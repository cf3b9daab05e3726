-- scripts/bench/processes.lua - how much faster are two processes on two cores than one after the other? Reads what
-- `gilvm compare` itself says of the primes.
--
-- usage: gilvm processes.lua gilvm=PATH [script=../examples/primes.lua] [runs=5]
package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path
local bench = require "bench"

local options = bench.arguments {gilvm = "gilvm", script = "", runs = 5}
local script = options.script ~= "" and options.script or bench.folder .. "../examples/primes.lua"

local text = bench.output(options.gilvm, "compare", "-j", "2", "--runs", tostring(math.tointeger(options.runs)),
  "--json", "-", script)

-- The seconds and the speed-up that the data say of a mode.
local function figures(mode)
  local object = assert(text:match('{[^{}]*"mode"%s*:%s*"' .. mode .. '"[^{}]*}'), "no " .. mode .. " in:\n" .. text)
  return tonumber(object:match('"wall_s"%s*:%s*([%d.e+-]+)')), tonumber(object:match('"speedup"%s*:%s*([%d.e+-]+)'))
end

local serial = figures("serial")
local processes, speedup = figures("processes")
bench.row {name = "primes on two cores", peer = "serial", theirs = serial, us = "processes", ours = processes,
  format = "%.3f s", ratio = speedup, target = 1.9, at_least = true}
