-- pcall in one thread never sees the error of another, under switches everywhere; objects keep their identity.
-- args:
-- args: --policy cpython:interval=50us
-- args: --policy cpython2:check=3
-- args: --checkpoint=line --policy fifo:interval=50us
local check = require "check"

local rounds = check.scaled(2000)

check.in_threads(6, function(me)
  local function raise(object) error(object, 0) end
  for round = 1, rounds do
    local object = { me, round }
    local closed = 0
    local ok, err = pcall(function()
      local a <close> = setmetatable({}, { __close = function(_, e) closed = closed + 1 assert(e == object) end })
      pcall(error, "inner")
      raise(object)
    end)
    assert(ok == false and err == object and closed == 1)
    ok, err = xpcall(raise, function(e) return { handled = e } end, object)
    assert(ok == false and err.handled == object)
    local co = coroutine.wrap(function()
      local good, e = pcall(function() coroutine.yield(1) raise(object) end)
      coroutine.yield(good == false and e == object)
      raise(object)
    end)
    assert(co() == 1 and co() == true)
    ok, err = pcall(co)
    assert(ok == false and err == object)
  end
end)
print "ok" -- expect: ok
