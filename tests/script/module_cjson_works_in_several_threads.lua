-- lua-cjson, loaded and used by several threads at once.
-- args:
-- args: --policy cpython:interval=50us
local check = require "check"

check.module "cjson"

check.in_threads(4, function(me)
  local cjson = require "cjson"
  for i = 1, check.scaled(500) do
    local value = { me = me, list = { 1, 2.5, "three", true, { deep = i } }, text = ("é\n\"%d\""):format(i) }
    local back = cjson.decode(cjson.encode(value))
    assert(back.me == me and back.list[2] == 2.5 and back.list[5].deep == i and back.text == value.text)
    local ok, err = pcall(cjson.decode, "[1, 2")
    assert(not ok and err:find "Expected", err)
    ok, err = pcall(cjson.encode, { print })
    assert(not ok and err:find "Cannot serialise function", err)
  end
end)
print "ok" -- expect: ok
