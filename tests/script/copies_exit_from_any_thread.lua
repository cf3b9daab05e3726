-- os.exit in any thread of a copy ends that copy, whose main thread would otherwise go on for ever.
-- args: -j 2 --as threads
-- args: -j 2 --as interpreters
-- args: -j 2 --as processes
-- args: -j 2 --as serial
-- exit: 7
-- expect-stderr: copy 1 failed with exit status 7
-- expect-stderr: copy 2 failed with exit status 7
local thread = require "gilvm.thread"
local time = require "gilvm.time"
thread.start(function()
  time.sleep(0.01)
  pcall(os.exit, 7) -- which no pcall stops
  print "never printed"
end)
thread.start(function() time.sleep(1000) end)
while true do pcall(function() while true do end end) end
