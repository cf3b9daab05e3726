#!/bin/sh
# tests/script/list.sh - which expectation scripts there are.
#
#   list.sh            prints their names, relative to this folder (meson.build asks at configure time)
#   list.sh NAME...    fails unless these are all there are: a script added since then would be run by nobody
cd "$(dirname "$0")" || exit 1
list() {
  for script in *.lua examples/*.expect; do
    case $script in
      run.lua | run_test.lua) ;;
      *) printf '%s\n' "$script" ;;
    esac
  done
}
[ $# -gt 0 ] || { list; exit; }
[ "$(printf '%s\n' "$@")" = "$(list)" ] && exit
echo "tests/script has other scripts than the build was configured with; run 'meson setup --reconfigure'. Now there are:"
list
exit 1
