#!/bin/sh
# tests/cli/prompt.sh GILVM - the prompt, on a real terminal (util-linux's script gives one). A person is played by
# two functions: `type` types, `see` waits until the screen shows a text that was not there at the last `see`.
. "$(dirname "$0")/tap.sh"
command -v script >/dev/null || skip_all 'there is no script(1) to make a terminal with'
TERM=xterm
export TERM
GILVM_HISTORY=$scratch/history
export GILVM_HISTORY

# begin COMMAND: on a terminal of its own, whose keyboard is descriptor 3.
begin() {
  rm -f keyboard screen
  mkfifo keyboard
  : >screen
  script -qefc "$1" /dev/null <keyboard >screen 2>&1 &
  terminal=$!
  exec 3>keyboard
  seen=0
}

# gone: the program has ended.
gone() { ! kill -0 "$terminal" 2>/dev/null; }

type() { gone || printf "$1" >&3; }

# see SENTENCE TEXT: goes on as soon as the text is there. Gives up when the program is gone, or after 30 s.
see() {
  tries=0
  while :; do
    last_look=$(gone && echo yes)
    at=$(tail -c +$((seen + 1)) screen | grep -abo -F -e "$2" | head -n 1)
    if [ -n "$at" ]; then
      seen=$((seen + ${at%%:*} + ${#2}))
      ok "$1"
      return
    fi
    tries=$((tries + 1))
    if [ -n "$last_look" ] || [ "$tries" -gt 600 ]; then
      cat -v screen >screen.text
      not_ok "$1" screen.text
      return
    fi
    sleep 0.05
  done
}

# leaves SENTENCE STATUS: the program ends, on its own, with that status.
leaves() {
  exec 3>&-
  tries=0
  while ! gone && [ "$tries" -le 600 ]; do
    tries=$((tries + 1))
    sleep 0.05
  done
  gone || kill "$terminal"
  wait "$terminal"
  status=$?
  if [ "$status" -eq "$2" ]; then
    ok "$1"
  else
    echo "exit status $status, expected $2" >what
    cat -v screen >screen.text
    not_ok "$1" what screen.text
  fi
}

begin gilvm
see 'without arguments a terminal gets a banner' "gilvm "
see 'and a prompt' '> '
type 'print(6 * 7)\r'
see 'a statement runs' '42'
type '"con" .. "cat", nil, 2.5\r'
see 'the values of an expression are printed' 'concat	nil	2.5'
type '=10 // 3 + 100\r'
see '=expression works too' '103'
type 'for i = 1, 2 do\r'
see 'an incomplete statement gets the second prompt' '>> '
type 'print("turn" .. i) end\r'
see 'and runs when it is complete' 'turn2'
type 'x = = 1\r'
see 'a syntax error is told' "stdin:1: unexpected symbol near '='"
type 'error("oh" .. "no")\r'
see 'an error is told without the name of the program' 'stdin:1: ohno'
see 'with its traceback' 'stack traceback:'
type '_PROMPT = setmetatable({}, {__tostring = function() return "pro" .. "mpt# " end})\r'
see '_PROMPT is the prompt' 'prompt# '
type '_PROMPT2 = "mo" .. "re# " x =\r'
see '_PROMPT2 is not in force before it is set' '>> '
type '1\r'
type 'x =\r'
see '_PROMPT2 is the second prompt' 'more# '
type '2\r'
type '_PROMPT = nil old_print, print = print, 5\r'
type '1\r'
see 'a print that cannot be called is told' "error calling 'print' (attempt to call a number value)"
type 'print = old_print\r'
type 'io.write("unfin" .. "ished") io.write("\\n", "still " .. "here", "\\n")\r'
see 'what a script writes comes before the prompt' 'still here'
type 'print("bytes: " .. #"\303\251")\r'
see 'what is not ASCII can be typed' 'bytes: 2'
type 'io.stderr:write("loop" .. "ing\\n") while true do end\r'
see 'a loop runs' 'looping'
type '\003'
see 'Ctrl-C interrupts it' 'interrupted!'
type 'io.write("al" .. "ive\\n")\r'
see 'and the prompt comes back' 'alive'
type 'io.stderr:write("again" .. "\\n") while true do pcall(function() while true do end end) end\r'
see 'another loop runs, in pcall' 'again'
type '\003'
see 'Ctrl-C interrupts it, pcall or not' 'interrupted!'
type 'io.write("still al" .. "ive\\n")\r'
see 'and the prompt comes back once more' 'still alive'
type '\004'
leaves 'Ctrl-D ends it' 0

if [ -s history ]; then # without line editing there is none
  begin 'gilvm -i'
  see '-i gives a prompt' '> '
  type '\020\r'
  see 'Ctrl-P brings back the last line of the last session' 'still alive'
  type 'os.exit(9)\r'
  leaves 'os.exit ends it with its status' 9
fi

echo 'from_script = "left by " .. "the script"' >script.lua
begin 'gilvm -i script.lua'
type 'from_script\r'
see '-i after a script has its globals' 'left by the script'
type '\003'
leaves 'Ctrl-C at the prompt ends it' 130

echo 'error("no prompt")' >broken.lua
begin 'gilvm -i broken.lua'
leaves 'no prompt after a script that failed' 1

begin gilvm
type 'thread, time = require("gilvm.thread"), require("gilvm.time")\r'
type 't = thread.start(function() time.sleep(0.3) io.write("background " .. "ran\\n") end)\r'
see 'threads run while the prompt waits' 'background ran'
type 'io.stderr:write("wai" .. "ting\\n") time.sleep(1000)\r'
see 'a call sleeps' 'waiting'
type '\003'
see 'Ctrl-C interrupts a sleep' 'interrupted!'
type 't:join()\r'
see 'a thread that ended can be joined' 'true'
type '\004'
leaves 'Ctrl-D ends it, with threads' 0

printf 'x = io.read()\nhello\nprint(x, 1 + 1)\n1 + 2\n' | gilvm -i >out 2>err
status=$?
printf '> > hello\t2\n> 3\n> \n' >expected
tail -n +2 out | cmp -s - expected && [ "$status" -eq 0 ] && [ ! -s err ] &&
  ok 'without a terminal -i reads lines through io.stdin' ||
  not_ok 'without a terminal -i reads lines through io.stdin' out err
printf 'x = (\n' | gilvm -i >out 2>err
grep -qF "near <eof>" err && ok 'an unfinished statement at the end is told' ||
  not_ok 'an unfinished statement at the end is told' out err
finish
