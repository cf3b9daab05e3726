#!/bin/sh
# tests/house/arrows.sh - the arrows of the house, enforced on the source text of its rooms:
#
#     cli -> view, workers -> vm -> gil -> libc        view -> gil
#
# 1. A file includes headers of its own room and of the rooms its arrows lead to, and of no other.
# 2. What a room shares among its own files (*_internal.h) is included by no other room.
# 3. gil/ and view/ know nothing of Lua; line editing belongs to cli/; the test framework to tests/.
# 4. All time and all waiting pass one seam, gil/seam.c: nobody else sleeps, waits on condition variables or reads the
#    clock. The one exception is the time of day, which workers/time_lib.c shows to scripts.
# 5. Futexes are gil/'s.
#
# usage: arrows.sh [ROOT]     A line for each broken arrow; exit status 1 if there is one, 2 if it cannot check.
set -u
root=${1:-$(dirname "$0")/../..}
cd "$root" || exit 2
for room in gil vm workers view cli; do
  [ -d "$room" ] || { echo "arrows.sh: no folder '$room' in '$root'" >&2; exit 2; }
done
# shellcheck disable=SC2046 # the names of our files have no blanks in them
set -- $(find gil vm workers view cli -name '*.[ch]' | LC_ALL=C sort)
[ $# -gt 0 ] || { echo "arrows.sh: no sources in '$root'" >&2; exit 2; }

awk '
BEGIN {
  may["gil"] = " gil "
  may["vm"] = " vm gil "
  may["workers"] = " workers vm gil "
  may["view"] = " view gil "
  may["cli"] = " cli view workers vm gil "
  waits_or_reads_the_clock = "[^A-Za-z0-9_](pthread_cond_[a-z]+|nanosleep|clock_nanosleep|usleep|sleep|" \
                             "clock_gettime|gettimeofday)[ \t]*[(]"
  for (i = 1; i < ARGC; i++) is_source[ARGV[i]] = 1
}

function complain(what) {
  printf "%s:%d: %s\n", FILENAME, FNR, what
  broken = 1
}

FNR == 1 {
  room = FILENAME
  sub(/\/.*/, "", room)
  in_comment = 0
}

# The line without comments, and with the contents of string and character constants taken out.
function code_of(line,    out, c, two, quote) {
  out = ""
  quote = ""
  while (line != "") {
    c = substr(line, 1, 1)
    two = substr(line, 1, 2)
    if (in_comment) {
      if (two == "*/") { in_comment = 0; line = substr(line, 3); out = out " " } else line = substr(line, 2)
    } else if (quote != "") {
      if (c == "\\") line = substr(line, 3)
      else { if (c == quote) { quote = ""; out = out c }; line = substr(line, 2) }
    } else if (two == "/*") { in_comment = 1; line = substr(line, 3) }
    else if (two == "//") line = ""
    else {
      if (c == "\"" || c == "\047") quote = c
      out = out c
      line = substr(line, 2)
    }
  }
  return out
}

function check_own_header(name,    target) {
  if (name ~ /\.\./) { complain("includes \"" name "\": write it from the root"); return }
  if (name !~ /\//) {
    if (!((room "/" name) in is_source)) complain("includes \"" name "\", which is no file of " room "/")
    return
  }
  target = name
  sub(/\/.*/, "", target)
  if (!index(may[room], " " target " "))
    complain("includes \"" name "\": no arrow leads from " room "/ to " target "/")
  else if (target != room && name ~ /_internal\.h$/)
    complain("includes \"" name "\", which is for " target "/ only")
}

function check_system_header(name) {
  if (name ~ /^(lua[0-9.]*\/)?(lua|luaconf|lualib|lauxlib|luajit)\.h(pp)?$/ && (room == "gil" || room == "view"))
    complain("includes <" name ">: " room "/ knows nothing of Lua")
  if (name ~ /^(editline|readline|histedit)/ && room != "cli") complain("includes <" name ">: only cli/ edits lines")
  if (name ~ /^check\.h$/) complain("includes <" name ">: only tests do")
  if (name ~ /futex/ && room != "gil") complain("includes <" name ">: futexes belong to gil/")
}

/^[ \t]*#[ \t]*include[ \t]*"/ && !in_comment {
  split($0, part, "\"")
  check_own_header(part[2])
}

/^[ \t]*#[ \t]*include[ \t]*</ && !in_comment {
  name = $0
  sub(/^[^<]*</, "", name)
  sub(/>.*/, "", name)
  check_system_header(name)
}

{
  code = " " code_of($0)
  if (FILENAME == "workers/time_lib.c") gsub(/clock_gettime[ \t]*\([ \t]*CLOCK_REALTIME/, "", code)
  if (FILENAME != "gil/seam.c" && match(code, waits_or_reads_the_clock))
    complain("calls" substr(code, RSTART, RLENGTH) "): time and waiting pass through gil/seam.c")
  if (room != "gil" && code ~ /[^A-Za-z0-9_](SYS_futex|__NR_futex|FUTEX_[A-Z])/)
    complain("uses futexes: they belong to gil/")
}

END { exit broken }
' "$@"
