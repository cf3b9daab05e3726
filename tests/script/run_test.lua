--[[ tests/script/run_test.lua - the runner of the expectation scripts must fail where it should.

    gilvm tests/script/run_test.lua GILVM

Writes small scripts, gives them to run.lua, and looks at its verdict. Not an expectation script itself: a runner that
always passes would pass that too. ]]

local gilvm = assert(arg[1], "usage: run_test.lua GILVM")
local runner = (arg[0]:match "^(.*/)" or "./") .. "run.lua"
local script = os.tmpname()

local function run(text)
  local file = assert(io.open(script, "wb"))
  file:write(text)
  file:close()
  local pipe = assert(io.popen(string.format("'%s' '%s' '%s' '%s' 2>&1", gilvm, runner, gilvm, script)))
  local output = pipe:read "a"
  local _, how, status = pipe:close()
  assert(how == "exit", "the runner was killed")
  return status, output
end

local tests, failed = 0, 0

-- The runner, given a script of this text, must end with this status and say all of these. In the text, @ stands for
-- the "-- " before a key, so that this file carries no expectations of its own.
local function case(what, status, text, ...)
  tests = tests + 1
  local actual, output = run(text:gsub("@", "-- "))
  local right = actual == status
  for _, said in ipairs { ... } do right = right and output:find(said, 1, true) ~= nil end
  if not right then failed = failed + 1 end
  print(string.format("%s %d - %s", right and "ok" or "not ok", tests, what))
  if not right then print("# status " .. actual .. ", output:\n# " .. output:gsub("\n", "\n# ")) end
  return output
end

case("right output passes", 0, "print(1) @expect: 1\nprint(2) @expect: 2\n", "ok ")
case("wrong output fails, both lines are shown", 1, "print(1)\nprint(3)\n@expect: 1\n@expect: 2\n",
  "line 2 of stdout", "- 2", "+ 3")
case("missing output fails", 1, "print(1)\n@expect: 1\n@expect: 2\n", "- 2", "+ (end of output)")
case("surplus output fails", 1, "print(1)\nprint(2)\n@expect: 1\n", "- (end of output)", "+ 2")
case("output that only begins right fails", 1, "print(12)\n@expect: 1\n", "- 1", "+ 12")
case("unordered lines pass in any order", 0,
  "print 'b' print 'a' print 'z'\n@expect-unordered: a\n@expect-unordered: b\n@expect: z\n")
case("unordered lines are counted", 1,
  "print 'a' print 'a' print 'z'\n@expect-unordered: a\n@expect-unordered: b\n@expect: z\n",
  "- b", "+ a")
case("an unordered line after its set's end fails", 1,
  "print 'a' print 'z' print 'b'\n@expect-unordered: a\n@expect-unordered: b\n@expect: z\n",
  "- b", "+ z")
case("a matching line passes", 0, "print 'took 5 ms'\n@expect-match: ^took %d+ ms$\n")
case("a line that does not match fails", 1, "print 'took x ms'\n@expect-match: ^took %d+ ms$\n", "+ took x ms")
case("any number of lines", 0, "print 'x1' print 'x2' print 'y'\n@expect-lines: ^x\n@expect: y\n")
case("a wrong exit status fails", 1, "print(1) os.exit(3)\n@expect: 1\n", "ended with status 3, expected was 0")
case("an expected exit status passes", 0, "print(1) os.exit(3)\n@expect: 1\n@exit: 3\n")
case("an expected failure that does not come fails", 1, "print(1)\n@expect: 1\n@exit: 1\n",
  "ended with status 0, expected was 1")
case("an error in the script fails", 1, "print(1) error 'oh'\n@expect: 1\n", "status 1", "oh")
case("a death by signal fails", 1, "os.execute('kill -KILL $PPID')\n@expect: 1\n", "killed by signal 9")
case("unexpected words on stderr fail", 1, "print(1) io.stderr:write 'psst'\n@expect: 1\n",
  "stderr should be empty", "psst")
case("expected words on stderr pass", 0, "io.stderr:write 'psst'\n@expect-stderr: sst\n")
case("missing words on stderr fail", 1, "io.stderr:write 'psst'\n@expect-stderr: hello\n",
  "stderr does not contain: hello")
case("arguments, standard input and environment arrive", 0,
  "print(arg[1], arg[2], io.read(), io.read(), os.getenv 'X')\n@script-args: 'a b' c\n" ..
  "@stdin: one\n@stdin: two\n@env: X=y\n@expect: a b\tc\tone\ttwo\ty\n")
case("each args line is a run; one that fails is enough", 1,
  "print(x)\n@args: -e x=1\n@args: -e x=2\n@expect: 1\n", "ok ", "with -e x=1", "FAIL", "+ 2")
case("numbers in braces are scaled, but not to nothing", 0, "print(math.type(tonumber(arg[1])), arg[1] ~= '0')\n" ..
  "@script-args: {1}\n@expect: integer\ttrue\n")
case("a script may skip itself", 77, "print 'no moon tonight' os.exit(77)\n@expect: 1\n",
  "SKIP", "no moon tonight")
case("a script that expects nothing is refused", 2, "print(1)\n", "expects nothing")
case("a misspelt expectation is refused", 2, "print(1)\n@expect: 1\n@expect-unorderd: 2\n",
  "no such expectation: 'expect-unorderd'")

-- The hung script leaves a child behind it; both must be gone.
local output = case("a hang fails, is named, and is killed with its children", 1,
  "print((io.popen 'sleep 7777 >/dev/null & echo $!'):read())\nio.stdout:flush() while true do end\n" ..
  "@timeout: 1\n@expect: done\n", "hung: killed with its process group", script)
local child = output:match "%+ (%d+)"
tests = tests + 1
local gone = child ~= nil
for _ = 1, child and 100 or 0 do -- death takes its time
  local cmdline = io.open("/proc/" .. child .. "/cmdline") -- empty for one that is dead but not yet reaped
  gone = not cmdline or cmdline:read "a" == ""
  if cmdline then cmdline:close() end
  if gone then break end
  os.execute "sleep 0.1"
end
print(string.format("%s %d - the child of a hung script is gone", gone and "ok" or "not ok", tests))

os.remove(script)
print("1.." .. tests)
os.exit(failed == 0 and gone)
