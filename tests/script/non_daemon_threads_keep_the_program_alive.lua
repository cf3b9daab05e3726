-- The program ends when the last thread that is no daemon has ended, threads that these start included.
local thread = require "gilvm.thread"
local time = require "gilvm.time"

thread.start(function()
  time.sleep(0.05)
  thread.start(function()
    time.sleep(0.05)
    print "grandchild"
    thread.start(function() time.sleep(0.01) print "its child" end)
  end)
  print "child"
end)
print "main"
-- expect: main
-- expect: child
-- expect: grandchild
-- expect: its child
