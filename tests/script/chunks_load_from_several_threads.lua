-- load, loadfile, dofile and require at the same time from several threads, errors included.
-- args:
-- args: --policy cpython:interval=50us
-- args: --policy cpython2:check=5
local check = require "check"

local folder = os.tmpname()
os.remove(folder)
assert(os.execute("mkdir " .. folder))
local function write(name, text)
  local file <close> = assert(io.open(folder .. "/" .. name, "w"))
  assert(file:write(text))
end
write("plain.lua", "local a = ... return { a or 'none' }")
write("broken.lua", "return 1 +")
write("shebang.lua", "#!/usr/bin/env gilvm\nreturn 'after the first line'")
for i = 1, 5 do
  write("mod" .. i .. ".lua", "return { name = ..., number = " .. i .. " }")
end
write("fails.lua", "error 'while loading'")
package.path = folder .. "/?.lua;" .. package.path

local rounds = check.scaled(200)
local modules = {}
check.in_threads(5, function(me)
  modules[me] = {}
  for i = 1, 5 do modules[me][i] = require("mod" .. i) end
  for round = 1, rounds do
    local f = assert(load("local n = ... return n + " .. me, "=chunk"))
    assert(f(round) == round + me)
    local none, err = load "return 1 +"
    assert(none == nil and err:find "unexpected symbol near <eof>", err)
    local pieces = { "return ", "'", tostring(me), "'" }
    local at = 0
    assert(load(function() at = at + 1 return pieces[at] end)() == tostring(me))
    assert(loadfile(folder .. "/plain.lua")(round)[1] == round)
    assert(dofile(folder .. "/plain.lua")[1] == "none")
    assert(dofile(folder .. "/shebang.lua") == "after the first line")
    none, err = loadfile(folder .. "/broken.lua")
    assert(none == nil and err:find "broken.lua:1: unexpected symbol", err)
    none, err = loadfile(folder .. "/missing.lua")
    assert(none == nil and err:find "cannot open", err)
    none, err = pcall(require, "fails")
    assert(none == false and err:find "while loading", err)
    none, err = pcall(require, "not.there")
    assert(none == false and err:find "module 'not.there' not found", err)
    local copy = load(string.dump(f), "copy", "b")
    assert(copy(1) == 1 + me)
  end
end)
-- A module is one table in every thread once it is loaded, and it was loaded with its name.
for i = 1, 5 do
  local last = require("mod" .. i)
  check.equal(last.number, i)
  check.equal(last.name, "mod" .. i)
  check.in_threads(3, function() check.equal(require("mod" .. i), last) end)
end
os.execute("rm -r " .. folder)
print "ok" -- expect: ok
