-- scripts/bench/thread_start.lua - what a thread costs, from its start to the end of its join, against a bare POSIX
-- thread with nothing to do (thread_start.c), in turn.
--
-- usage: gilvm thread_start.lua raw=PATH [count=5000] [rounds=9]
package.path = (arg[0]:match("^(.*/)") or "./") .. "?.lua;" .. package.path
local bench = require "bench"
local thread = require "gilvm.thread"
local monotonic = require("gilvm.time").monotonic

local options = bench.arguments {raw = "thread_start", count = 5000, rounds = 9}
local count = math.tointeger(options.count)

local function raw_us()
  local text = bench.output(options.raw, tostring(count))
  return assert(tonumber(text), text)
end

local function nothing() end

local function gilvm_us()
  local start = monotonic()
  for _ = 1, count do assert(thread.start(nothing):join()) end
  return (monotonic() - start) / count * 1e6
end

local theirs, ours = bench.in_turn(options.rounds, raw_us, gilvm_us)
bench.row {name = "thread start and join", peer = "pthread", theirs = theirs, ours = ours, format = "%.1f us",
  target = 1.5}
