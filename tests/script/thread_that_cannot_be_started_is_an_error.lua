-- When the system has no more threads, or no memory for them, the script gets an error; the threads that there are go on.
local program = require "program"
if (os.getenv "GILVM_SANITIZE" or "none") ~= "none" then
  print "sanitizers do not run under ulimit -v"
  os.exit(77, true)
end
local dir <close> = program.folder()
local out, err, status = program.run(dir, "", [[
  local threads, message = {}, nil
  local reserve = ("x"):rep(32 << 20) -- or there would be no memory left to go on
  for i = 1, 100000 do
    local ok, t = pcall(thread.start, function() time.sleep(0.2) return i end)
    if not ok then message = t reserve = nil collectgarbage() break end
    threads[i] = t
  end
  print((message:gsub("%d+", "N")))
  print(#thread.list() == #threads + 1)
  for i, t in ipairs(threads) do assert(select(2, t:join()) == i) end
  print(thread.start(function() return "works again" end):join())
]], nil, "ulimit -v 300000;")
io.write(out, err)
print(status)
-- expect: cannot start thread 'thread-N': the system refuses (Resource temporarily unavailable); N threads are running
-- expect: true
-- expect: true	works again
-- expect: 0
