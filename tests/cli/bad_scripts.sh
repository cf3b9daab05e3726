#!/bin/sh
# tests/cli/bad_scripts.sh GILVM - what can go wrong in a script with threads gets a clear message and the right exit
# status, and nothing hangs: every command has a time limit, and status 124 or 137 where it ran into it.
. "$(dirname "$0")/tap.sh"

limit='timeout -k 5 60'

# run SENTENCE STATUS PATTERN SCRIPT [OPTIONS [REDIRECTION]]: as `check`, for a script's text.
run() {
  cat >script.lua <<LUA
local thread, time = require "gilvm.thread", require "gilvm.time"
$4
LUA
  check "$1" "$2" "$3" "$limit gilvm ${5:-} script.lua ${6:-}"
}

# ---- errors in threads
run 'an error in a thread nobody joins' 1 "gilvm: thread 'thread-1': script.lua:2: oh no" \
  'thread.start(function() error "oh no" end)'
run 'with its traceback' 1 'stack traceback:' 'thread.start(function() error "oh no" end)'
run 'of a thread with a name' 1 "gilvm: thread 'worker':" \
  'thread.new { target = function() error "oh no" end, name = "worker" }:start()'
run 'main goes on meanwhile' 1 'main is done' \
  'thread.start(function() error "oh no" end) time.sleep(0.1) print "main is done"'
run 'an error object that is a table' 1 'error object is a table value' 'thread.start(function() error {} end)'
run 'an error object that is nil' 1 "gilvm: thread 'thread-1': " 'thread.start(error)'
run 'an error object with __tostring' 1 "thread 'thread-1': telling" \
  'thread.start(function() error(setmetatable({}, { __tostring = function() return "telling" end })) end)'
run 'an error object whose __tostring fails' 1 "gilvm: thread 'thread-1': " \
  'thread.start(function() error(setmetatable({}, { __tostring = function() error "worse" end })) end)'
run 'an error in a thread of a thread' 1 'deep' \
  'thread.start(function() thread.start(function() error "deep" end) end)'
run 'errors of a hundred threads' 1 "thread 'thread-100': " \
  'for i = 1, 100 do thread.start(error, "number " .. i) end'
run 'an error that is joined is not told again' 0 '' \
  'local ok, err = thread.start(error, "oh no"):join() assert(ok == nil and err == "oh no")'
run 'an error in a coroutine of a thread' 1 'oh no' \
  'thread.start(function() coroutine.wrap(function() error "oh no" end)() end)'
run 'an excepthook that fails' 1 'the hook itself' \
  'thread.excepthook = function() error "the hook itself" end thread.start(error, "oh no")'
run 'an excepthook that takes care' 0 'cared for: oh no' \
  'thread.excepthook = function(e) print("cared for: " .. e) end thread.start(error, "oh no")'
run 'an error of main while a thread computes' 1 'main failed' \
  'thread.start(function() for _ = 1, 1e6 do end end) error "main failed"'
run 'os.exit in a thread' 3 '' 'thread.start(function() os.exit(3) end) time.sleep(1000)'
run 'os.exit in a coroutine of a thread while others compute and sleep' 3 '' \
  'thread.start(time.sleep, 1000) thread.start(function() while true do end end)
   thread.start(function() pcall(coroutine.wrap(function() os.exit(3, true) end)) end) time.sleep(1000)'

# ---- misuse
run 'joining oneself' 1 "thread 'thread-1' cannot join itself" \
  'thread.start(function() thread.current():join() end)'
run 'main joining itself' 1 "cannot join itself" 'thread.current():join()'
run 'joining main' 1 'the main thread cannot be joined' \
  'local main = thread.current() thread.start(function() main:join() end)'
run 'joining before the start' 1 'before it is started' 'thread.new { target = print }:join()'
run 'starting twice' 1 'has been started already' 'local t = thread.start(print) t:start()'
run 'starting nothing' 1 'function expected' 'thread.start()'
run 'starting what is no function' 1 'must be a function, not number' 'thread.start(1)'
run 'a field that thread.new does not have' 1 "has no field 'traget'" 'thread.new { traget = print }'
run 'releasing a lock nobody holds' 1 'nobody holds it' 'thread.lock():release()'
run 'releasing a lock of another thread' 1 "it is held by thread 'main'" \
  'local l = thread.lock() l:acquire() local ok, err = thread.start(l.release, l):join() error(err)'
run 'releasing a lock twice' 1 'nobody holds it' 'local l = thread.lock() l:acquire() l:release() l:release()'
run 'acquiring a lock one holds' 1 "held by 'main' itself" 'local l = thread.lock() l:acquire() l:acquire()'
run 'acquiring a lock whose owner is gone' 1 'who has finished' \
  'local l = thread.lock() thread.start(l.acquire, l):join() l:acquire()'
run 'waiting for a lock whose owner goes away' 1 'who has finished' \
  'local l = thread.lock() thread.start(function() l:acquire() time.sleep(0.1) end) time.sleep(0.05) l:acquire()'
run 'a negative timeout' 1 'script.lua:2: ' 'thread.lock():acquire(-1)'
run 'a timeout that is no number' 1 'number expected' 'thread.start(print):join("soon")'
run 'sleeping for NaN' 1 'script.lua:2: ' 'time.sleep(0 / 0)'
run 'sleeping for less than nothing' 1 'script.lua:2: ' 'time.sleep(-1)'
run 'an unknown policy at run time' 1 "there is no policy 'nosuch'" 'require "gilvm.gil".policy "nosuch"'
run 'an interval of nothing' 1 'outside the range' 'require "gilvm.gil".switch_interval(0)'
run 'methods on something else' 1 'gilvm' 'thread.current().join(thread.lock())'
run 'a module that is not there' 1 "module 'gilvm.nosuch' not found" 'require "gilvm.nosuch"'

# ---- where output cannot go
if [ -e /dev/full ]; then
  run 'print to a full device, in a thread' 1 'No space left on device' 'thread.start(print, "x")' '' '>/dev/full'
  run 'io.write to a full device, in a thread' 1 'No space left on device' 'thread.start(io.write, "x")' '' \
    '>/dev/full'
  run 'much to a full device' 1 'No space left on device' 'for i = 1, 1e5 do print(i) end' '' '>/dev/full'
  run 'what io.write says of a full device' 1 'No space left on device' \
    'io.stdout:setvbuf "no" io.stderr:write(select(2, io.write "x"), "\n")' '' '>/dev/full'
  for way in serial threads interpreters processes; do
    run "two copies print to a full device as $way" 1 'No space left on device' 'print "x"' "-j 2 --as $way" \
      '>/dev/full'
  done
fi
run 'print to a closed standard output, in a thread' 1 'Bad file descriptor' 'thread.start(print, "x")' '' '>&-'
run 'a reader that goes away early' 0 '' 'for i = 1, 10 do print(i) end' '' '| head -n 1 >first'

# ---- memory; the programs of a sanitizer reserve terabytes of address space, and the stress build takes minutes to fill
# what it has: they are left alone
if [ -z "${GILVM_STRESS:-}" ] && (ulimit -v 200000 && gilvm -e '') >/dev/null 2>&1; then
  limit="ulimit -v 200000; $limit"
  eat='local t = {} for i = 1, math.huge do t[i] = { i } end'
  run 'out of memory in main' 1 'not enough memory' "$eat"
  run 'out of memory in a thread nobody joins' 1 'not enough memory' "thread.start(function() $eat end)"
  run 'out of memory in a thread, joined' 0 'nil	not enough memory' "print(thread.start(function() $eat end):join())"
  run 'out of memory in a coroutine of a thread' 1 'not enough memory' \
    "thread.start(function() coroutine.wrap(function() $eat end)() end)"
  run 'out of memory in four threads at once; main goes on' 0 'went on' \
    "local all = {}
     for i = 1, 4 do all[i] = thread.start(function() $eat end) end
     for _, t in ipairs(all) do
       local ok, err = t:join()
       assert(ok == nil and err == 'not enough memory', err)
     end
     print 'went on'"
  run 'out of memory, caught again and again in threads that are switched' 0 'went on' \
    "local all = {}
     for i = 1, 3 do
       all[i] = thread.start(function()
         for _ = 1, 3 do assert(select(2, pcall(function() $eat end)) == 'not enough memory') end
       end)
     end
     for _, t in ipairs(all) do assert(t:join()) end
     print 'went on'" '--policy cpython:interval=50us'
  run 'out of memory in one long string, in a thread' 1 'not enough memory' \
    'thread.start(function() local s = "x" while true do s = s .. s end end)'

  # Stacks of threads need address space, too.
  run 'more threads than there is room for' 1 'the system refuses' \
    'for i = 1, 1e6 do thread.new { target = time.sleep, args = { 1000 }, daemon = true }:start() end'
  run 'more threads than there is room for can be caught, and the rest goes on' 0 'went on' \
    'local all = {}
     local ok, err = pcall(function() for i = 1, 1e6 do all[i] = thread.start(time.sleep, 0.2) end end)
     assert(not ok)
     for _, t in ipairs(all) do
       ok, err = t:join()
       assert(ok or err == "not enough memory", err) -- the stacks have left none to those that run
     end
     all = nil collectgarbage()
     assert(thread.start(print, "went on"):join())'
else
  echo '# a stress build, or ulimit -v leaves this program no room to start: the tests of too little memory are left out'
fi

# ---- threads the system refuses; the limit does not bind root, so another user runs the script
limit='timeout -k 5 60'
chmod 755 "$scratch"
other='setpriv --reuid=65534 --regid=65534 --clear-groups'
if [ "$(id -u)" -eq 0 ] && $other "$gilvm" -e '' >/dev/null 2>&1 && prlimit --nproc=1000 true 2>/dev/null; then
  limit="prlimit --nproc=40 $other $limit"
  run 'more threads than the system allows' 1 'the system refuses' \
    'for i = 1, 1000 do thread.new { target = time.sleep, args = { 1000 }, daemon = true }:start() end'
  run 'more threads than the system allows, caught; the others are not lost' 0 'went on' \
    'local all = {}
     local ok, err = pcall(function() for i = 1, 1000 do all[i] = thread.start(time.sleep, 0.2) end end)
     assert(not ok and err:find "the system refuses", err)
     for _, t in ipairs(all) do assert(t:join()) end
     print "went on"'
fi
finish
