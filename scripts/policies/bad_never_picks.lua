-- scripts/policies/bad_never_picks.lua - a deliberately bad policy, to see what happens to one. It asks the holder
-- to yield, as it should; but when the holder lets go it wakes nobody, and so nobody who waits learns of it. The
-- holder takes the lock back, or ends, and all others would wait for ever.
--
-- gilvm notices after a second that threads wait and none is picked, says so by name, and goes on under `fifo`.
--
--     gilvm --policy scripts/policies/bad_never_picks.lua -j 2 script.lua

return {
  name = "bad_never_picks",
  summary = "Asks the holder to yield, and then wakes nobody.",
  badly = "Everything: it is here to be caught.",

  waits = function(lock, thread) lock:ask(thread) end,

  lets_go = function() return nil end,
}
