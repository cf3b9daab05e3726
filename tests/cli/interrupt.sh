#!/bin/sh
# tests/cli/interrupt.sh GILVM - Ctrl-C ends a script wherever its threads are: status 1, "interrupted!" and a
# traceback on standard error, and no process is left behind. It is sent as a terminal sends it, to the whole group.
. "$(dirname "$0")/tap.sh"

patience=400 # polls of 0.05 s until a program that is to be ready, or to end, counts as hung

# alive PID: running, that is, neither gone nor a zombie.
alive() {
  read -r tap_stat 2>/dev/null <"/proc/$1/stat" || return 1
  case ${tap_stat##*) } in Z*) return 1 ;; esac
}

# members PGID: prints the processes of the group that are alive.
members() {
  for tap_proc in /proc/[0-9]*/stat; do
    read -r tap_stat 2>/dev/null <"$tap_proc" || continue
    # shellcheck disable=SC2086
    set -- "$1" ${tap_stat##*) }
    [ "$4" = "$1" ] && [ "$2" != Z ] && echo "${tap_stat%%)*})"
  done
}

# begin OPTIONS READY: runs script.lua in a process group of its own, until it has said "ready" READY times. A shell
# starts its background jobs with SIGINT ignored; env takes that back.
begin() {
  : >out
  # shellcheck disable=SC2086
  setsid env --default-signal=INT gilvm $1 script.lua >out 2>err <fifo &
  pid=$!
  waited=0
  while [ "$(grep -c ready out)" -lt "$2" ]; do
    waited=$((waited + 1))
    if [ $waited -gt $patience ] || ! alive $pid; then return 1; fi
    sleep 0.05
  done
  sleep 0.1 # so that it is in the wait it has announced; it must end if it is not there yet, too
}

# end: waits until the program has ended; sets status, and hung.
end() {
  waited=0
  hung=
  while alive $pid; do
    waited=$((waited + 1))
    if [ $waited -gt $patience ]; then
      hung=yes
      kill -s KILL -- "-$pid"
      break
    fi
    sleep 0.05
  done
  wait $pid
  status=$?
}

# script TEXT: writes script.lua.
script() {
  cat >script.lua <<LUA
local thread, time, gil = require "gilvm.thread", require "gilvm.time", require "gilvm.gil"
local function ready() print "ready" io.stdout:flush() end
$1
LUA
}

# interrupted SENTENCE SCRIPT [OPTIONS [READY]]
interrupted() {
  script "$2"
  if ! begin "${3:-}" "${4:-1}"; then
    kill -s KILL -- "-$pid" 2>/dev/null
    wait $pid
    not_ok "$1: did not get ready" script.lua out err
    return
  fi
  kill -s INT -- "-$pid"
  end
  left=$(members $pid)
  [ -n "$left" ] && kill -s KILL -- "-$pid"
  echo "exit status $status, expected 1; hung: ${hung:-no}; left behind: ${left:-nobody}; options: ${3:-none}" >what
  if [ -z "$hung" ] && [ "$status" -eq 1 ] && [ -z "$left" ] && grep -q 'interrupted!' err &&
    grep -q 'stack traceback:' err; then
    ok "$1"
  else
    not_ok "$1" what script.lua out err
  fi
}

mkfifo fifo && exec 9<>fifo # an input from which nothing comes

# ---- main computes
interrupted 'a busy loop' 'ready() while true do end'
interrupted 'a busy loop with a body' 'ready() local n = 0 for i = 1, math.huge do n = n + i end'
interrupted 'a busy loop under each policy: fifo' 'ready() while true do end' '--policy fifo'
interrupted 'a busy loop under each policy: cpython2' 'ready() while true do end' '--policy cpython2'
interrupted 'a busy loop under each policy: cooperative' 'ready() while true do end' '--policy cooperative'
interrupted 'a busy loop with checkpoints at lines' 'ready() while true do end' '--checkpoint=line'
interrupted 'a busy loop in a coroutine' 'coroutine.wrap(function() ready() while true do end end)()'
interrupted 'a busy loop in a coroutine in a coroutine' \
  'coroutine.wrap(function() coroutine.wrap(function() ready() while true do end end)() end)()'
interrupted 'coroutines that come and go' \
  'ready() while true do coroutine.resume(coroutine.create(function() coroutine.yield() end)) end'
interrupted 'a coroutine that fails again and again' \
  'ready() while true do coroutine.resume(coroutine.create(function() while true do end end)) end'
interrupted 'pcall again and again' 'ready() while true do pcall(error, "x") end'
interrupted 'pcall of a busy loop, again and again' \
  'ready() while true do pcall(function() while true do end end) end'
interrupted 'xpcall of a busy loop, again and again' \
  'ready() while true do xpcall(function() while true do end end, function(e) return e end) end'
interrupted 'pcall in a coroutine in pcall' \
  'local function spin() while true do pcall(function() while true do end end) end end
   ready() while true do pcall(coroutine.wrap(spin)) end'
interrupted 'the function given to table.sort' \
  'ready() while true do table.sort({ 3, 1, 2 }, function(a, b) for _ = 1, 1e6 do end return a < b end) end'
interrupted 'the function given to string.gsub' \
  'ready(); ("x"):rep(1e6):gsub("x", function() for _ = 1, 1e6 do end end)'
interrupted 'a metamethod' \
  'local t = setmetatable({}, { __index = function() while true do end end }) ready() return t.x'
interrupted 'a __close that computes' \
  'do local c <close> = setmetatable({}, { __close = function() ready() while true do end end }) end'
interrupted 'endless tail calls' 'local function f() return f() end ready() f()'
interrupted 'a script with a hook of its own' 'debug.sethook(function() end, "", 10) ready() while true do end'
interrupted 'a script with a line hook that uses pcall' \
  'debug.sethook(function() pcall(error) end, "l") ready() while true do end'
interrupted 'allocation without end' 'ready() local t while true do t = { t and {} or 1 } end'
interrupted 'gil.yield without end' 'ready() while true do gil.yield() end'

# ---- main waits
interrupted 'main sleeps' 'ready() time.sleep(1000)'
interrupted 'main sleeps in a coroutine in pcall' 'coroutine.wrap(function() ready() pcall(time.sleep, 1000) end)()'
interrupted 'main sleeps again and again in pcall' 'ready() while true do pcall(time.sleep, 1000) end'
interrupted 'main joins a thread that sleeps' 'local t = thread.start(time.sleep, 1000) ready() t:join()'
interrupted 'main joins a thread with a timeout' 'local t = thread.start(time.sleep, 1000) ready() t:join(900)'
interrupted 'main joins a thread that computes' \
  'local t = thread.start(function() while true do end end) ready() t:join()'
interrupted 'main joins a thread that computes, cooperative' \
  'local t = thread.start(function() while true do end end) ready() t:join()' '--policy cooperative'
interrupted 'main joins a thread that computes in a coroutine' \
  'local t = thread.start(function() coroutine.wrap(function() while true do end end)() end) ready() t:join()'
interrupted 'main joins a thread that uses pcall again and again' \
  'local t = thread.start(function() while true do pcall(function() while true do end end) end end) ready() t:join()'
interrupted 'main has ended, a thread computes' 'thread.start(function() while true do end end) ready()'
interrupted 'main waits for a lock' \
  'local l = thread.lock() local held
   thread.start(function() l:acquire() held = true time.sleep(1000) end)
   while not held do gil.yield() end ready() l:acquire()'
interrupted 'main waits for a lock with a timeout' \
  'local l = thread.lock() local held
   thread.start(function() l:acquire() held = true time.sleep(1000) end)
   while not held do gil.yield() end ready() l:acquire(900)'
interrupted 'main waits for a lock, in guard, in with, in threads' \
  'local l = thread.lock() local held
   thread.start(function() l:acquire() held = true time.sleep(1000) end)
   while not held do gil.yield() end
   thread.start(function() local g <close> = l:guard() end)
   thread.start(l.with, l, print) ready() l:acquire()'
interrupted 'main reads from a pipe' 'ready() io.read()'
interrupted 'main reads from a pipe in pcall, again and again' 'ready() while true do pcall(io.read) end'
interrupted 'main reads lines' 'ready() for l in io.lines() do print(l) end'
interrupted 'a thread reads from a pipe' 'local t = thread.start(io.read) ready() t:join()'
interrupted 'main reads what a command never says' 'local p = io.popen("sleep 1000") ready() p:read()'
interrupted 'main closes the pipe of a command that does not end' 'local p = io.popen("sleep 1000") ready() p:close()'
# Its own reader, since Ctrl-C would end one in another process, and with it the writer by SIGPIPE.
interrupted 'main writes to a full pipe' \
  'os.execute "mkfifo full" local p = io.open("full", "r+") ready() while true do p:write(("x"):rep(1000)) end'

# ---- many threads
interrupted 'twenty threads compute' \
  'for i = 1, 20 do thread.start(function() while true do end end) end ready() while true do end'
interrupted 'threads that compute, sleep, read and wait for a lock' \
  'local l = thread.lock() l:acquire()
   for i = 1, 5 do
     thread.start(function() while true do end end)
     thread.start(time.sleep, 1000)
     thread.start(io.read)
     thread.start(function() l:acquire() end)
   end
   ready() time.sleep(1000)'
interrupted 'daemon threads compute, main sleeps' \
  'for i = 1, 3 do thread.new { target = function() while true do end end, daemon = true }:start() end
   ready() time.sleep(1000)'
interrupted 'a thread that starts threads without end' \
  'ready() while true do thread.start(function() end):join() end'
interrupted 'a thousand threads sleep' \
  'for i = 1, 1000 do thread.start(time.sleep, 1000) end ready() time.sleep(1000)'

# ---- several copies
for way in threads interpreters processes; do
  interrupted "two copies compute as $way" 'ready() while true do end' "-j 2 --as $way" 2
  interrupted "two copies sleep as $way" 'ready() time.sleep(1000)' "-j 2 --as $way" 2
done
interrupted 'the first of two copies in turn' 'ready() while true do end' '-j 2 --as serial' 1

# ---- on the way out
script 'thread.start(time.sleep, 1000) ready()'
begin '' 1
kill -s INT -- "-$pid"
end
if [ -z "$hung" ] && [ $status -eq 1 ] &&
  grep -q "interrupted! (while waiting for the script's threads to end)" err; then
  ok 'main has ended, and has no stack to show; a thread sleeps'
else
  not_ok 'main has ended, and has no stack to show; a thread sleeps' script.lua out err
fi

script 'local c <close> = setmetatable({}, { __close = function(_, e) print("closed: " .. tostring(e)) end })
local t = thread.start(function()
  local c <close> = setmetatable({}, { __close = function() print "closed in a thread" end })
  time.sleep(1000)
end)
ready() t:join()'
begin '' 1
kill -s INT -- "-$pid"
end
if [ -z "$hung" ] && [ $status -eq 1 ] && grep -q 'closed: .*interrupted!' out &&
  grep -q 'closed in a thread' out; then
  ok 'variables to be closed are closed, in every thread'
else
  not_ok 'variables to be closed are closed, in every thread' script.lua out err
fi

# ThreadSanitizer delivers a signal when the program calls something that it intercepts: here that is never.
case ${GILVM_SANITIZE:-} in
  *thread*) finish ;;
esac

script 'ready(); ("x"):rep(30000):find((".-"):rep(30) .. "y")'
begin '' 1
kill -s INT -- "-$pid"
sleep 0.3
if alive $pid; then
  kill -s INT -- "-$pid"
  end
  if [ -z "$hung" ] && [ $status -eq 130 ]; then
    ok 'what one Ctrl-C cannot end, a second does'
  else
    echo "exit status $status, expected 130" >what
    not_ok 'what one Ctrl-C cannot end, a second does' what err
  fi
else
  not_ok 'a C function that does not end was interrupted by one Ctrl-C: this test needs another one' err
fi

finish
