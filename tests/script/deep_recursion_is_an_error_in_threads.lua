-- Stack overflow, Lua's and C's, raises an error in threads with small stacks as it does in main; nothing crashes.
-- args:
-- args: --policy cpython:interval=1ms
-- args: --policy cpython2
local check = require "check"

local function overflow()
  local function lua_stack() return 1 + lua_stack() end
  check.raises("stack overflow", lua_stack)

  local function c_stack() return (("x"):gsub("x", c_stack)) end
  check.raises("C stack overflow", c_stack)

  local indexing = setmetatable({}, {})
  getmetatable(indexing).__index = function(t, k) return t[k] end
  check.raises("stack overflow", function() return indexing.x end)

  local function through_pcall() local _, e = pcall(through_pcall) return e end
  local ok = pcall(through_pcall)
  assert(ok ~= nil)

  local function through_coroutines()
    local good, e = coroutine.resume(coroutine.create(through_coroutines))
    if not good then return e end
    return e
  end
  assert(tostring(through_coroutines()):find "C stack overflow")

  local function through_sort()
    table.sort({ 1, 2, 3 }, function() return through_sort() end)
  end
  check.raises("C stack overflow", through_sort)

  local function through_tostring() return tostring(setmetatable({}, { __tostring = through_tostring })) end
  check.raises("C stack overflow", through_tostring)

  local nested = ("("):rep(1000) .. "1" .. (")"):rep(1000)
  local chunk, err = load("return " .. nested)
  assert(chunk == nil and err:find "overflow", err)

  local format = ("%s"):rep(250)
  local list = {}
  for i = 1, 250 do list[i] = "x" end
  check.equal(#format:format(table.unpack(list)), 250)
  check.raises("too many", table.unpack, {}, 1, 1e7)
  check.raises("pattern too complex", string.match, ("x"):rep(200000), (".?"):rep(200000))
end

overflow()
check.in_threads(3, overflow)
check.in_threads(1, function() check.in_threads(1, overflow) end)
print "ok" -- expect: ok
