#!/bin/sh
# tests/cli/help.sh GILVM - what the program says about itself: help, versions, the policies.
. "$(dirname "$0")/tap.sh"

# fits WIDTH COMMAND: no line of its output is wider.
fits() {
  eval "$2" >out 2>err
  if [ -s out ] && [ ! -s err ] && awk -v width="$1" 'length > width { exit 1 }' out; then
    ok "$2 fits into $1 columns"
  else
    not_ok "$2 fits into $1 columns" out err
  fi
}

check '--help names every option and command' 0 'usage: gilvm [options] [script [args]]' 'gilvm --help'
for word in -e -i -l -v -E -W --jobs --as --policy --checkpoint --deadlock --stats --stats-json --color --version \
  'gilvm compare' 'gilvm policies' 'examples:'; do
  check "--help names $word" 0 "$word" 'gilvm --help'
done
gilvm --help >long
check '-h is --help' 0 '' 'gilvm -h | cmp - long'
check 'gilvm help is --help' 0 '' 'gilvm help | cmp - long'
check 'gilvm help policies explains the command' 0 'usage: gilvm policies [NAME]' 'gilvm help policies'
check 'gilvm help compare explains the command' 0 'usage: gilvm compare' 'gilvm help compare'
check '--version' 0 'gilvm 0.1.0 (Lua 5.4.' 'gilvm --version'
check '-v is what lua says, since programs read it' 0 'Lua.org, PUC-Rio' 'gilvm -v'
fits 100 'gilvm --help'

for policy in cpython cpython2 beazley bfs ruby ocaml4 ocaml pypy micropython fifo eventual bounded fair mlfq lottery \
  stride random cooperative; do
  check "policies lists $policy" 0 "$policy  " 'gilvm policies'
  for word in models does 'does badly' source parameters 'example'; do
    check "policies $policy shows: $word" 0 "  $word" "gilvm policies $policy"
  done
  fits 80 "gilvm policies $policy"
  # The example is a command line that works.
  echo 'print("the example ran")' >script.lua
  check "the example of $policy runs" 0 'the example ran' "$(gilvm policies $policy | sed -n 's/^  example *//p')"
done
check 'parameters come with their standard value and range' 0 'from 1us to 3600s, by default 5ms' \
  'gilvm policies cpython | tr -s " \n" " "'
fits 80 'gilvm policies'
COLUMNS=50
export COLUMNS
fits 50 'gilvm policies'
finish
