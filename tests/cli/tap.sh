# tests/cli/tap.sh - for the shell tests of cli/: numbers the tests, prints TAP, keeps a folder for scratch files.
# Sourced by a test with the program as $1. Afterwards `gilvm` is on the PATH and the current folder is the scratch
# one.

tap_count=0
tap_failed=0

gilvm=$(realpath "$1")
if [ ! -x "$gilvm" ]; then
  echo "Bail out! there is no program '$1'"
  exit 99
fi
scratch=$(mktemp -d) || exit 99
mkdir "$scratch/bin" && ln -s "$gilvm" "$scratch/bin/gilvm" && cd "$scratch" || exit 99
PATH=$scratch/bin:$PATH
HOME=$scratch
export HOME PATH
unset LUA_INIT LUA_INIT_5_4 LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_CPATH_5_4 GILVM_HISTORY COLUMNS NO_COLOR
trap 'rm -rf "$scratch"' EXIT

ok() {
  tap_count=$((tap_count + 1))
  echo "ok $tap_count - $1"
}

# not_ok SENTENCE [FILE...]: the files are shown as comments.
not_ok() {
  tap_count=$((tap_count + 1))
  tap_failed=$((tap_failed + 1))
  echo "not ok $tap_count - $1"
  shift
  for tap_file; do
    echo "# $tap_file:"
    sed 's/^/#   /' "$tap_file"
  done
}

skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

finish() {
  echo "1..$tap_count"
  [ "$tap_failed" -eq 0 ]
  exit
}

# check SENTENCE STATUS PATTERN COMMAND: runs the command, whose exit status must be STATUS and whose output, of both
# streams, must contain the fixed text PATTERN ('' for no output at all).
check() {
  eval "$4" >out 2>&1 </dev/null
  tap_status=$?
  echo "exit status $tap_status, expected $2; expected text: $3; command: $4" >what
  if [ "$tap_status" -ne "$2" ]; then
    not_ok "$1" what out
  elif [ -z "$3" ] && [ -s out ]; then
    not_ok "$1" what out
  elif [ -n "$3" ] && ! grep -qF -e "$3" out; then
    not_ok "$1" what out
  else
    ok "$1"
  fi
}
