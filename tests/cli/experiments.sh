#!/bin/sh
# tests/cli/experiments.sh GILVM SOURCE - the published figures that `gilvm lab NAME` reproduces, by their shape, at a
# small size; and how experiments are found. Where a shape depends on what else the machine does, the test asks only for
# figures that are there, and says so.
. "$(dirname "$0")/tap.sh"
experiments=$2/scripts/experiments
GILVM_TEST_SCALE=${GILVM_TEST_SCALE:-0.1}
export GILVM_TEST_SCALE

# figures.lua: a chunk of Lua with `row`, by policy, the columns of lab.csv.
cat >figures.lua <<'LUA'
row = {}
local heads
for line in io.lines "lab.csv" do
  local fields = {}
  for field in (line:gsub('"', "") .. ","):gmatch "([^,]*)," do fields[#fields + 1] = field end
  heads = heads or fields
  local policy = {}
  for i, head in ipairs(heads) do policy[head] = tonumber(fields[i]) end
  row[fields[1]] = policy
end
assert(load(arg[1]))()
LUA
# shows SENTENCE NAME POLICIES CHUNK: runs the experiment once under each policy; the chunk asserts.
shows() {
  gilvm lab --runs 1 --policies "$3" --csv lab.csv "$2" >table 2>&1 && gilvm figures.lua "$4" >out 2>&1
  if [ $? -eq 0 ]; then ok "$1"; else not_ok "$1" out table; fi
}

shows 'convoy: a round trip costs an interval, beside one thread as beside four' convoy \
  cpython:interval=50ms,cpython:interval=1ms '
  local long, short = row["cpython:interval=50ms"], row["cpython:interval=1ms"]
  for _, beside in ipairs { "beside 1", "beside 2", "beside 4" } do
    assert(long[beside .. " max_s"] >= 0.045, beside)
    assert(long[beside .. " max_s"] > 2 * short[beside .. " p50_s"], beside)
  end'
shows 'u_curve: a long interval makes threads answer late, a short one means many switches' u_curve \
  cpython:interval=20ms,cpython:interval=100us '
  local long, short = row["cpython:interval=20ms"], row["cpython:interval=100us"]
  assert(long["delay max_s"] >= 0.018 and long["delay max_s"] > 2 * short["delay p50_s"])
  assert(short.switches_per_s > long.switches_per_s)
  for _, threads in ipairs { "1 thread", "2 threads", "4 threads", "8 threads" } do
    assert(short[threads .. " p50_s"] > 0 and long[threads .. " p50_s"] > 0, threads)
  end'
# How often the lock changes hands is up to the machine: with one CPU to spare, ticks hand over to nobody.
shows 'thrash: ticks get less done than threads one after the other' thrash cooperative,cpython2 \
  'assert(row.cpython2.work_per_s < row.cooperative.work_per_s)'
shows 'long_quantum: a thread waits the longer, the longer the turns of the others' long_quantum ruby,ruby:quantum=10ms '
  assert(row.ruby.wait_p99_s > 2 * row["ruby:quantum=10ms"].wait_p99_s)'
# Who starves whom depends on who else wants the CPUs; the figures are there in any case.
shows 'cpued: there are figures of fairness' cpued cpython,beazley,bfs '
  for _, policy in ipairs { "cpython", "beazley", "bfs" } do
    assert(row[policy].fairness > 0.3 and row[policy].fairness <= 1.001 and row[policy].work_per_s > 0, policy)
  end'
shows 'reacquire: there are figures of turns' reacquire ocaml4,ocaml '
  assert(row.ocaml4["turn p50_s"] > 0 and row.ocaml["turn p50_s"] > 0)'

# gave_way POLICY: how many percent of the yields did.
gave_way() { gilvm --policy "$1" "$experiments/reacquire.lua" | sed 's/.*, \([0-9]*\) % .*/\1/'; }
handed=$(gave_way ocaml) raced=$(gave_way cpython2)
echo "ocaml $handed, cpython2 $raced" >out
if [ "$handed" -ge 80 ] && [ "$raced" -le 60 ]; then
  ok 'reacquire: yields give way under ocaml, and seldom where the releaser competes'
else
  not_ok 'reacquire: yields give way under ocaml, and seldom where the releaser competes' out
fi

# loses PATTERN OPTIONS: one of ten runs prints a line that matches. Whether a single one does is chance on a busy
# machine.
loses() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    gilvm --policy cpython:interval=50us $2 "$experiments/hidden_race.lua" >>race 2>&1
    if grep -q "$1" race; then return 0; fi
  done
  return 1
}
: >race
if loses '^lost in one line: [1-9]' ''; then ok 'hidden_race: updates get lost between instructions'; else
  not_ok 'hidden_race: updates get lost between instructions' race; fi
: >race
if loses '^lost in two lines: [1-9]' '--checkpoint line' &&
  ! grep -qvx -e 'lost in one line: 0' -e 'lost in two lines: [0-9]*' race; then
  ok 'and between lines, but never within one'
else
  not_ok 'and between lines, but never within one' race
fi
shows 'the laboratory runs it as well' hidden_race cpython:interval=50us \
  'assert(row["cpython:interval=50us"].work_per_s > 0)'

# ---------------------------------------------------------------- how they are found

for path in "$experiments"/*.lua; do
  name=$(basename "$path" .lua)
  if grep -q '^-- lab: ' "$path" && grep -q '^-- Claim: ' "$path" && grep -q '^-- Shows: ' "$path"; then
    ok "$name says what is claimed and what it shows, and brings options"
  else
    not_ok "$name says what is claimed and what it shows, and brings options" "$path"
  fi
done

cat >own.lua <<'LUA'
#!/usr/bin/env gilvm
-- A script of one's own.
-- lab: --runs 1 -j 2
-- lab: --policies fifo
print(arg[0], arg[1])
-- lab: --nosuch, for this is not the head any more
LUA
check 'a script of one'"'"'s own brings options as well' 0 'own.lua x: 2 copies as threads' 'gilvm lab own.lua x'
check 'typed options win' 0 '  cooperative ' 'gilvm lab --policies cooperative -j 3 own.lua'
check 'all of them' 0 '3 copies' 'gilvm lab --policies cooperative -j 3 own.lua'
echo 'print "this one"' >convoy
check 'a file in the current folder comes first' 0 'convoy: 1 copy' 'gilvm lab --runs 1 --policies fifo convoy'
rm convoy
check 'an unknown name is told, with those that there are' 1 \
  "no file 'nosuch', and no experiment of that name; there are: convoy, cpued, hidden_race, " 'gilvm lab nosuch'
echo '-- lab: --runs 0' >wrong.lua
check 'a wrong option of a script is told' 2 '--runs 0: the number of runs' 'gilvm lab wrong.lua'
check 'and whose it is' 2 "line '-- lab:' in wrong.lua" 'gilvm lab wrong.lua'
echo '-- lab: fast --runs 1' >word.lua
check 'as is what is no option' 2 "'fast': no option" 'gilvm lab word.lua'
yes -- '-- lab: --runs 1' | head -40 >many.lua
check 'and far too many' 1 'more than 64 words' 'gilvm lab many.lua'

finish
