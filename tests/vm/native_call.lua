-- A native call that keeps the GIL stops every other thread for as long as it lasts; one that lets it go does not.
local native = require "native"
local thread = require "gilvm.thread"

local n, stop = 0, false
local spinner = thread.start(function()
  while not stop do n = n + 1 end
end)

local function progress_during(call)
  while n == 0 do require("gilvm.gil").yield() end -- the spinner is under way
  local before = n
  call(0.05)
  local after = n
  return after - before
end

local kept = progress_during(native.keeping)
local released = progress_during(native.releasing)
stop = true
assert(spinner:join())
print("1..2")
print((kept == 0 and "ok" or "not ok") .. " 1 - nobody runs during a native call that keeps the GIL (" .. kept .. ")")
print((released > 0 and "ok" or "not ok") .. " 2 - others run during one that lets it go (" .. released .. ")")
os.exit(kept == 0 and released > 0)
