#!/bin/sh
# tests/cli/lab.sh GILVM - `gilvm lab`: policies beside each other, sweeps, shards put together, bad input, Ctrl-C.
. "$(dirname "$0")/tap.sh"

# Two that compute for a fixed time, and one that answers.
cat >mix.lua <<'LUA'
local gil, thread, time = require "gilvm.gil", require "gilvm.thread", require "gilvm.time"
local stop = time.monotonic() + (tonumber(arg[1]) or 0.06)
local function spin()
  while time.monotonic() < stop do
    for _ = 1, 200 do end
    gil.tick()
  end
end
local function answer()
  repeat
    local _ <close> = gil.measure "answer"
    time.sleep(0.001)
  until time.monotonic() >= stop
end
print "NOISE"
local all = { thread.start(spin), thread.start(spin), thread.start(answer) }
for _, t in ipairs(all) do t:join() end
LUA
echo 'local t = {} for i = 1, 1000 do t[i] = i end' >quiet.lua

has() {
  if grep -qE -e "$2" "$3"; then ok "$1"; else not_ok "$1" "$3"; fi
}
lacks() {
  if grep -qE -e "$2" "$3"; then not_ok "$1" "$3"; else ok "$1"; fi
}
equals() {
  if [ "$2" = "$3" ]; then ok "$1"; else echo "$2 is not $3" >what; not_ok "$1" what "$4"; fi
}
# figures SENTENCE FILE CHUNK: a chunk of Lua with `row`, by policy, the columns of a CSV file; fields as numbers.
cat >figures.lua <<'LUA'
row, order = {}, {}
local heads
for line in io.lines(arg[1]) do
  local fields = {}
  -- A comma in a quoted field is no separator.
  for _, plain in (line .. ","):gsub('"([^"]*)"', function(text) return (text:gsub(",", ";")) end)
      :gmatch "()([^,]*)," do fields[#fields + 1] = plain end
  if heads then
    local policy = fields[1]
    order[#order + 1], row[policy] = policy, {}
    for i, head in ipairs(heads) do row[policy][head] = tonumber(fields[i]) or fields[i] end
  else
    heads = fields
  end
end
assert(load(arg[2]))()
LUA
figures() {
  if gilvm figures.lua "$2" "$3" >out 2>&1; then ok "$1"; else not_ok "$1" out "$2" table; fi
}

# ---------------------------------------------------------------- the table and the files

gilvm lab --runs 2 --policies cpython:interval=1ms,fifo,cooperative --csv lab.csv --json lab.json --chart lab.svg \
  mix.lua >table 2>err
echo "exit status $?" >>err
equals 'a measurement succeeds and says nothing on standard error in a pipe' "$(cat err)" 'exit status 0' err
has 'the title says what was measured' '^mix.lua: 1 copy as threads on [0-9]+ CPUs?, median of 2 runs$' table
for policy in cpython:interval=1ms fifo cooperative; do
  has "there is a row for $policy" "^  $policy +[0-9.]+[kM]? [ *~] +[<0-9.]+ %" table
done
has 'the marked operations have a column' 'answer p50' table
has 'sentences follow' '^  [A-Z].*' table
lacks 'what the script prints is kept out of the table' NOISE table
lacks 'a pipe gets no colours' "$(printf '\033')" table
if awk 'length > 80 { exit 1 }' table; then ok 'the table fits 80 columns'; else not_ok 'the table fits 80 columns' table; fi
has 'the chart is a drawing' '^<svg xmlns=' lab.svg
has 'which names the points' '>fifo</text>' lab.svg
has 'the JSON is one object' '^\{"script": "mix.lua", "mode": "threads", "copies": 1, ' lab.json
figures 'every policy has its figures, in the order in which they were named' lab.csv '
  assert(table.concat(order, " ") == "cpython:interval=1ms fifo cooperative")
  for policy, r in pairs(row) do
    assert(r.runs == 2 and r.failed == 0 and r.work_per_s > 0 and r.cpus > 0 and r.lost >= 0 and r.lost < 1, policy)
    assert(r.work_per_s_min <= r.work_per_s and r.work_per_s <= r.work_per_s_max, policy)
    assert(r.wait_p50_s <= r.wait_p99_s and r.wait_p99_s <= r.wait_max_s * 1.001, policy)
  end'
figures 'who is never asked to yield starves the others, and that is seen' lab.csv '
  assert(row.cooperative.fairness < 0.6, row.cooperative.fairness)
  assert(row.cooperative.wait_p99_s > 0.03 and row.fifo.switches_per_s > row.cooperative.switches_per_s)'
has 'and said' 'Starvation' table
COLUMNS=130 gilvm lab --runs 1 --policies fifo,cooperative --chart page.html mix.lua >table 2>&1
has 'a wide terminal gets waits beside throughput' 'switches/s.*wait p50' table
has 'of one run each nothing is called the best' 'One run each tells nothing apart' table
has 'a chart can be a page' '^<pre>' page.html

gilvm lab -j 3 --as processes --runs 1 --policies fifo,cpython2 --csv lab.csv mix.lua >table 2>&1
has 'the title says how the copies ran' '3 copies as processes' table
gilvm lab -j 3 --runs 1 --policies fifo --csv one.csv mix.lua >table 2>&1
figures 'the marks of copies in processes come together' lab.csv 'assert(row.fifo.work_per_s > 0 and row.fifo["answer p50_s"] >= 0.001)'
cat >count.lua <<'LUA'
local gil = require "gilvm.gil"
gil.tick(1000)
gil.latency("op", 0.25)
LUA
for mode in threads interpreters processes serial; do
  gilvm lab -j 3 --as $mode --runs 1 --policies fifo --shard 1/1 count.lua >lines 2>&1
  has "the marks of 3 copies as $mode are added" '"work": 3000, .*"latencies": \{"op": \[3, 2[0-9]*, 2[0-9]*, 250000000\]\}' lines
done
gilvm lab --runs 1 --csv all.csv quiet.lua >table 2>&1
figures 'the default is every policy that is built in' all.csv '
  for _, policy in ipairs{"cpython", "cpython2", "fifo", "cooperative"} do assert(row[policy], policy) end
  assert(row.fifo.runs == 1 and row.fifo.work_per_s > 0)'
gilvm lab --runs 1 --policies fifo --csv - quiet.lua >lab.csv 2>table
figures 'with --csv - standard output is the data alone' lab.csv 'assert(#order == 1 and row.fifo)'
has 'and the table goes to standard error' '^  fifo ' table

# ---------------------------------------------------------------- which policies

# policies SENTENCE OPTIONS EXPECTED: the rows of a measurement with these options.
policies() {
  eval "gilvm lab --runs 1 $2 --csv plan.csv quiet.lua" >table 2>err
  equals "$1" "$(sed '1d; s/^"\([^"]*\)"/\1/; s/,1,0,.*//' plan.csv | tr '\n' ' ')" "$3 " err
}
policies 'parameters and policies are both separated by commas' \
  '--policies fifo,cpython:interval=1ms,cooperative' 'fifo cpython:interval=1ms cooperative'
policies 'a parameter that has its standard value is left out' '--policies cpython:interval=5ms' cpython
policies 'what comes twice is run once' '--policies fifo,fifo' fifo
policies 'a sweep goes by 1, 2, 5 from end to end' '--policies fifo --sweep interval=30us..1ms' \
  'fifo:interval=30us fifo:interval=50us fifo:interval=100us fifo:interval=200us fifo:interval=500us fifo:interval=1ms'
policies 'a sweep takes each policy that has the parameter' '--policies cpython,fifo,cooperative --sweep interval=1ms..2ms' \
  'cpython:interval=1ms cpython:interval=2ms fifo:interval=1ms fifo:interval=2ms'
has 'and names the others' "left out, having no parameter 'interval': cooperative" err
policies 'counts can be swept over' '--policies cpython2 --sweep check=50..200' 'cpython2:check=50 cpython2 cpython2:check=200'

# ---------------------------------------------------------------- shards

# As docs/lab.md has it for GNU parallel; without that, the same by the shell.
plan='--runs 2 --policies fifo,cpython:interval=1ms,cooperative'
if parallel --version 2>/dev/null | grep -q GNU; then
  parallel "gilvm lab --shard {}/3 $plan mix.lua > shard-{}.jsonl" ::: 1 2 3 2>err
else
  for i in 1 2 3; do eval "gilvm lab --shard $i/3 $plan mix.lua >shard-$i.jsonl" & done
  wait
fi
equals 'the shards have all runs among them' "$(cat shard-*.jsonl | wc -l)" 6 err
equals 'none has all runs of one policy' "$(grep -c '"policy": "fifo"' shard-1.jsonl)" 1 shard-1.jsonl
gilvm lab --merge --csv lab.csv --chart lab.svg shard-3.jsonl shard-1.jsonl shard-2.jsonl >table 2>err
equals 'put together they are a measurement' "$?$(cat err)" 0 err
has 'with its title' '^mix.lua: 1 copy as threads on [0-9]+ CPUs?, median of 2 runs$' table
figures 'and all its policies in their order' lab.csv '
  assert(table.concat(order, " ") == "fifo cpython:interval=1ms cooperative")
  for policy, r in pairs(row) do assert(r.runs == 2 and r.work_per_s > 0, policy) end'
cat shard-1.jsonl shard-2.jsonl | gilvm lab --merge - >table 2>err
has 'missing shards are counted' '2 of 6 runs are missing' err
gilvm lab --shard 1/1 --runs 1 --policies fifo --json lines.jsonl mix.lua >out 2>&1
equals 'the lines can go to a file' "$(wc -l <lines.jsonl)$(cat out)" 1 out

# ---------------------------------------------------------------- bad input

check 'the same run twice' 1 'comes a second time' 'gilvm lab --merge shard-1.jsonl shard-1.jsonl'
sed 's/"copies": 1/"copies": 2/' shard-2.jsonl >other.jsonl
check 'runs of another plan' 1 'other.jsonl:1: another number of copies' 'gilvm lab --merge shard-1.jsonl other.jsonl'
head -c 300 shard-1.jsonl >cut.jsonl
check 'a line that ends too early' 1 'cut.jsonl:1: this line is no run' 'gilvm lab --merge cut.jsonl'
sed 's/"cpu_ns": [0-9]*/"cpu_ns": -5/' shard-1.jsonl >negative.jsonl
check 'a figure that cannot be' 1 'not a whole one from 0 on' 'gilvm lab --merge negative.jsonl'
sed 's/"round"/"surprise"/' shard-1.jsonl >key.jsonl
check 'an unknown key' 1 'a key that is not known' 'gilvm lab --merge key.jsonl'
: >empty.jsonl
check 'a file without lines' 1 'the files hold no runs' 'gilvm lab --merge empty.jsonl'
check 'a file that is none' 1 'cannot open nosuch: No such file or directory' 'gilvm lab --merge nosuch'
check '--merge with what it does not run' 2 '--merge runs nothing' 'gilvm lab --merge --runs 2 shard-1.jsonl'
check '--merge without files' 2 'which files?' 'gilvm lab --merge'
check 'no script' 2 'which script?' 'gilvm lab'
check 'a missing script' 1 'cannot open nosuch.lua' 'gilvm lab nosuch.lua'
check '--runs 0' 2 '--runs 0: the number of runs is a whole number from 1' 'gilvm lab --runs 0 quiet.lua'
check 'an unknown policy' 2 "there is no policy 'nosuch'" 'gilvm lab --policies fifo,nosuch quiet.lua'
check 'an empty policy' 2 'an empty name' 'gilvm lab --policies fifo, quiet.lua'
check 'an unknown parameter' 2 "no parameter 'x'" 'gilvm lab --policies fifo:x=1 quiet.lua'
check 'a parameter without a policy' 2 "there is no policy 'interval=1ms'" 'gilvm lab --policies fifo,interval=1ms quiet.lua'
check '--policy' 2 '--policies fifo' 'gilvm lab --policy fifo quiet.lua'
check 'a sweep without a range' 2 'a sweep is a parameter and its range' 'gilvm lab --sweep interval=1ms quiet.lua'
check 'a sweep without units' 2 'a time is a number with its unit' 'gilvm lab --policies fifo --sweep interval=1..2 quiet.lua'
check 'a sweep from more to less' 2 'from less to more' 'gilvm lab --policies fifo --sweep interval=2ms..1ms quiet.lua'
check 'a sweep of what nobody has' 2 "none of the policies has a parameter 'nosuch'" 'gilvm lab --sweep nosuch=1ms..2ms quiet.lua'
check 'a shard past the end' 2 '--shard 3/2: a shard is a number and how many there are' 'gilvm lab --shard 3/2 quiet.lua'
check 'a shard with a chart' 2 'makes lines for --merge' 'gilvm lab --shard 1/2 --chart x.svg quiet.lua'
check 'a chart of another kind' 2 'ends in .svg or .html' 'gilvm lab --chart x.png quiet.lua'
check 'two that want standard output' 2 'standard output cannot be both' 'gilvm lab --csv - --json - quiet.lua'
check '--csv into nowhere' 1 '--csv: cannot open no/such/file' 'gilvm lab --csv no/such/file quiet.lua'
check '--json onto a full disk' 1 '--json: cannot write /dev/full: No space left on device' \
  'gilvm lab --runs 1 --policies fifo --json /dev/full quiet.lua'
check 'lines onto a full disk' 1 '--json: cannot write /dev/full: No space left on device' \
  'gilvm lab --runs 2 --policies fifo --shard 1/1 --json /dev/full quiet.lua'
check 'help' 0 'usage: gilvm lab' 'gilvm help lab'

# ---------------------------------------------------------------- scripts that fail

echo 'if require "gilvm.gil".policy():find "fifo" then error "boom" end' >boom.lua
gilvm lab --runs 2 --policies cpython,fifo --csv lab.csv boom.lua >table 2>err
equals 'a policy under which the script fails makes exit status 1' $? 1 err
has 'its row says so' '^  fifo +failed, exit status 1$' table
has 'the error is shown' 'boom.lua:1: boom' err
equals 'and not tried again' "$(grep -c 'failed with exit status' err)" 1 err
figures 'the others have their figures' lab.csv 'assert(row.cpython.runs == 2 and row.fifo.work_per_s == "")'

echo 'if require "gilvm.gil".policy():find "fifo" then io.stderr:write "a warning" end' >warns.lua
gilvm lab --runs 2 --policies cpython,fifo warns.lua >table 2>err
has 'what a run writes to standard error is shown' '^a warning$' err
equals 'once' "$(grep -c 'a warning' err)" 1 err
has 'and it is said whose runs did that' 'runs wrote to standard error under fifo$' err

# ---------------------------------------------------------------- Ctrl-C

# The third run hangs.
cat >hangs.lua <<'LUA'
local runs = io.open("runs", "a+")
runs:seek("set")
local count = #runs:read("a")
runs:write("x")
runs:close()
if count == 2 then
  io.open("hanging", "w"):close()
  require "gilvm.time".sleep(3600)
end
LUA
rm -f runs hanging
env --default-signal=INT gilvm lab --runs 3 --policies fifo,cpython hangs.lua >table 2>err &
lab=$!
while [ ! -e hanging ] && kill -0 "$lab" 2>/dev/null; do sleep 0.02; done
kill -INT "$lab"
wait "$lab"
equals 'Ctrl-C ends the measurement' $? 130 err
has 'and prints what there is' '^  cpython +[0-9.]+[kM]? ' table
has 'which is said' ', 1 run each$' table

# Twenty minutes, going by the first run.
echo 'require "gilvm.time".sleep(1.2)' >long.lua
: >err
env --default-signal=INT gilvm lab --runs 1000 --policies fifo long.lua >table 2>err &
lab=$!
while ! grep -q 'Ctrl-C ends them' err && kill -0 "$lab" 2>/dev/null; do sleep 0.05; done
kill -INT "$lab"
wait "$lab"
equals 'a long measurement can be ended' $? 130 err
has 'and says after its first run how long it will take' 'lab: 1000 runs; at the pace of the first they take about [0-9]+ min' err

finish
