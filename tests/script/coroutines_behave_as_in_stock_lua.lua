-- resume, wrap, close, status, running, isyieldable: all of it plain Lua, so that stock Lua agrees.
local check = require "check"
local pack = table.pack

-- Values travel both ways, nils included.
local co = coroutine.create(function(...)
  local got = pack(...)
  check.results(got, 1, nil, 3)
  local again = pack(coroutine.yield(nil, "b", nil))
  check.results(again)
  return "end", nil
end)
check.results(pack(coroutine.resume(co, 1, nil, 3)), true, nil, "b", nil)
check.equal(coroutine.status(co), "suspended")
check.results(pack(coroutine.resume(co)), true, "end", nil)
check.equal(coroutine.status(co), "dead")
check.results(pack(coroutine.resume(co)), false, "cannot resume dead coroutine")

-- Status as seen from inside, from below, and of the one that resumed us.
local outer
outer = coroutine.create(function()
  local inner = coroutine.create(function()
    check.equal(coroutine.status(outer), "normal")
    check.results(pack(coroutine.resume(outer)), false, "cannot resume non-suspended coroutine")
    check.results(pack(coroutine.resume(coroutine.running())), false, "cannot resume non-suspended coroutine")
  end)
  check.equal(coroutine.status(outer), "running")
  assert(coroutine.resume(inner))
  return "fine"
end)
check.results(pack(coroutine.resume(outer)), true, "fine")

-- running and isyieldable.
local main, is_main = coroutine.running()
check.equal(type(main), "thread")
check.equal(is_main, true)
check.equal(coroutine.isyieldable(), false)
check.equal(coroutine.isyieldable(main), false)
coroutine.wrap(function()
  local me, me_main = coroutine.running()
  assert(me ~= main)
  check.equal(me_main, false)
  check.equal(coroutine.isyieldable(), true)
  check.equal(coroutine.isyieldable(main), false)
  check.equal(coroutine.status(main), "normal")
end)()
check.raises("attempt to yield from outside a coroutine", coroutine.yield)

-- Errors: resume hands the object over, wrap raises it again and puts the position before strings.
local object = {}
check.results(pack(coroutine.resume(coroutine.create(function() error(object) end))), false, object)
check.results(pack(pcall(coroutine.wrap(function() error(object) end))), false, object)
check.results(pack(coroutine.resume(coroutine.create(function() error() end))), false, nil)
local dead = coroutine.wrap(function() return 1 end)
check.equal(dead(), 1)
check.raises("cannot resume dead coroutine", dead)
check.raises("bad argument #1 to '[%w.]*create' %(function expected", coroutine.create, 1)
check.raises("bad argument #1 to '[%w.]*wrap' %(function expected", coroutine.wrap)
check.raises("bad argument #1 to '[%w.]*resume' %(%a+ expected", coroutine.resume, 1)
check.raises("bad argument #1 to '[%w.]*status' %(%a+ expected", coroutine.status, {})
local wrapped = coroutine.wrap(function() error "oh" end)
check.raises("coroutines_behave.-%.lua:%d+: oh$", wrapped)

-- close: runs pending to-be-closed variables, and hands their error over.
local order = {}
local function tbc(name, err)
  return setmetatable({}, { __close = function(_, e)
    order[#order + 1] = name .. tostring(e)
    if err then error(err, 0) end
  end })
end
co = coroutine.create(function()
  local a <close> = tbc "a"
  local b <close> = tbc "b"
  coroutine.yield()
end)
coroutine.resume(co)
check.results(pack(coroutine.close(co)), true)
check.equal(table.concat(order, " "), "bnil anil")
check.equal(coroutine.status(co), "dead")
check.results(pack(coroutine.close(co)), true)

order = {}
co = coroutine.create(function()
  local a <close> = tbc "a"
  local b <close> = tbc("b", "broken")
  coroutine.yield()
end)
coroutine.resume(co)
check.results(pack(coroutine.close(co)), false, "broken")
check.equal(table.concat(order, " "), "bnil abroken")

co = coroutine.create(function() error(object) end)
coroutine.resume(co)
check.results(pack(coroutine.close(co)), false, object)
check.results(pack(coroutine.close(coroutine.create(print))), true)
check.raises("cannot close a running coroutine", coroutine.close, coroutine.running())
coroutine.wrap(function() check.raises("cannot close a normal coroutine", coroutine.close, main) end)()

-- wrap closes the pending variables of a coroutine that fails.
order = {}
local failing = coroutine.wrap(function()
  local a <close> = tbc "a"
  error("oh", 0)
end)
check.raises("^oh$", failing)
check.equal(table.concat(order, " "), "aoh")

-- A yield across pcall, xpcall, metamethods, iterators and close.
local function values(f)
  local list = {}
  for v in coroutine.wrap(f) do list[#list + 1] = tostring(v) end
  return table.concat(list, " ")
end
local yield = coroutine.yield
check.equal(values(function()
  yield(1)
  local ok, err = pcall(function() yield(2) error("e", 0) end)
  yield(tostring(ok) .. err)
  yield(select(2, xpcall(function(x) yield(x) error("f", 0) end, function(m) return m .. "!" end, 3)))
  local t = setmetatable({}, {
    __index = function(_, k) yield(k) return k end,
    __add = function() yield "add" return "sum" end,
    __eq = function() yield "eq" return true end,
    __lt = function() yield "lt" return true end,
    __concat = function() yield "concat" return "cat" end,
    __call = function(_, x) yield "call" return x end,
    __newindex = function() yield "newindex" end,
    __len = function() yield "len" return 7 end,
    __unm = function() yield "unm" return "minus" end,
    __close = function() yield "close" end,
  })
  yield(t.key)
  yield(t + t)
  yield(t == setmetatable({}, getmetatable(t)))
  yield(t < t)
  yield(t .. "x")
  yield(t(8))
  t.new = 1
  yield(#t)
  yield(-t)
  do local c <close> = t end
  for v in function(_, i) yield "iterator" if (i or 0) < 2 then return (i or 0) + 1 end end do yield(v) end
end), "1 2 falsee 3 f! key key add sum eq true lt true concat cat call 8 newindex len 7 unm minus close " ..
  "iterator 1 iterator 2 iterator")

-- What cannot be yielded across says so.
check.equal(values(function()
  yield(select(2, pcall(table.sort, { 3, 2, 1 }, function() yield() end)))
end), "attempt to yield across a C-call boundary")

-- Depth: a coroutine that resumes a coroutine that ...
local function nested(n)
  local ok, depth = coroutine.resume(coroutine.create(function() return n == 0 and 0 or 1 + nested(n - 1) end))
  assert(ok, depth)
  return depth
end
check.equal(nested(50), 50)
local function endless()
  local ok, err = coroutine.resume(coroutine.create(endless))
  return ok and err or err
end
check.equal(tostring(endless()):match "C stack overflow", "C stack overflow")

-- The traceback of a coroutine is its own.
co = coroutine.create(function() local function here() yield() end here() end)
coroutine.resume(co)
assert(debug.traceback(co):find "in %S+ 'here'", debug.traceback(co))
print "ok" -- expect: ok
