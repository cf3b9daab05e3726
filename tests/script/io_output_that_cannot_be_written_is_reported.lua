-- A full or closed standard output: the script goes on, as under lua, but the end says so and the exit status is 1.
-- What a script does not write cannot fail.
local fifo = require "fifo"
local dir <close> = fifo.folder()
local errors = dir.path .. "/errors"

local function run(code, redirect)
  local script = dir:file("script.lua", code)
  local _, how, status = os.execute(("'%s' '%s' %s 2>'%s'"):format(os.getenv "GILVM", script, redirect, errors))
  local file <close> = io.open(errors)
  print(how, status, file:read "l" or "silent")
  assert(not file:read "l" or code:find "error", "more than one line")
end

local FULL, CLOSED = ">/dev/full", ">&-"
run("print 'x'", FULL) -- expect: exit	1	gilvm: cannot write to standard output: No space left on device
run("print 'x'", CLOSED) -- expect: exit	1	gilvm: cannot write to standard output: Bad file descriptor
run("io.write 'x'", FULL) -- expect: exit	1	gilvm: cannot write to standard output: No space left on device
run("io.write 'x'", CLOSED) -- expect: exit	1	gilvm: cannot write to standard output: Bad file descriptor
run("local x = 1", FULL) -- expect: exit	0	silent
run("local x = 1", CLOSED) -- expect: exit	0	silent
run("io.stderr:write ''", CLOSED) -- expect: exit	0	silent

-- Reported at every end, once, and not in the place of an error of the script's own.
run("io.write 'x' os.exit()", FULL) -- expect: exit	1	gilvm: cannot write to standard output: No space left on device
run("io.write 'x' os.exit(true, true)", FULL)
-- expect: exit	1	gilvm: cannot write to standard output: No space left on device
run("io.write 'x' os.exit(5)", FULL) -- expect: exit	5	gilvm: cannot write to standard output: No space left on device
run("for i = 1, 100 do print(i) end", FULL)
-- expect: exit	1	gilvm: cannot write to standard output: No space left on device
run("setmetatable({}, { __gc = function() print 'x' end })", FULL)
-- expect: exit	1	gilvm: cannot write to standard output: No space left on device

-- The functions themselves answer as stock Lua's.
run("assert(io.write(('x'):rep(100000)) == nil) os.exit(9)", FULL)
-- expect: exit	9	gilvm: cannot write to standard output: No space left on device
run("io.write 'x' local _, message = io.flush() io.stderr:write(message, ' error\\n')", FULL)
-- expect: exit	1	No space left on device error
