-- A hook that fails itself is named, and the error is printed in the standard way.
-- exit: 1
-- expect-stderr: gilvm: thread.excepthook failed for thread 'bad':
-- expect-stderr: the hook, too
-- expect-stderr: gilvm: thread 'bad': the error
local thread = require "gilvm.thread"
thread.excepthook = function() error "the hook, too" end
kept = thread.new { target = error, args = { "the error", 0 }, name = "bad" }:start()
print "done" -- expect: done
