#!/bin/sh
# tests/cli/policy_files.sh GILVM SOURCE_ROOT - policies in files of one's own: in Lua, and as shared libraries built
# outside of our tree, as their authors do.
. "$(dirname "$0")/tap.sh"
root=$(realpath "$2")
policies=$root/scripts/policies

# Threads that run, wait and are handed a lock; it ends, and says so, only if nobody is forgotten.
cat >script.lua <<'LUA'
local thread = require "gilvm.thread"
local time = require "gilvm.time"
local gil = require "gilvm.gil"
if arg[1] then gil.policy(arg[1]) end
local lock, count = thread.lock "counter", 0
local function work()
  for i = 1, 300 do
    local _ <close> = lock:guard()
    count = count + 1
    if i % 100 == 0 then time.sleep(0.0001) end
    if i % 10 == 0 then gil.yield() end
  end
end
local threads = {}
for i = 1, 8 do threads[i] = thread.start(work) end
for _, t in ipairs(threads) do assert(t:join()) end
print(count, (gil.policy():gsub("^.*/", "")))
LUA

usage() { # SENTENCE PATTERN ARGUMENTS: a usage error in one sentence
  check "$1" 2 "$2" "gilvm $3"
  [ "$(wc -l <out)" -eq 2 ] && ok "$1: in one line" || not_ok "$1: in one line" out
}

# ---- in Lua
for name in template priority_by_name shortest_burst_first; do
  check "$name.lua: all threads come to their end" 0 "2400	$name.lua:interval=100us" \
    "gilvm --policy $policies/$name.lua:interval=100us script.lua"
  check "$name.lua: also as a change in mid-run" 0 "2400	$name.lua:interval=1ms" \
    "gilvm script.lua $policies/$name.lua:interval=1ms"
  check "$name.lua: shown as any policy" 0 "--policy $policies/$name.lua:interval=" "gilvm policies $policies/$name.lua"
done
check 'interpreters have a policy each' 0 '2400	template.lua:interval=5ms' \
  "gilvm -j 3 --as interpreters --policy $policies/template.lua script.lua"
check 'processes too' 0 '2400	template.lua:interval=5ms' \
  "gilvm -j 3 --as processes --policy $policies/template.lua script.lua"
(cd "$policies" && gilvm --policy template.lua "$scratch/script.lua") >named 2>&1
grep -q '^2400' named && ok 'a name that ends in .lua needs no slash' || not_ok 'a name that ends in .lua needs no slash' named

check 'a policy that picks nobody is named, and the script ends' 0 "bad_never_picks.lua' has failed" \
  "gilvm --policy $policies/bad_never_picks.lua script.lua"
grep -qF 'it picks nobody: threads wait' out && grep -q '^2400	fifo:interval=5ms' out &&
  ok 'it goes on under fifo' || not_ok 'it goes on under fifo' out

echo 'return { lets_go = function(lock, thread, cause)
  if cause ~= "exit" then return thread.state.no.such end
end }' >raises.lua
check 'a policy that raises is reported with a traceback' 0 "raises.lua:2: attempt to index a nil value" \
  'gilvm --policy ./raises.lua script.lua'
grep -q '^stack traceback:' out && [ "$(grep -c 'gilvm: policy' out)" -eq 1 ] && grep -q '^2400	fifo' out &&
  ok 'once, and goes on under fifo' || not_ok 'once, and goes on under fifo' out
echo 'return { lets_go = function() while true do end end }' >endless.lua
check 'a policy that runs for ever is ended' 0 'it does not come to an end' 'gilvm --policy ./endless.lua script.lua'
echo 'return { lets_go = function(lock) return lock end }' >nonsense.lua
check 'a policy that returns nonsense is ended' 0 'it should be a thread that waits, or nil' \
  'gilvm --policy ./nonsense.lua script.lua'
grep -q '^2400	fifo' out && ok 'and nobody is lost' || not_ok 'and nobody is lost' out

echo 'return {' >syntax.lua
usage 'a syntax error' "the policy './syntax.lua': ./syntax.lua:2: unexpected symbol near <eof>" '--policy ./syntax.lua script.lua'
usage 'a file that is not there' "cannot read the policy './none.lua': No such file or directory" '--policy ./none.lua script.lua'
mkdir folder.lua
usage 'a folder' "cannot read the policy 'folder.lua': Is a directory" '--policy folder.lua script.lua'
usage 'a file of another kind' "'./script.txt': the file of a policy ends in .lua or .so" '--policy ./script.txt script.lua'
usage 'a parameter that the file does not have' "has no parameter 'speed'; it has: interval=5ms" \
  "--policy $policies/template.lua:speed=3 script.lua"
usage 'a bad file for gilvm policies' "the policy './syntax.lua': " 'policies ./syntax.lua'
check 'a script that asks for a bad file gets an error' 1 "cannot read the policy './none.lua'" 'gilvm script.lua ./none.lua'

# ---- shared libraries
if ! command -v meson >/dev/null || ! command -v ninja >/dev/null || ! command -v cc >/dev/null; then
  echo '# meson, ninja or cc is not there: no shared libraries'
  finish
fi
cp -r "$root/docs/policy-template" template
echo "meson setup template/build template -Dgilvm_include=$root; ninja" >what
if meson setup template/build template "-Dgilvm_include=$root" >log 2>&1 && ninja -C template/build >>log 2>&1 &&
  [ -f template/build/mine.so ] && ! grep -q 'warning:' log; then
  ok 'the template builds outside of our tree'
else
  not_ok 'the template builds outside of our tree' what log
fi
mine=template/build/mine.so
check 'its policy runs' 0 '2400	mine.so:interval=200us' "gilvm --policy $mine:interval=200us script.lua"
check 'and comes in mid-run' 0 '2400	mine.so:interval=5ms' "gilvm script.lua $mine"
check 'it is shown as any policy' 0 'Last come, first served, one interval each.' "gilvm policies $mine"
usage 'a parameter outside its range' 'interval=1h: a time is' "--policy $mine:interval=1h script.lua"

library() { # NAME TEXT: compiles a library
  printf '#include "gil/gil.h"\n%s\n' "$2" >"$1.c"
  cc -shared -fPIC -I "$root" -o "$1.so" "$1.c" >log 2>&1 || not_ok "$1.c compiles" log
}
library unlike 'int gil_polity;'
usage 'a library without the symbol' "'./unlike.so' holds no policy: it needs a symbol 'gil_policy'" '--policy ./unlike.so script.lua'
library other 'const struct gil_policy gil_policy = {.abi = GIL_POLICY_ABI + 6};'
usage 'a library for another interface' "'./other.so' is made for version 7 of the interface of policies, and this program has version 1" \
  '--policy ./other.so script.lua'
library lacking 'static int64_t waits(gil *l, gil_thread *t, int64_t n) { return GIL_NEVER; }
const struct gil_policy gil_policy = {.abi = GIL_POLICY_ABI, .waits = waits};'
usage 'a library that lacks a function' "'./lacking.so' lacks the function 'lets_go'" '--policy ./lacking.so script.lua'
library never 'static int64_t waits(gil *l, gil_thread *t, int64_t n) { return GIL_NEVER; }
static struct gil_choice lets_go(gil *l, gil_thread *t, gil_cause c, int64_t n) { return (struct gil_choice){0}; }
static const struct gil_policy policy = {.abi = GIL_POLICY_ABI, .waits = waits, .lets_go = lets_go};
const struct gil_policy *gil_policy_get(void) { return &policy; }'
check 'a library is found by its function, and caught picking nobody' 0 "policy './never.so' has failed" \
  'gilvm --policy ./never.so script.lua'
grep -q '^2400	fifo' out && ok 'its threads come to their end' || not_ok 'its threads come to their end' out
check 'what its file does not say is said to be so' 0 '(its file does not say)' 'gilvm policies ./never.so'
echo 'no library' >text.so
usage 'a file that is no library' "cannot load the policy './text.so': " '--policy ./text.so script.lua'
usage 'a library that is not there' "cannot load the policy 'none.so': ./none.so: cannot open shared object file" '--policy none.so script.lua'
finish
