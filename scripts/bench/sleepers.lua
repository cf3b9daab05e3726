-- scripts/bench/sleepers.lua - do threads that sleep cost anything? The same script runs alone and beside a thousand
-- sleeping threads, in turn.
--
-- usage: gilvm sleepers.lua gilvm=PATH [threads=1000] [rounds=9]
package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path
local bench = require "bench"

local options = bench.arguments {gilvm = "gilvm", threads = 1000, rounds = 9}

local function seconds_beside(count)
  local text = bench.output(options.gilvm, bench.folder .. "sleepers_body.lua", tostring(count))
  return assert(tonumber(text), text)
end

local alone, beside = bench.in_turn(options.rounds, function() return seconds_beside(0) end,
  function() return seconds_beside(math.tointeger(options.threads)) end)
bench.row {name = "beside sleeping threads", peer = "0 threads", theirs = alone, ours = beside,
  us = math.tointeger(options.threads) .. " threads", format = "%.3f s", target = 1.02}
