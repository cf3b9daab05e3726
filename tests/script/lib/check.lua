-- tests/script/lib/check.lua - what the expectation scripts share. They load it with `require "check"`.
local check = {}

local scale = tonumber(os.getenv "GILVM_TEST_SCALE") or 1

-- A size, smaller in slow builds (sanitizers, stress).
function check.scaled(n)
  return math.max(1, n * scale // 1 | 0)
end

local function show(value)
  return type(value) == "string" and string.format("%q", value) or tostring(value)
end

-- check.equal(actual, wanted, what): NaN is not among our values.
function check.equal(actual, wanted, what)
  if actual ~= wanted or math.type(actual) ~= math.type(wanted) then
    error(string.format("%s: got %s, wanted %s", what or "values differ", show(actual), show(wanted)), 2)
  end
end

-- All results of a call against a list: check.results(table.pack(f()), 1, nil, 3).
function check.results(packed, ...)
  local wanted = table.pack(...)
  check.equal(packed.n, wanted.n, "number of results")
  for i = 1, wanted.n do check.equal(packed[i], wanted[i], "result " .. i) end
end

-- f(...) must raise an error whose text matches the pattern; returns the error object.
function check.raises(pattern, f, ...)
  local ok, err = pcall(f, ...)
  if ok then error("no error; wanted one that matches " .. show(pattern), 2) end
  if not tostring(err):find(pattern) then
    error("the error is " .. show(err) .. "; wanted one that matches " .. show(pattern), 2)
  end
  return err
end

-- Joins the threads; an error in one of them becomes ours, with its traceback.
function check.join_all(threads)
  for i, t in ipairs(threads) do
    local ok, err, traceback = t:join()
    if not ok then error(string.format("thread %d failed: %s\n%s", i, tostring(err), tostring(traceback)), 2) end
  end
end

-- Runs f(1), ..., f(n) in n threads and joins them.
function check.in_threads(n, f)
  local thread = require "gilvm.thread"
  local threads = {}
  for i = 1, n do threads[i] = thread.start(f, i) end
  check.join_all(threads)
end

-- Ends the script as skipped.
function check.skip(reason)
  print(reason)
  os.exit(77, true)
end

-- require, or the end of the script as skipped if there is no such module; one that fails to load is an error.
function check.module(name)
  local ok, module = pcall(require, name)
  if ok then return module end
  if module:find("module '" .. name .. "' not found", 1, true) then
    check.skip(name .. " is not installed on " .. package.path .. ";" .. package.cpath)
  end
  error(module, 2)
end

return check
