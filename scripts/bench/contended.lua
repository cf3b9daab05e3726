-- scripts/bench/contended.lua - what does sharing the lock cost? The same amount of work for the processor is done by
-- one thread and by eight that compete for the lock, in turn; the ratio is that of the work done in a second.
--
-- usage: gilvm contended.lua [threads=8] [rounds=7] [work=1]
package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path
local bench = require "bench"
local gil = require "gilvm.gil"
local thread = require "gilvm.thread"
local monotonic = require("gilvm.time").monotonic

local options = bench.arguments {threads = 8, rounds = 7, work = 1}
local units = math.floor(400 * options.work) * 8 // options.threads * options.threads

local function work(count)
  local x = 0
  for _ = 1, count do
    for i = 1, 20000 do x = (x + i * 7) % 1000003 end
  end
  return x
end

-- The units of work that `count` threads get done in a second.
local function rate(count)
  local threads = {}
  local start = monotonic()
  for i = 1, count do threads[i] = thread.start(work, units // count) end
  for i = 1, count do assert(threads[i]:join()) end
  return units / (monotonic() - start)
end

local function measure(interval, target)
  gil.policy("cpython:interval=" .. interval)
  local one, many = bench.in_turn(options.rounds, function() return rate(1) end,
    function() return rate(options.threads) end)
  bench.row {name = "contended, " .. interval, peer = "1 thread", theirs = one, ours = many,
    us = options.threads .. " threads", format = "%.0f/s", target = target, at_least = true}
end

measure("5ms", 0.99)
measure("100us", 0.95)
