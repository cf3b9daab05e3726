#!/bin/sh
# tests/cli/compare.sh GILVM - `gilvm compare`: four ways beside each other, real forks and signals, bad input.
. "$(dirname "$0")/tap.sh"

cat >quiet.lua <<'LUA'
local t = {}
for i = 1, 20000 do t[i] = i end
LUA
cat >noisy.lua <<'LUA'
print("NOISE from a copy")
LUA
# A fixed time of computing, so that the lock's interval passes many times on any machine.
cat >spin.lua <<'LUA'
local stop = os.clock() + 0.15
while os.clock() < stop do end
print("NOISE")
LUA
cat >sleep.lua <<'LUA'
local time = require "gilvm.time"
for _ = 1, 4 do time.sleep(0.05) end
LUA
# Fails where the copies share a universe.
cat >alone.lua <<'LUA'
local time = require "gilvm.time"
if require("gilvm").worker() == 1 then gilvm_copy_1 = true return end
local till = time.monotonic() + 0.5 -- for the other copy to come, if it shares our globals
repeat time.sleep(0.001) until gilvm_copy_1 or time.monotonic() > till
if gilvm_copy_1 then error("not alone") end
LUA

# rows FILE CHUNK: reads the rows of a JSON file and runs a chunk of Lua with `row` (by mode), `order` and `text`.
cat >rows.lua <<'LUA'
row, order, text = {}, {}, io.open(arg[1]):read("a")
for object in text:gmatch("%b{}") do
  local mode = object:match('"mode": "(%a+)"')
  order[#order + 1] = mode
  row[mode] = {}
  for key, value in object:gmatch('"([%a_]+)": ([%d.nul-]+)') do row[mode][key] = tonumber(value) or "null" end
end
assert(load(arg[2]))()
LUA
rows() { gilvm rows.lua "$@"; }

# ---------------------------------------------------------------- the table

gilvm compare -j 2 --runs 1 --json rows.json spin.lua >table 2>err
echo "exit status $?" >>err
silent='a comparison succeeds and says nothing on standard error in a pipe'
if [ "$(cat err)" = 'exit status 0' ]; then ok "$silent"; else not_ok "$silent" err table; fi

has() {
  if grep -qE -e "$2" "$3"; then ok "$1"; else not_ok "$1" "$3"; fi
}
lacks() {
  if grep -qE -e "$2" "$3"; then not_ok "$1" "$3"; else ok "$1"; fi
}
has 'the title says what was compared' '^spin.lua: 2 copies on [0-9]+ CPUs?, 1 run$' table
for mode in serial threads interpreters processes; do
  has "there is a row for $mode" \
    "^  $mode +[0-9.]+ m?s +[0-9.]+x +[0-9.]+ +[0-9.]+ % +[0-9]+ +[0-9.]+ MiB\$" table
done
lacks 'what the script prints is kept out of the table' NOISE table
lacks 'a pipe gets no colours' "$(printf '\033')" table
has 'a verdict follows' '^  [A-Z].*' table

# ---------------------------------------------------------------- the figures

figures() {
  if rows rows.json "$2" >out 2>&1; then ok "$1"; else not_ok "$1" out rows.json table; fi
}
figures 'the JSON has the four ways in their order' \
  'assert(table.concat(order, " ") == "serial threads interpreters processes")'
figures 'every figure is a number in its range' '
  for mode, r in pairs(row) do
    for _, key in ipairs{"wall_s", "speedup", "cores", "gil_wait_share", "switches", "pss_kb"} do
      assert(math.type(r[key]), mode .. "." .. key .. " is no number")
    end
    assert(r.wall_s > 0 and r.cores > 0 and r.pss_kb > 100 and r.failed == 0 and r.runs == 1, mode)
    assert(r.gil_wait_share >= 0 and r.gil_wait_share <= 1 and r.gil_held_share <= 1, mode)
  end'
figures 'the speed-up is against serial' '
  for mode, r in pairs(row) do assert(math.abs(r.speedup - row.serial.wall_s / r.wall_s) < 0.01, mode) end'
figures 'only threads that share a lock wait for it' '
  assert(row.threads.gil_wait_share > 0.2 and row.threads.switches > 2)
  for _, mode in ipairs{"serial", "interpreters", "processes"} do
    assert(row[mode].gil_wait_share < 0.05 and row[mode].switches == 0, mode)
  end'
figures 'the CPU time of copies in processes is counted' 'assert(row.processes.cores * row.processes.wall_s > 0.25)'

gilvm compare -j 3 --runs 3 --json rows.json sleep.lua >table 2>&1
figures 'while a script sleeps neither the CPU nor the lock is used' \
  'assert(row.serial.cores < 0.5 and row.serial.gil_held_share < 0.5)'
figures 'the median lies between the fastest run and the slowest' '
  for mode, r in pairs(row) do
    assert(r.runs == 3 and r.wall_min_s <= r.wall_s and r.wall_s <= r.wall_max_s, mode)
  end'
has 'the title counts the runs' '3 copies on [0-9]+ CPUs?, median of 3 runs' table

# 32 MiB in each copy, in pieces since making a string takes twice its size, for long enough to be seen.
cat >large.lua <<'LUA'
local large = {}
for i = 1, 32 do large[i] = string.rep("x", 2 ^ 20) end
require "gilvm.time".sleep(0.5)
assert(#large == 32)
LUA
gilvm compare -j 2 --runs 1 --json rows.json large.lua >table 2>&1
figures 'memory is that of all processes at the same time' '
  assert(row.serial.pss_kb > 32 * 1024, "serial")
  for _, mode in ipairs{"threads", "interpreters", "processes"} do assert(row[mode].pss_kb > 64 * 1024, mode) end'

gilvm compare --runs 1 --json - quiet.lua >rows.json 2>table
figures 'with --json - standard output is the data alone' 'assert(text:match("^%[%s*{.*}%s*%]%s*$") and #order == 4)'
has 'and the table goes to standard error' '^  processes ' table

# ---------------------------------------------------------------- what scripts see and write

gilvm compare -j 2 --runs 2 --show-output noisy.lua >table 2>err
equals() {
  if [ "$2" -eq "$3" ]; then ok "$1"; else not_ok "$1" "$4"; fi
}
equals '--show-output has the first run of each way' "$(grep -c NOISE table)" 8 table
check '--color=always colours the table' 0 "$(printf '\033')" 'gilvm compare --runs 1 --color=always quiet.lua'
echo 'assert(io.read() == nil) print("ok")' >reads.lua
check 'scripts find standard input empty' 0 processes 'echo mine | gilvm compare --runs 1 reads.lua'
check 'a script can come from standard input' 0 'standard input: 2 copies' 'gilvm compare -j 2 --runs 1 - <quiet.lua'
echo 'assert(arg[0] == "args.lua" and select("#", ...) == 2 and (...) == "--runs" and arg[2] == "b c")' >args.lua
check 'arguments after the script are the script'"'"'s' 0 processes 'gilvm compare --runs 1 args.lua --runs "b c"'
echo 'io.stderr:write("warning")' >warns.lua
check 'writing to standard error is mentioned' 0 '--show-output shows what' 'gilvm compare --runs 1 warns.lua'
check 'and shown if asked for' 0 'standard error:' 'gilvm compare --runs 1 --show-output warns.lua'
echo 'assert(require("gilvm.gil").policy():match("^fifo"))' >policy.lua
check 'the policy reaches all copies' 0 processes 'gilvm compare --runs 1 --policy fifo policy.lua'
check 'one copy is allowed' 0 'One copy has no company' 'gilvm compare -j 1 --runs 1 quiet.lua'
check 'the default is a copy for each CPU, at least two' 0 "quiet.lua: $(n=$(nproc); [ "$n" -gt 1 ] || n=2; echo "$n") copies" \
  'gilvm compare --runs 1 quiet.lua'
check 'help' 0 'usage: gilvm compare' 'gilvm compare --help'

# ---------------------------------------------------------------- scripts that fail

echo 'error("boom")' >boom.lua
check 'a script that fails alone ends the comparison' 1 'serial        failed, exit status 1' 'gilvm compare -j 2 boom.lua'
has 'and is not tried in company' '^  threads       not run' out
has 'and its error is shown' 'boom.lua:1: boom' out
gilvm compare -j 2 --runs 2 --json rows.json alone.lua >table 2>err
equals 'one way that fails makes exit status 1' $? 1 err
has 'the row says failed' '^  threads       failed, exit status 1$' table
has 'the error is on standard error' 'alone.lua:5: not alone' err
has 'the others have their figures' '^  processes +[0-9.]+ m?s' table
figures 'the JSON has null for it' '
  assert(row.threads.failed == 1 and row.threads.wall_s == "null" and row.threads.speedup == "null")
  assert(row.serial.runs == 2 and row.processes.speedup > 0)'
echo 'os.exit(3)' >exit3.lua
check 'an exit status is told' 1 'failed, exit status 3' 'gilvm compare --runs 1 exit3.lua'
cat >killed.lua <<'LUA'
os.execute("kill -9 $PPID")
LUA
check 'a run that is killed is named and not waited for' 1 'failed, exit status 137' 'gilvm compare --runs 1 killed.lua'
echo 'os.exit(0)' >exit0.lua
check 'os.exit(0) is a success' 0 '  processes ' 'gilvm compare --runs 1 exit0.lua'

# ---------------------------------------------------------------- bad input

echo 'x = = 1' >syntax.lua
check 'a missing script' 1 'gilvm: cannot open nosuch.lua' 'gilvm compare nosuch.lua'
mkdir folder
check 'a folder' 1 'gilvm: cannot read folder' 'gilvm compare folder'
check 'a syntax error' 1 "gilvm: syntax.lua:1: unexpected symbol near '='" 'gilvm compare -j 4 syntax.lua'
equals 'which is told once' "$(grep -c 'syntax.lua' out)" 1 out
check 'no script' 2 'which script?' 'gilvm compare'
check '--runs 0' 2 '--runs 0: the number of runs is a whole number from 1' 'gilvm compare --runs 0 quiet.lua'
check '--runs many' 2 '--runs many:' 'gilvm compare --runs many quiet.lua'
check '-j 0' 2 '-j 0:' 'gilvm compare -j 0 quiet.lua'
check 'an option of the plain run' 2 "unrecognized option '--stats'" 'gilvm compare --stats quiet.lua'
check 'an unknown policy' 2 'nosuch' 'gilvm compare --policy nosuch quiet.lua'
check '--json without a file' 2 "'--json' needs a value" 'gilvm compare --json'
check '--json into nowhere' 1 '--json: cannot open no/such/file: No such file or directory' \
  'gilvm compare --json no/such/file quiet.lua'
check '--json onto a full disk' 1 '--json: cannot write /dev/full: No space left on device' \
  'gilvm compare --runs 1 --json /dev/full quiet.lua'
check 'a table that cannot be written' 1 'cannot write the table: No space left on device' \
  'gilvm compare --runs 1 quiet.lua 2>&1 >/dev/full'

# ---------------------------------------------------------------- signals

# Each run but the first round's hangs, once a copy is known to run.
cat >hangs.lua <<'LUA'
local gilvm, time = require "gilvm", require "gilvm.time"
if gilvm.worker() == 1 then
  local runs = io.open("runs", "a+")
  runs:seek("set")
  local count = #runs:read("a")
  runs:write("x")
  runs:close()
  if count >= tonumber(arg[1]) then
    os.rename("ready", "hanging")
    time.sleep(3600)
  end
end
LUA

# start_and_hang AFTER COMMAND...: starts a comparison and returns when its run number AFTER (from 0) hangs.
start_and_hang() {
  rm -f runs hanging
  : >ready
  after=$1
  shift
  "$@" compare -j 2 --runs 5 "$scratch/hangs.lua" "$after" >table 2>err </dev/null &
  compare=$!
  while [ ! -e hanging ] && kill -0 "$compare" 2>/dev/null; do sleep 0.02; done
}

# Whether a process with this test's script on its command line is left; those killed a moment ago get some time to
# go. The brackets keep grep from finding itself.
is_left() {
  tries=0
  while grep -l "$scratch/[h]angs.lua" /proc/[0-9]*/cmdline 2>/dev/null | grep -q .; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || return 0
    sleep 0.05
  done
  return 1
}

# ends SENTENCE STATUS
ends() {
  wait "$compare"
  status=$?
  echo "exit status $status, expected $2" >what
  if [ "$status" -eq "$2" ]; then ok "$1"; else not_ok "$1" what table err; fi
  if is_left; then not_ok "$1, and no process is left" what; else ok "$1, and no process is left"; fi
}

# A shell starts background commands with SIGINT ignored; env puts the default back.
for run in 0 1 2 3; do
  start_and_hang $run env --default-signal=INT gilvm
  kill -INT "$compare"
  ends "Ctrl-C in run $run of the first round ends everything" 130
  if [ -s table ]; then not_ok 'and prints no table' table; else ok 'and prints no table'; fi
done
start_and_hang 5 env --default-signal=INT gilvm
kill -INT "$compare"
ends 'Ctrl-C in the second round' 130
has 'shows the figures of the first' '^  processes +[0-9.]+ m?s' table
has 'and says that they are of one run' ', 1 run$' table
start_and_hang 1 gilvm
kill -TERM "$compare"
ends 'SIGTERM ends everything' 143
start_and_hang 3 gilvm
kill -KILL "$compare"
ends 'a comparison that is killed takes its processes along' 137

# ---------------------------------------------------------------- a terminal

if command -v script >/dev/null; then
  TERM=xterm script -qec 'gilvm compare -j 2 --runs 1 quiet.lua' /dev/null >screen </dev/null
  has 'a terminal sees the progress' 'processes, run 1 of 1 \.\.\.' screen
  # A line that begins with an erasure and holds a progress message has to be followed by another erasure.
  if tr '\r' '\n' <screen |
    awk '/^\033\[K/ { erased = NR } /run 1 of 1/ { shown = NR } END { exit !(erased > shown) }'; then
    ok 'and sees it erased'
  else
    not_ok 'and sees it erased' screen
  fi
fi

finish
