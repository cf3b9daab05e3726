#!/bin/sh
# tests/house/test_arrows.sh - does arrows.sh see a broken arrow? A small house is built, found in order, and then
# broken in one way after the other. TAP.
set -u
arrows=$(cd "$(dirname "$0")" && pwd)/arrows.sh
house=$(mktemp -d) || exit 2
trap 'rm -rf "$house"' EXIT
number=0

report() { # ok|not ok, name
  number=$((number + 1))
  echo "$1 $number - $2"
}

build_house() {
  rm -rf "${house:?}"/*
  (
    cd "$house" || exit 2
    mkdir gil vm workers view cli tests
    echo '#include <pthread.h>' >gil/gil.h
    echo '#include "gil.h"' >gil/gil_internal.h
    printf '%s\n' '#include <linux/futex.h>' '#include "gil_internal.h"' >gil/seam.c
    printf '%s\n' 'int f(void) { return clock_gettime(0, 0); }' >>gil/seam.c
    printf '%s\n' '#include <lua.h>' '#include "gil/gil.h"' >vm/vm.h
    printf '%s\n' '#include "vm.h"' >vm/vm_internal.h
    printf '%s\n' '#include "vm/vm.h"' >workers/workers.h
    printf '%s\n' '#include "workers.h"' 'long f(void) { return clock_gettime(CLOCK_REALTIME); }' >workers/time_lib.c
    printf '%s\n' '#include "gil/gil.h"' >view/view.h
    printf '%s\n' '#include <editline/readline.h>' '#include "view/view.h"' '#include "workers/workers.h"' >cli/main.c
    printf '%s\n' '#include "vm/vm.h"' '#include "gil/gil.h"' 'void my_sleep(void); /* nanosleep(1), sleep(2) */' \
      'const char *s = "usleep(3) // \" sleep(4)"; int g(void) { return my_sleep(), 0; } // sleep(5)' \
      '/* a comment' '#include "nowhere.h"' 'sleep(6)' '*/' >>cli/main.c
    printf '%s\n' '#include "gil/gil_internal.h"' 'void f(void) { sleep(1); }' >tests/test.c
  )
}

# A house with this line added to that file must be refused, with a message that names the file and has that text.
breaks() { # name, file, line, text
  build_house
  printf '%s\n' "$3" >>"$house/$2"
  said=$(sh "$arrows" "$house" 2>&1)
  status=$?
  case $status,$said in
    1,"$2:"*"$4"*) report ok "$1" ;;
    *)
      report 'not ok' "$1"
      printf '# exit status %s\n%s\n' "$status" "$said" | sed 's/^/# /'
      ;;
  esac
}

build_house
if said=$(sh "$arrows" "$house" 2>&1); then report ok 'a house in order passes'; else
  report 'not ok' 'a house in order passes'
  echo "$said" | sed 's/^/# /'
fi

breaks 'gil may not use vm' gil/seam.c '#include "vm/vm.h"' 'from gil/ to vm/'
breaks 'gil may not use view' gil/gil.h '#include "view/view.h"' 'from gil/ to view/'
breaks 'gil may not see Lua' gil/gil.h '#include <lua.h>' 'nothing of Lua'
breaks 'gil may not see Lua by a longer name' gil/seam.c '# include <lua5.4/lauxlib.h>' 'nothing of Lua'
breaks 'vm may not use workers' vm/vm.h '#include "workers/workers.h"' 'from vm/ to workers/'
breaks 'vm may not use view' vm/vm.h '#include "view/view.h"' 'from vm/ to view/'
breaks 'workers may not use view' workers/workers.h '#include "view/view.h"' 'from workers/ to view/'
breaks 'workers may not use cli' workers/workers.h '#include "cli/cli.h"' 'from workers/ to cli/'
breaks 'view may not use vm' view/view.h '#include "vm/vm.h"' 'from view/ to vm/'
breaks 'view may not see Lua' view/view.h '#include <lualib.h>' 'nothing of Lua'
breaks 'no room may use tests' vm/vm.h '#include "tests/test.h"' 'from vm/ to tests/'
breaks 'what a room keeps to itself stays inside' vm/vm.h '#include "gil/gil_internal.h"' 'for gil/ only'
breaks 'no way around by dots' gil/seam.c '#include "../vm/vm.h"' 'from the root'
breaks 'a bare name is of the same room' view/view.h '#include "vm.h"' 'no file of view/'
breaks 'only cli edits lines' vm/vm.h '#include <editline/readline.h>' 'only cli/'
breaks 'no check outside tests' gil/gil.h '#include <check.h>' 'only tests'
breaks 'no condition variables' vm/vm.h 'void f(void) { pthread_cond_wait(0, 0); }' 'pthread_cond_wait'
breaks 'no nanosleep' workers/workers.h 'void f(void) {nanosleep (0, 0);}' 'nanosleep'
breaks 'no usleep' cli/main.c 'void f(void) { if (1) usleep(3); }' 'usleep'
breaks 'no sleep' cli/main.c '/* x */ sleep(1);' 'sleep'
breaks 'no clock' gil/gil.h 'clock_gettime(CLOCK_MONOTONIC, &now);' 'clock_gettime'
breaks 'the time of day in time_lib only' vm/vm.h 'clock_gettime(CLOCK_REALTIME, &now);' 'clock_gettime'
breaks 'the monotonic clock not even there' workers/time_lib.c 'clock_gettime(CLOCK_MONOTONIC, &n);' 'clock_gettime'
breaks 'no futex header outside gil' vm/vm.h '#include <linux/futex.h>' 'futexes belong to gil/'
breaks 'no futex call outside gil' vm/vm.h 'syscall(SYS_futex, p, FUTEX_WAKE_PRIVATE, 1);' 'futexes'

build_house
rm -r "$house/vm"
sh "$arrows" "$house" >/dev/null 2>&1
if [ $? = 2 ]; then report ok 'half a house is not checked'; else report 'not ok' 'half a house is not checked'; fi
echo "1..$number"
