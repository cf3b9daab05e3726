-- A print whose arguments have a __tostring that computes, waits or prints itself still writes one whole line.
-- The program runs itself as the writer and reads what comes.
local check = require "check"

if arg[1] == "write" then
  local time = require "gilvm.time"
  check.in_threads(6, function(me)
    local busy = setmetatable({}, { __tostring = function() for _ = 1, 50 do end return "busy" .. me end })
    local waiting = setmetatable({}, { __tostring = function() time.sleep(0) return "waiting" .. me end })
    for i = 1, tonumber(arg[2]) do print(me, busy, i, waiting) end
  end)
  return
end

local rounds = check.scaled(300)
for _, policy in ipairs { "cpython:interval=50us", "cpython2:check=3", "fifo:interval=50us" } do
  local next_of = { 1, 1, 1, 1, 1, 1 }
  local command = ("'%s' --policy %s '%s' write %d"):format(os.getenv "GILVM", policy, arg[0], rounds)
  local writer = assert(io.popen(command))
  for line in writer:lines() do
    local me, busy, i, waiting = line:match "^(%d)\tbusy(%d)\t(%d+)\twaiting(%d)$"
    if not me or busy ~= me or waiting ~= me then error("not one whole line: " .. line) end
    me = tonumber(me)
    check.equal(tonumber(i), next_of[me], "line of thread " .. me)
    next_of[me] = next_of[me] + 1
  end
  assert(writer:close())
  for me = 1, 6 do check.equal(next_of[me], rounds + 1, "lines of thread " .. me) end
end
print "ok" -- expect: ok
