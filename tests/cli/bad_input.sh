#!/bin/sh
# tests/cli/bad_input.sh GILVM - whatever is wrong with a command line, a script or the machine gets a clear message
# and the right exit status: 2 for usage, 1 for a script that failed; and nothing is lost without a word.
. "$(dirname "$0")/tap.sh"

# usage SENTENCE PATTERN ARGUMENTS: status 2, the sentence and the pointer to the help on standard error, nothing on
# standard output.
usage() {
  eval "gilvm $3" >out 2>err </dev/null
  status=$?
  echo "exit status $status, expected 2; expected text: $2; command: gilvm $3" >what
  if [ "$status" -eq 2 ] && [ ! -s out ] && grep -qF -e "gilvm: " err && grep -qF -e "$2" err &&
    [ "$(wc -l <err)" -eq 2 ] && grep -q "^Try 'gilvm --help'\.\$" err; then
    ok "$1"
  else
    not_ok "$1" what out err
  fi
}

echo 'print("script ran")' >script.lua

# ---- options
usage 'an unknown letter' "unrecognized option '-x'" '-x script.lua'
usage 'an unknown letter after a known one' "unrecognized option '-x'" '-vx script.lua'
usage 'an unknown word' "unrecognized option '--foo'" '--foo script.lua'
usage 'an option that is not there yet' "unrecognized option '--trace'" '--trace x.html script.lua'
usage 'a value for an option that takes none' "'--stats=3': this option takes no value" '--stats=3 script.lua'
usage '-e without its text' "'-e' needs argument" '-e'
usage '-e before another option' "'-e' needs argument" '-e -i'
usage '-l without its module' "'-l' needs argument" '-l'
usage '-j without a number' "'-j' needs a number of copies, like -j 4" '-j'
usage '-j 0' "-j 0: the number of copies is a whole number from 1 to 10000" '-j 0 script.lua'
usage '-j many' "-j many: the number of copies is a whole number" '-j many script.lua'
usage '-j -1' "-j -1: the number of copies is a whole number" '-j -1 script.lua'
usage '-j 1e9' "-j 1e9: the number of copies is a whole number" '-j 1e9 script.lua'
usage '-j 10001' "-j 10001: the number of copies is a whole number" '-j 10001 script.lua'
usage '-j with an empty value' "-j : the number of copies is a whole number" '-j "" script.lua'
usage '-j 2.5' "-j 2.5: the number of copies is a whole number" '-j 2.5 script.lua'
usage '-j beyond all numbers' "the number of copies is a whole number" '--jobs 99999999999999999999 script.lua'
usage '-j with a script in the place of the number' "-j script.lua: the number" '-j script.lua'
usage '--as without a value' "'--as' needs a value" '--as'
usage '--as with an unknown way' "--as fibers: one of threads, interpreters, processes, serial" '--as fibers script.lua'
usage '--deadlock with an unknown word' "--deadlock hide: " '--deadlock hide script.lua'
usage '--checkpoint with an unknown place' "--checkpoint word: " '--checkpoint word script.lua'
usage '--color with an unknown word' "--color blue: one of auto, always, never" '--color blue script.lua'
usage '--stats-json without a file' "'--stats-json' needs a value" '--stats-json'
usage 'an unknown policy' "there is no policy 'nosuch'; there are: cpython, cpython2, beazley, bfs, ruby" \
  '--policy nosuch script.lua'
usage 'an empty policy' "there is no policy ''" '--policy "" script.lua'
usage 'an unknown parameter' "policy 'cpython' has no parameter 'speed'; it has: interval=5ms" \
  '--policy cpython:speed=5ms script.lua'
usage 'a parameter without a value' "'interval' is not key=value" '--policy cpython:interval script.lua'
usage 'a parameter for a policy that has none' "has no parameter 'x'; it has: none" '--policy cooperative:x=1 script.lua'
usage 'a time without a unit' "interval=5: a time is a number with its unit, like 5ms" \
  '--policy cpython:interval=5 script.lua'
usage 'a time with an unknown unit' "a time is a number with its unit" '--policy cpython:interval=5min script.lua'
usage 'a time of zero' "outside the range" '--policy cpython:interval=0ms script.lua'
usage 'a negative time' "outside the range" '--policy cpython:interval=-5ms script.lua'
usage 'a count with a unit' "check=5ms: not a whole number" '--policy cpython2:check=5ms script.lua'
usage '-i with several copies' "-i with -j 2: a prompt serves one copy" '-i -j 2'
usage '-i in another way' "-i with --as processes: a prompt runs in the plain way only" '-i --as processes'

# ---- commands
usage 'options before a command' "options go after the name of a command: gilvm policies" '-j 2 policies'
usage 'policies of an unknown name' "there is no policy 'nosuch'; there are: cpython" 'policies nosuch'
usage 'policies of two names' "one policy at a time" 'policies fifo cpython'
usage 'policies with an unknown option' "unrecognized option '-x'" 'policies -x'
usage 'help for an unknown command' "there is no command 'nosuch'; there are: compare, lab, policies, help" 'help nosuch'
echo 'print("a script of that name")' >policies
check 'a script that is called like a command runs with ./' 0 'a script of that name' 'gilvm ./policies'
check 'and after --' 0 'a script of that name' 'gilvm -- policies'

# ---- scripts
check 'a missing script' 1 'gilvm: cannot open nosuch.lua: No such file or directory' 'gilvm nosuch.lua'
check 'a folder' 1 'gilvm: cannot read .: Is a directory' 'gilvm .'
ln -s loop loop
check 'a loop of links' 1 'gilvm: cannot open loop: Too many levels of symbolic links' 'gilvm loop'
echo 'print(1)' >secret.lua
chmod 000 secret.lua
if [ ! -r secret.lua ]; then
  check 'an unreadable script' 1 'gilvm: cannot open secret.lua: Permission denied' 'gilvm secret.lua'
fi
gilvm -e 'local f = io.open("compiled.luac", "wb") f:write(string.dump(load("print(1)"))) f:close()'
advice='a precompiled chunk, which is not run since malformed bytecode can crash the VM; run the Lua source instead'
check 'a precompiled script' 1 "gilvm: compiled.luac: $advice" 'gilvm compiled.luac'
check 'a precompiled script on standard input' 1 "gilvm: stdin: $advice" 'gilvm - <compiled.luac'
check 'a precompiled LUA_INIT' 1 "gilvm: compiled.luac: $advice" 'LUA_INIT=@compiled.luac gilvm script.lua'
check 'a precompiled chunk in a file that begins with #' 1 "gilvm: hash.luac: $advice" \
  '{ echo "#!/bin/lua"; cat compiled.luac; } >hash.luac; gilvm hash.luac'
printf '\177ELF\001\002\003\000\001' >binary
check 'a binary that is no Lua' 1 'gilvm: binary:1: ' 'gilvm binary'
echo 'x = = 1' >syntax.lua
check 'a syntax error' 1 "gilvm: syntax.lua:1: unexpected symbol near '='" 'gilvm syntax.lua'
check 'a syntax error in each of several copies' 1 "syntax.lua:1: unexpected symbol near '='" 'gilvm -j 2 syntax.lua'
check 'a failing script from a pipe has a failing status' 1 'stdin:1: oh no' "echo 'error(\"oh no\")' | gilvm"
check 'an unreadable standard input' 1 'gilvm: cannot read stdin: Is a directory' 'gilvm - <.'
check 'an unreadable standard input, for several copies' 1 'gilvm: cannot read stdin: Is a directory' 'gilvm -j 2 - <.'
check 'a closed standard input' 1 'gilvm: cannot read stdin: Bad file descriptor' 'gilvm - <&-'

# ---- where output cannot go
if [ -e /dev/full ]; then
  check 'standard output is full' 1 'No space left on device' 'gilvm script.lua >/dev/full'
  check 'standard output is full: io.write' 1 'No space left on device' 'gilvm -e "io.write(1)" >/dev/full'
  check 'standard output is full, for a copy that is a process' 1 'No space left on device' \
    'gilvm --as processes script.lua >/dev/full'
  check 'standard output is full: --help' 1 'gilvm: cannot write to standard output: No space left on device' \
    'gilvm --help >/dev/full'
  check 'standard output is full: -v' 1 'No space left on device' 'gilvm -v >/dev/full'
  check 'standard output is full: policies' 1 'No space left on device' 'gilvm policies >/dev/full'
  check 'the file for statistics is full' 1 'gilvm: --stats-json: cannot write /dev/full: No space left on device' \
    'gilvm --stats-json /dev/full script.lua'
  check 'statistics to a standard output that is full' 1 \
    'gilvm: --stats-json: cannot write standard output: No space left on device' \
    'gilvm --stats-json - -e "" >/dev/full'
fi
check 'standard output is closed' 1 'Bad file descriptor' 'gilvm script.lua >&-'
check 'what a script opens does not take the place of a closed standard output' 1 'Bad file descriptor' \
  'gilvm -e "local f = io.open(\"precious\", \"w\") print(1) f:close()" >&-; s=$?; [ ! -s precious ] && (exit $s)'
check 'all standard streams are closed' 1 '' 'gilvm script.lua <&- >&- 2>&-'
check 'the file for statistics cannot be made: nothing runs' 1 \
  'gilvm: --stats-json: cannot open no/such/folder: No such file or directory' \
  'gilvm --stats-json no/such/folder script.lua >ran; s=$?; [ ! -s ran ] && (exit $s)'
if [ -e /dev/full ]; then
  check 'the status of a failed script goes before that of its statistics' 7 'cannot write /dev/full' \
    'gilvm --stats-json /dev/full -e "os.exit(7)"'
fi

# ---- statistics are there whatever the script did
check 'statistics of a script that fails' 1 'main' 'gilvm --stats -e "error(1)"'
check 'statistics of a script that calls os.exit' 3 'main' 'gilvm --stats -e "os.exit(3)"'
check 'statistics as data of a script that calls os.exit(0) in LUA_INIT' 0 '"gils"' \
  'LUA_INIT="os.exit(0)" gilvm --stats-json - script.lua >both; s=$?; cat both; ! grep -q ran both && (exit $s)'

# ---- memory
# The programs of a sanitizer reserve terabytes: they are left alone.
if (ulimit -v 200000; gilvm -e ''; exit $?) >/dev/null 2>&1; then
  cat >hungry.lua <<'LUA'
local t = {}
for i = 1, 1e9 do t[i] = {} end
LUA
  cat >long.lua <<'LUA'
local s = "x"
while true do s = s .. s end
LUA
  cat >caught.lua <<'LUA'
local t = {}
print(pcall(function() for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end end))
t = nil
print("went on")
LUA
  check 'out of memory: many tables' 1 'gilvm: not enough memory' '(ulimit -v 200000; gilvm hungry.lua)'
  check 'out of memory: one long string' 1 'gilvm: not enough memory' '(ulimit -v 200000; gilvm long.lua)'
  check 'out of memory can be caught' 0 'went on' '(ulimit -v 200000; gilvm caught.lua)'

  # The least that lets the program start, found by halving; every limit below, down to where the system cannot even
  # load the program, must be told in words.
  low=1000 high=200000
  while [ $((high - low)) -gt 16 ]; do
    middle=$(((low + high) / 2))
    if (ulimit -v "$middle"; gilvm -e '') >/dev/null 2>&1; then high=$middle; else low=$middle; fi
  done
  bad=0
  words=0
  for below in 16 64 128 256 512 1024 2048; do
    (ulimit -v $((high - below)); gilvm -e '') >out 2>&1
    status=$?
    echo "$((high - below)) KiB: exit status $status" >>out
    [ "$status" -eq 1 ] || [ "$status" -eq 127 ] || [ "$status" -eq 0 ] || { bad=1; cp out bad_out; }
    grep -q 'gilvm: .*not enough memory' out && words=1
  done
  if [ "$bad" -eq 0 ] && [ "$words" -eq 1 ]; then
    ok 'too little memory to start is told, and is no crash'
  else
    [ -e bad_out ] || cp out bad_out
    not_ok 'too little memory to start is told, and is no crash' bad_out
  fi
fi
finish
