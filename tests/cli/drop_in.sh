#!/bin/sh
# tests/cli/drop_in.sh GILVM - command lines that lua5.4 and gilvm must treat alike: the same bytes on both streams,
# but for the name of the program, and the same exit status.
. "$(dirname "$0")/tap.sh"

command -v lua5.4 >/dev/null || skip_all 'there is no lua5.4 to compare with'
[ "$(lua5.4 -v)" = "$(gilvm -v)" ] || skip_all 'lua5.4 is another release of Lua than the one in gilvm'

# same SENTENCE COMMAND: the command runs once with $lua=lua5.4 and once with $lua=gilvm.
same() {
  for lua in lua5.4 gilvm; do
    (eval "$2") >out.raw 2>err.raw
    echo "exit status $?" >>err.raw
    sed "s/$lua/PROGRAM/g" out.raw >out."$lua"
    sed "s/$lua/PROGRAM/g" err.raw >err."$lua"
  done
  if cmp -s out.lua5.4 out.gilvm && cmp -s err.lua5.4 err.gilvm; then
    ok "$1"
  else
    echo "$2" >command
    not_ok "$1" command out.lua5.4 out.gilvm err.lua5.4 err.gilvm
  fi
}

cat >args.lua <<'LUA'
local least, most = 0, 0
for k in pairs(arg) do least, most = math.min(least, k), math.max(most, k) end
for i = least, most do print(i, arg[i]) end
print(select("#", ...), ...)
LUA
cat >boom.lua <<'LUA'
local function f(n) if n == 0 then error("boom") end f(n - 1) end
f(3)
LUA
cat >mod.lua <<'LUA'
print("mod loaded as", ...)
return {value = 42}
LUA
cat >closing.lua <<'LUA'
setmetatable({}, {__gc = function() print("collected at the end") end})
local x <close> = setmetatable({}, {__close = function() print("closed") end})
print("running")
LUA
printf '#!/usr/bin/env lua\nprint("after the first line")\nerror("on line 3")\n' >shebang.lua
printf '\357\273\277print("after a byte order mark")\n' >bom.lua
printf 'return' >noeol.lua
printf 'x = = 1\n' >syntax.lua
printf 'local s = "unfinished\n' >string.lua
: >empty.lua
mkdir folder

same 'a script gets its arguments in arg and ...' '$lua args.lua a "b c" ""'
same 'arg has what stands before the script at negative indices' '$lua -W -e "x = 1" args.lua a'
same 'arguments after the script are not options' '$lua args.lua -v -e --foo -- -'
same 'arg without a script counts from the program' '$lua -e "for i = 0, #arg do print(i, arg[i]) end"'
same 'a script called -- -name' 'cp args.lua -- -x.lua; $lua -- -x.lua 1'
same '-- - is a file named -' 'cp args.lua -- -; $lua -- - 1; rm -- -'
same '-e runs before the script, in order' '$lua -e "a = 1" -e "a = a + 1 print(a)" args.lua'
same '-e with its text attached' '$lua -e"print(1)"'
same '-e alone ends without reading standard input' 'echo "print(2)" | $lua -e "print(1)"'
same 'an empty -e' '$lua -e ""'
same 'an error in -e' '$lua -e "error(1)" args.lua'
same 'a syntax error in -e' '$lua -e "x ="'
same 'an error table in -e' '$lua -e "error({})"'
same 'an error object with __tostring' '$lua -e "error(setmetatable({}, {__tostring = function() return \"told\" end}))"'
same '__tostring that returns no string' '$lua -e "error(setmetatable({}, {__tostring = function() return 1 end}))"'
same '__tostring that raises' '$lua -e "error(setmetatable({}, {__tostring = function() error(1) end}))"'
same 'an error that is nil' '$lua -e "error()"'
same 'an error that is a number' '$lua -e "error(42)"'
same 'an error with level 2' '$lua -e "local function f() error(\"up\", 2) end f()"'
same '-l requires into a global' '$lua -l mod -e "print(mod.value)"'
same '-l g=mod requires into g' '$lua -l g=mod -e "print(g.value, mod)"'
same '-lmod attached' '$lua -lmod -e "print(mod.value)"'
same '-l of a missing module' '$lua -l nosuch -e "print(1)"'
same '-l of a broken module' 'echo "x = = 1" >broken.lua; $lua -l broken'
same '-l with a name that holds several =' '$lua -l a=b=c -e ""'
same '-l and -e in the order typed' '$lua -e "print(mod)" -l mod -e "print(mod.value)"'
same '-v prints the version' '$lua -v'
same '-v and a script' '$lua -v args.lua'
same '-v and -e' '$lua -v -e "print(1)"'
same '-v does not read standard input' 'echo "print(1)" | $lua -v'
same '-W turns warnings on' '$lua -W -e "warn(\"careful\")"'
same 'warnings are off by default' '$lua -e "warn(\"careful\")"'
same 'warn @on in a script' '$lua -e "warn(\"@on\") warn(\"a\", \"b\")"'
same '-E ignores LUA_INIT' 'LUA_INIT="print(1)" $lua -E -e "print(2)"'
same '-E ignores LUA_PATH and LUA_CPATH' 'LUA_PATH=x LUA_CPATH=y $lua -E -e "print(package.path, package.cpath)"'
same 'LUA_INIT runs first' 'LUA_INIT="print(arg[0], arg[1])" $lua -e "print(2)" args.lua a'
same 'LUA_INIT_5_4 goes before LUA_INIT' 'LUA_INIT_5_4="print(4)" LUA_INIT="print(1)" $lua -e "print(2)"'
same 'LUA_INIT with @file' 'LUA_INIT=@mod.lua $lua -e "print(2)"'
same 'LUA_INIT with a missing @file' 'LUA_INIT=@nosuch.lua $lua -e "print(2)"'
same 'LUA_INIT with an error' 'LUA_INIT="error(\"no\")" $lua -e "print(2)"'
same 'LUA_INIT with a syntax error' 'LUA_INIT="x =" $lua -e "print(2)"'
same 'LUA_INIT before -v alone' 'LUA_INIT="print(1)" $lua -v'
same 'LUA_PATH' 'mkdir -p lib; cp mod.lua lib/other.lua; LUA_PATH="lib/?.lua;;" $lua -e "require(\"other\") print(package.path)"'
same 'LUA_PATH_5_4 goes before LUA_PATH' 'LUA_PATH_5_4="a/?" LUA_PATH="b/?" $lua -e "print(package.path)"'
same 'LUA_CPATH' 'LUA_CPATH="a/?.so;;" $lua -e "print(package.cpath)"'
same 'the standard paths' '$lua -e "print(package.path, package.cpath, package.config)"'
same 'a script that raises: traceback and status 1' '$lua boom.lua'
same 'a traceback through pcall, coroutines and metamethods' '$lua -e "
  local t = setmetatable({}, {__index = function(t, k) error(\"no \" .. k) end})
  print(pcall(function() return t.x end))
  print(select(2, xpcall(function() return t.y end, debug.traceback)))
  coroutine.wrap(function() local x = t.z end)()"'
same 'an error in a tail call' '$lua -e "local function f() error(\"deep\") end local function g() return f() end g()"'
same 'a stack overflow' '$lua -e "local function f() return 1 + f() end f()" 2>&1 | sed "s/0x[0-9a-f]*//" | head -n 3'
same 'an error in an error handler' '$lua -e "print(xpcall(error, function() error(1) end))"'
same 'a missing script' '$lua nosuch.lua'
same 'a folder as script' '$lua folder'
same 'a script behind a file' '$lua args.lua/x'
same 'a loop of links' 'ln -sf loop loop; $lua loop'
same 'a name with a percent sign' '$lua "%s%n"'
same 'a syntax error' '$lua syntax.lua'
same 'an unfinished string' '$lua string.lua'
same 'an empty script' '$lua empty.lua'
same 'a script without a newline at its end' '$lua noeol.lua'
same 'the first line may begin with #' '$lua shebang.lua'
same 'a byte order mark is skipped' '$lua bom.lua'
same 'return values of a script are dropped' 'echo "return 1, 2" >ret.lua; $lua ret.lua'
same 'a script from a pipe' 'echo "print(1, ...)" | $lua'
same 'a script from -, with arguments' '$lua - a b <args.lua'
same 'a script from - that raises' 'printf "\nerror(\"x\")" | $lua -'
same 'a script from - with a syntax error' 'echo "x = = 1" | $lua -'
same 'a script from - with a first line that begins with #' '$lua - <shebang.lua'
same 'a byte order mark on standard input' '$lua <bom.lua'
same 'an empty standard input' '$lua </dev/null'
same 'a folder as standard input' '$lua - <folder'
same 'a script from - whose -e reads the first line' 'printf "hello\nprint(\"rest\")\n" | $lua -e "print(io.read())" -'
same 'a script that reads standard input' 'echo "print(io.read(\"n\"), io.read(\"a\"))" >read.lua; printf "12 rest\n" | $lua read.lua'
same '-W without a script runs standard input' 'echo "warn(\"w\")" | $lua -W'
same '-l without a script runs standard input' 'echo "print(mod.value)" | $lua -l mod'
same '-E without a script runs standard input' 'echo "print(1)" | $lua -E'
same 'os.exit()' '$lua -e "os.exit()"'
same 'os.exit(true)' '$lua -e "os.exit(true)"'
same 'os.exit(false)' '$lua -e "os.exit(false)"'
same 'os.exit(7)' '$lua -e "os.exit(7)"'
same 'os.exit(256 + 3)' '$lua -e "os.exit(259)"'
same 'os.exit(0, true) closes the state' '$lua -e "
  setmetatable({}, {__gc = function() print(\"collected\") end}) os.exit(4, true)"'
same 'os.exit(0) does not close the state' '$lua -e "
  setmetatable({}, {__gc = function() print(\"collected\") end}) os.exit(0)"'
same 'os.exit in LUA_INIT' 'LUA_INIT="os.exit(5)" $lua args.lua'
same 'os.exit within pcall and a coroutine' '$lua -e "pcall(coroutine.wrap(function() os.exit(6) end)) print(1)"'
same 'output before os.exit is written' '$lua -e "io.write(\"no newline\") os.exit(3)"'
same 'finalizers and to-be-closed variables at the end' '$lua closing.lua'
same 'a finalizer that raises is a warning' '$lua -W -e "setmetatable({}, {__gc = function() error(\"late\") end})"'
same 'finalizers run after an error, too' '$lua -e "
  setmetatable({}, {__gc = function() print(\"collected\") end}) error(\"x\")"'
same 'arg that is no table' '$lua -e "arg = 1" args.lua'
same 'arg that was changed' '$lua -e "arg = {\"x\", \"y\"}" -e "" ret.lua; $lua -e "arg[1] = 5" ret.lua'
same 'many arguments' '$lua args.lua $(seq 1 1000) | tail -n 3'
same 'globals at the start' '$lua -e "local t = {} for k in pairs(_G) do t[#t + 1] = k end table.sort(t) print(table.concat(t, \" \"))"'
same 'libraries at the start' '$lua -e "local t = {} for k in pairs(package.loaded) do t[#t + 1] = k end table.sort(t) print(table.concat(t, \" \"))"'
same 'the mode of the collector' '$lua -e "print(collectgarbage(\"incremental\"))"'
same 'the debug library sees the main chunk' '$lua -e "local i = debug.getinfo(1, \"Slnt\") print(i.source, i.what, i.currentline, debug.traceback(\"here\"))"'
same 'levels below the main chunk' '$lua -e "for l = 1, 5 do local i = debug.getinfo(l, \"S\") print(l, i and i.what) end"'
same '_VERSION' '$lua -e "print(_VERSION)"'
same 'dofile, loadfile and load' '$lua -e "print(pcall(dofile, \"syntax.lua\")) print(loadfile(\"nosuch\")) print(load(\"x = \"))"'
same 'an error inside require' 'echo "error(\"in module\")" >bad.lua; $lua -e "require(\"bad\")"'
same 'io and os behave' '$lua -e "
  print(io.open(\"folder/nosuch\")) print(io.open(\"x\", \"w\"):write(\"a\", 1, 2.5):close())
  for l in io.lines(\"x\") do print(l) end print(os.rename(\"nosuch\", \"y\")) print(os.remove(\"x\"))
  print(pcall(io.lines, \"nosuch\")) print(os.getenv(\"nosuch\")) print(io.type(io.stdout), io.type(1))
  local p = io.popen(\"exit 3\") print(p:close()) print(os.execute(\"exit 4\")) print(os.execute())
  print(pcall(io.popen, \"true\", \"x\")) io.stdout:setvbuf(\"no\") io.stderr:write(\"to stderr\n\")"'
same 'a failing close of standard output' '$lua -e "print(io.stdout:close())"; true'
same 'number formats' '$lua -e "print(1e15, 2^53, 1/0, -1/0, math.mininteger, 0x7p-3, string.format(\"%q %a\", 1/3, 1))"'
same 'C modules load' '$lua -e "for _, m in ipairs{\"cjson\", \"lpeg\", \"socket.core\"} do print(m, (pcall(require, m))) end"'

# A module may call what the program itself never does.
if command -v nm >/dev/null; then
  nm -D --defined-only "$gilvm" >symbols
  missing=
  for name in lua_arith lua_dump lua_gc lua_setwarnf lua_upvaluejoin lua_yieldk luaL_gsub luaL_checkoption \
    luaL_execresult luaL_ref luaopen_utf8 gilvm_blocking_begin gilvm_blocking_end; do
    grep -q " T $name\$" symbols || missing="$missing $name"
  done
  if [ -z "$missing" ]; then
    ok "Lua's C API and gilvm's own are there for modules"
  else
    echo "$missing" >missing
    not_ok "Lua's C API and gilvm's own are there for modules" missing
  fi
fi
finish
