-- pcall, xpcall, error, assert and <close>: plain Lua only, so that stock Lua agrees.
local check = require "check"
local pack = table.pack

-- Error objects keep their identity and kind.
local object = setmetatable({}, { __tostring = function() return "telling" end })
for _, value in ipairs { object, 1, 1.5, true, false, print, "text" } do
  check.results(pack(pcall(error, value)), false, value)
end
check.results(pack(pcall(error)), false, nil)
check.results(pack(pcall(error, nil)), false, nil)

-- Positions by level.
local here = debug.getinfo(1, "l").currentline
local function raise(level) error("e", level) end
check.equal(select(2, pcall(raise, 0)), "e")
check.equal(select(2, pcall(raise, 1)):match ":%d+: e$", ":" .. here + 1 .. ": e")
check.equal(select(2, pcall(function() raise(2) end)):match ":%d+: e$", ":" .. here + 4 .. ": e")
check.raises("^[^:]+:%d+: attempt to perform arithmetic on a nil value %(global 'undefined'%)$",
  function() return undefined + 1 end)
check.raises("attempt to call a nil value %(field 'x'%)", function() local t = {} t.x() end)
check.raises("attempt to index a number value %(local 'n'%)", function() local n = 1 return n.x.y end)
check.raises("attempt to compare number with nil", function() return 1 < nil end)
check.raises("attempt to concatenate a table value", function() return "a" .. {} end)
check.raises("'for' step is zero", function() for _ = 1, 2, 0 do end end)
check.raises("number has no integer representation", function() return 1.5 | 1 end)
check.raises("attempt to perform 'n%%0'", function() local n = 0 return 1 % n end)

-- Results, arguments and their number.
check.results(pack(pcall(function(...) return ... end, 1, nil, nil)), true, 1, nil, nil)
check.results(pack(pcall(function() end)), true)
check.results(pack(xpcall(function(...) return ... end, print, nil, 2)), true, nil, 2)
check.results(pack(select("#", pcall(string.rep))), 2)
check.raises("bad argument #1 to '[%w.]*pcall' %(value expected%)", function() pcall() end)
check.raises("bad argument #2 to '[%w.]*xpcall' %(function expected", function() xpcall(print) end)
check.results(pack(pcall(pcall, error, "x")), true, false, "x")
check.results(pack(pcall(1)), false, "attempt to call a number value")
check.results(pack(pcall(setmetatable({}, { __call = function(_, x) return x end }), 5)), true, 5)

-- Message handlers: see the stack where the error was raised, may change the object, may fail themselves.
local function fails() error "deep" end
local ok, text = xpcall(fails, debug.traceback)
assert(not ok and text:find(":" .. debug.getinfo(fails, "S").linedefined .. ": in function <", 1, true), text)
check.results(pack(xpcall(error, function() return 1, 2 end, "x")), false, 1)
local depth = 0
ok, text = xpcall(error, function(e) depth = depth + 1 if depth < 5 then error(e) end return "at last" end, "x")
check.equal(ok, false)
check.equal(depth, 5)
check.equal(text, "at last")
ok, text = xpcall(error, function(e) error(e) end, "x")
check.equal(ok, false)
assert(text == "error in error handling" or text:find "C stack overflow", text) -- which, depends on Lua's release

-- Stack overflow is an error like others, and can happen again afterwards.
for _ = 1, 3 do
  local function endless() return 1 + endless() end
  check.raises("stack overflow", endless)
end
check.raises("C stack overflow", function()
  local function endless() return (("x"):gsub("x", endless)) end
  return endless()
end)
local t = setmetatable({}, {})
getmetatable(t).__index = function(self, key) return self[key] end
check.raises("stack overflow", function() return t.x end)

-- <close>: order, error handed over and replaced, on return, break, goto and error.
local order = {}
local function tbc(name, raised)
  return setmetatable({}, { __close = function(_, e)
    order[#order + 1] = name .. ":" .. tostring(e)
    if raised then error(raised, 0) end
  end })
end
local function closed(f)
  order = {}
  local result = pack(pcall(f))
  return table.concat(order, " "), table.unpack(result, 1, result.n)
end
check.results(pack(closed(function()
  local a <close> = tbc "a"
  local b <close> = tbc "b"
  return 1, 2
end)), "b:nil a:nil", true, 1, 2)
check.results(pack(closed(function()
  local a <close> = tbc "a"
  local b <close> = tbc("b", "second")
  error("first", 0)
end)), "b:first a:second", false, "second")
check.results(pack(closed(function()
  for i = 1, 3 do
    local a <close> = tbc("a" .. i)
    if i == 2 then break end
  end
end)), "a1:nil a2:nil", true)
check.results(pack(closed(function()
  for v in next, { 1 }, nil, tbc "iterator" do assert(v == 1) end
  local n <close> = nil
  local f <close> = false
end)), "iterator:nil", true)
check.raises("variable 'x' got a non%-closable value", function() local x <close> = 1 end)

-- assert and select, tostring and the like, where error objects pass through.
check.results(pack(pcall(assert, false, object)), false, object)
check.results(pack(pcall(assert, nil)), false, "assertion failed!")
check.results(pack(assert(1, 2, 3)), 1, 2, 3)
check.results(pack(pcall(tostring, object)), true, "telling")
local mute = setmetatable({}, { __tostring = function() return {} end })
check.raises("'__tostring' must return a string", tostring, mute)

-- The same inside a coroutine, where pcall has to survive yields.
local trace = {}
local co = coroutine.wrap(function()
  local a <close> = setmetatable({}, { __close = function() coroutine.yield "closing" end })
  local good, e = pcall(function()
    local b <close> = setmetatable({}, { __close = function(_, raised) coroutine.yield("inner " .. raised) end })
    coroutine.yield "before"
    error("oh", 0)
  end)
  coroutine.yield(tostring(good) .. " " .. e)
  return "returned"
end)
for i = 1, 5 do trace[i] = co() end
check.equal(table.concat(trace, ", "), "before, inner oh, false oh, closing, returned")
print "ok" -- expect: ok
