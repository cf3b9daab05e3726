-- The same script in the four ways: which copy it is, what it shares, and how each of them ended.
local program = require "program"
local dir <close> = program.folder()

local function run(mode, code, options)
  local out, err, status = program.run(dir, ("-j 3 --as %s %s"):format(mode, options or ""), code)
  local lines = {}
  for line in out:gmatch "[^\n]+" do lines[#lines + 1] = line end
  table.sort(lines)
  print(mode .. ": " .. table.concat(lines, "; "))
  io.write(program.stable(err))
  if status ~= 0 then print("status " .. status) end
end

local modes = { "serial", "threads", "interpreters", "processes" }
local who = [[
  local i, n = gilvm.worker()
  _G["copy " .. i] = true -- an entry each: a common counter would lose updates
  local of_thread = select(2, thread.start(gilvm.worker):join())
  local shared
  local till = time.monotonic() + 0.5
  repeat
    time.sleep(0.01)
    shared = 0
    for k = 1, n do shared = shared + (_G["copy " .. k] and 1 or 0) end
  until shared == n or time.monotonic() > till
  print(("%d of %d, %s, %s, shared %d"):format(i, n, thread.current().name, of_thread == i, shared))
]]
for _, mode in ipairs(modes) do run(mode, who) end
-- expect: serial: 1 of 3, copy 1, true, shared 1; 2 of 3, copy 2, true, shared 1; 3 of 3, copy 3, true, shared 1
-- expect: threads: 1 of 3, copy 1, true, shared 3; 2 of 3, copy 2, true, shared 3; 3 of 3, copy 3, true, shared 3
-- expect: interpreters: 1 of 3, copy 1, true, shared 1; 2 of 3, copy 2, true, shared 1; 3 of 3, copy 3, true, shared 1
-- expect: processes: 1 of 3, copy 1, true, shared 1; 2 of 3, copy 2, true, shared 1; 3 of 3, copy 3, true, shared 1

-- An exit ends one copy, with the threads that it started; the others go on.
local exits = [[
  local i = gilvm.worker()
  if i == 2 then thread.start(time.sleep, 1000) os.exit(7) end
  print(i)
]]
for _, mode in ipairs(modes) do run(mode, exits) end
-- expect: serial: 1; 3
-- expect: gilvm: copy 2 failed with exit status 7
-- expect: status 7
-- expect: threads: 1; 3
-- expect: gilvm: copy 2 failed with exit status 7
-- expect: status 7
-- expect: interpreters: 1; 3
-- expect: gilvm: copy 2 failed with exit status 7
-- expect: status 7
-- expect: processes: 1; 3
-- expect: gilvm: copy 2 failed with exit status 7
-- expect: status 7

-- Of several failures the first copy's status counts; an error that nobody joins fails its copy.
local fails = [[
  local i = gilvm.worker()
  if i == 2 then thread.start(error, "unseen", 0) end
  if i == 3 then os.exit(9) end
  if i == 1 then time.sleep(0.05) end
]]
run("interpreters", fails)
-- expect: interpreters: 
-- expect: gilvm: thread 'thread-1': unseen
-- expect: stack traceback:
-- expect: 	[C]: in function 'error'
-- expect: 	[C]: in ?
-- expect: gilvm: copy 2 failed with exit status 1
-- expect: gilvm: copy 3 failed with exit status 9
-- expect: status 1
run("processes", "if gilvm.worker() == 3 then os.execute('kill -9 ' .. io.open('/proc/self/stat'):read 'n') end")
-- expect: processes: 
-- expect: gilvm: copy 3 (process N) was killed by signal 9 (SIGKILL)
-- expect: status 137
