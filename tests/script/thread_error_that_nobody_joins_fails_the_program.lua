-- An error in a thread that nobody joins is printed when the program ends, once; a program that was well otherwise ends
-- with status 1. One that somebody joined is not printed.
-- args:
-- args: --policy fifo:interval=50us
-- exit: 1
-- expect-stderr: gilvm: thread 'careless': 
-- expect-stderr: : nobody looks
-- expect-stderr: stack traceback:
-- expect-stderr: in upvalue 'deep_inside'
-- expect-stderr: gilvm: thread 'object': an object
-- expect-stderr: gilvm: thread 'plain': (error object is a table value)
local thread = require "gilvm.thread"

local function deep_inside() error "nobody looks" end
kept = thread.new { target = function() deep_inside() end, name = "careless" }:start()
kept2 = thread.new { target = error, name = "plain", args = { {} } }:start()
local object = setmetatable({}, { __tostring = function() return "an object" end })
kept3 = thread.new { target = error, name = "object", args = { object } }:start()
assert(not thread.new { target = error, name = "joined", args = { "joined error" } }:start():join())
print "the script is done" -- expect: the script is done
