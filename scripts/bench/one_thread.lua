-- scripts/bench/one_thread.lua - does a script that needs nothing of gilvm pay for it? Six workloads under lua5.4 and
-- under gilvm, in turn: wall time, or with count=instructions the instructions that callgrind counts (less those of a
-- run with nothing to do, so that starting and ending do not blur it).
--
-- usage: gilvm one_thread.lua gilvm=PATH [lua=lua5.4] [count=wall|instructions] [rounds=9] [scale=1]
package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path
local bench = require "bench"

local options = bench.arguments {gilvm = "gilvm", lua = "lua5.4", count = "wall", rounds = 9, scale = 0}
local workloads = {"calls", "loops", "strings", "tables", "closures", "coroutines"}

local function file_of(workload) return bench.folder .. "workloads/" .. workload .. ".lua" end

local function measure_wall(workload)
  local scale = tostring(options.scale > 0 and options.scale or 1)
  local file = file_of(workload)
  local theirs, ours = bench.in_turn(options.rounds, function() return bench.wall(options.lua, file, scale) end,
    function() return bench.wall(options.gilvm, file, scale) end)
  bench.row {name = workload, peer = "lua5.4", theirs = theirs, ours = ours, format = "%.3f s", target = 1.03}
end

local function instructions(program, workload, scale)
  local text = bench.output("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program,
    file_of(workload), tostring(scale))
  return assert(tonumber(text:match("Collected : (%d+)")), text)
end

local function measure_instructions(workload)
  local scale = options.scale > 0 and options.scale or 0.05
  local theirs = instructions(options.lua, workload, scale) - instructions(options.lua, workload, 0)
  local ours = instructions(options.gilvm, workload, scale) - instructions(options.gilvm, workload, 0)
  bench.row {name = workload .. ", instructions", peer = "lua5.4", theirs = theirs / 1e6, ours = ours / 1e6,
    format = "%.1f M", target = 1.01}
end

for _, workload in ipairs(workloads) do
  if options.count == "instructions" then measure_instructions(workload) else measure_wall(workload) end
end
