--[[ tests/script/run.lua - runs one expectation script with gilvm, in a process of its own, and compares.

    gilvm tests/script/run.lua GILVM SCRIPT        (any Lua 5.4 interpreter will do for this file)

SCRIPT is a Lua program that carries its expectations in comments, or a file NAME.expect that carries nothing else and
names its program. One comment is one line, `-- key: value`, alone or at the end of a line of code:

    expect: LINE             the next line of stdout
    expect-match: PATTERN    the next line of stdout matches this Lua pattern
    expect-unordered: LINE   neighbours of this kind stand for the next so many lines, whose order is a race
    expect-lines: PATTERN    any number of lines, none included, that all match
    expect-stderr: TEXT      stderr contains this; without any such line stderr must be empty
    exit: N                  the exit status, 0 if not given
    args: ...                options for gilvm, as a shell would read them; with several such lines, a run for each
    script-args: ...         arguments of the script
    stdin: LINE              a line of standard input, which is empty without
    env: NAME=VALUE          an environment variable
    timeout: SECONDS         after which the run counts as hung, 60 if not given
    script: PATH             (in a .expect file) the program, relative to that file

Stdout must be exactly what is expected, to the last line. In args, script-args and env, {N} is N times the
environment variable GILVM_TEST_SCALE, at least 1; a slow build sets it below 1, which also makes timeouts longer.
A script that ends with status 77 has skipped itself and says why.

Exit status: 0 passed, 1 failed, 77 skipped, 2 usage. ]]

local SKIPPED = 77
local KEYS = {
  expect = "line", ["expect-match"] = "match", ["expect-unordered"] = "unordered", ["expect-lines"] = "lines",
  ["expect-stderr"] = "list", args = "list", ["script-args"] = "list", stdin = "list", env = "list",
  script = "single", exit = "single", timeout = "single",
}

local scale = tonumber(os.getenv "GILVM_TEST_SCALE") or 1

local function fail_usage(...)
  io.stderr:write("run.lua: ", string.format(...), "\n")
  os.exit(2)
end

local function read_file(path)
  local file, why = io.open(path, "rb")
  if not file then fail_usage("%s", why) end
  local text = file:read "a"
  file:close()
  return text
end

local function lines_of(text)
  local lines = {}
  for line in text:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
  local rest = text:match "[^\n]*$"
  if rest ~= "" then lines[#lines + 1] = rest end
  return lines
end

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function scaled(text)
  return (text:gsub("{(%d+)}", function(number)
    return string.format("%d", math.max(1, tonumber(number) * scale // 1))
  end))
end

-------------------------------------------------------------------------------------------- reading expectations

-- Consecutive `unordered` expectations become one, with a list of the lines.
local function add_output(output, kind, text, where)
  local last = output[#output]
  if kind == "unordered" then
    if last and last.kind == "unordered" and last.open then
      last.texts[#last.texts + 1] = text
    else
      output[#output + 1] = { kind = kind, texts = { text }, where = where, open = true }
    end
    return
  end
  if last then last.open = false end
  output[#output + 1] = { kind = kind, text = text, where = where }
end

local function read_spec(path)
  local spec = { path = path, output = {} }
  for key, kind in pairs(KEYS) do
    if kind == "list" then spec[key] = {} end
  end
  for number, line in ipairs(lines_of(read_file(path))) do
    local key, value = line:match "%-%- ([%a-]+): ?(.*)$"
    local kind = key and KEYS[key]
    if kind == "single" then
      if spec[key] then fail_usage("%s:%d: '%s' is given twice", path, number, key) end
      spec[key] = value
    elseif kind == "list" then
      table.insert(spec[key], value)
    elseif kind then
      add_output(spec.output, kind, value, number)
    elseif key and key:match "^expect" then
      fail_usage("%s:%d: no such expectation: '%s'", path, number, key)
    end
  end
  spec.exit = math.tointeger(spec.exit or 0) or fail_usage("%s: 'exit' wants a number", path)
  spec.timeout = tonumber(spec.timeout or 60) or fail_usage("%s: 'timeout' wants seconds", path)
  if scale < 1 then spec.timeout = spec.timeout * 5 end
  if #spec.output == 0 and #spec["expect-stderr"] == 0 and spec.exit == 0 then
    fail_usage("%s: expects nothing, so it could not fail; add '-- expect: ...' lines", path)
  end
  local folder = path:match "^(.*/)" or "./"
  spec.folder = folder
  spec.program = spec.script and folder .. spec.script or path
  if #spec.args == 0 then spec.args[1] = "" end
  return spec
end

-------------------------------------------------------------------------------------------- running

-- Runs with coreutils' timeout, which makes a process group of its own and kills all of it when time is up. That this
-- happened is read from what it then writes.
local HUNG = "timeout: sending signal KILL to command"

local function run_once(gilvm, spec, args)
  local out, err, input = os.tmpname(), os.tmpname(), os.tmpname()
  local file = assert(io.open(input, "wb"))
  for _, line in ipairs(spec.stdin) do file:write(line, "\n") end
  file:close()

  local words = { "exec env", "GILVM=" .. quote(gilvm),
    "LUA_PATH=" .. quote(spec.folder .. "lib/?.lua;" .. (os.getenv "LUA_PATH" or ";")) }
  for _, setting in ipairs(spec.env) do words[#words + 1] = scaled(setting) end
  words[#words + 1] = string.format("LC_ALL=C timeout -v -s KILL %g", spec.timeout)
  words[#words + 1] = quote(gilvm)
  words[#words + 1] = scaled(args)
  words[#words + 1] = quote(spec.program)
  for _, text in ipairs(spec["script-args"]) do words[#words + 1] = scaled(text) end
  words[#words + 1] = string.format("<%s >%s 2>%s", input, out, err)

  local _, how, status = os.execute(table.concat(words, " "))
  local result = { how = how, status = status, out = read_file(out), err = read_file(err) }
  result.hung = result.err:find(HUNG, 1, true) ~= nil
  os.remove(out)
  os.remove(err)
  os.remove(input)
  return result
end

-------------------------------------------------------------------------------------------- comparing

-- Takes the lines from `at` on that make up the set; returns how many, and the first wanted one that is not there.
local function match_set(texts, lines, at)
  local wanted = {}
  for _, text in ipairs(texts) do wanted[text] = (wanted[text] or 0) + 1 end
  for taken = 0, #texts - 1 do
    local line = lines[at + taken]
    if not line or (wanted[line] or 0) == 0 then
      for _, text in ipairs(texts) do
        if wanted[text] > 0 then return taken, text end
      end
    end
    wanted[line] = wanted[line] - 1
  end
  return #texts
end

-- Returns nil if all is as expected, else the number of the first line that is not, what was wanted there, and by
-- which line of the script.
local function first_difference(output, lines)
  local at = 1
  for _, one in ipairs(output) do
    local line = lines[at]
    if one.kind == "line" then
      if line ~= one.text then return at, one.text, one.where end
      at = at + 1
    elseif one.kind == "match" then
      if not (line and line:find(one.text)) then return at, "a line that matches " .. one.text, one.where end
      at = at + 1
    elseif one.kind == "lines" then
      while lines[at] and lines[at]:find(one.text) do at = at + 1 end
    else
      local taken, missing = match_set(one.texts, lines, at)
      at = at + taken
      if missing then return at, missing .. "   (or another of its set)", one.where end
    end
  end
  if lines[at] then return at, nil, nil end
end

local function describe_difference(report, lines, at, wanted, where)
  report("line %d of stdout is not as expected:", at)
  for number = math.max(1, at - 3), at - 1 do report("    %s", lines[number]) end
  report("  - %s", wanted and string.format("%s   (expected by line %d of the script)", wanted, where)
    or "(end of output)")
  report("  + %s", lines[at] or "(end of output)")
  for number = at + 1, math.min(#lines, at + 3) do report("    %s", lines[number]) end
end

local function describe_end(result)
  if result.how == "signal" then return "was killed by signal " .. result.status end
  if result.status > 128 then
    return string.format("ended with status %d (killed by signal %d)", result.status, result.status - 128)
  end
  return "ended with status " .. result.status
end

-- Calls report(format, ...) for everything that is wrong.
local function compare(spec, result, report)
  if result.hung then
    report("hung: killed with its process group after %g s", spec.timeout)
  elseif result.how ~= "exit" or result.status ~= spec.exit then
    report("%s, expected was %d", describe_end(result), spec.exit)
  end
  local lines = lines_of(result.out)
  local at, wanted, where = first_difference(spec.output, lines)
  if at then describe_difference(report, lines, at, wanted, where) end
  for _, text in ipairs(spec["expect-stderr"]) do
    if not result.err:find(text, 1, true) then report("stderr does not contain: %s", text) end
  end
  if #spec["expect-stderr"] == 0 and result.err ~= "" and not result.hung then
    report("stderr should be empty")
  end
end

local function check_run(gilvm, spec, args)
  local result = run_once(gilvm, spec, args)
  local name = args == "" and spec.path or string.format("%s (with %s)", spec.path, args)
  if result.how == "exit" and result.status == SKIPPED and spec.exit ~= SKIPPED then
    print("SKIP " .. name .. ": " .. (result.out:match "[^\n]+" or "it did not say why"))
    return SKIPPED
  end
  local complaints = {}
  compare(spec, result, function(...) complaints[#complaints + 1] = string.format(...) end)
  if #complaints == 0 then
    print("ok " .. name)
    return 0
  end
  print("FAIL " .. name)
  for _, complaint in ipairs(complaints) do print("  " .. complaint) end
  if result.err ~= "" then print("  stderr was:\n" .. result.err:sub(1, 8000)) end
  return 1
end

-- Scripts run GILVM themselves, some of them in another folder.
local function absolute(path)
  if path:find "^/" then return path end
  local pwd <close> = assert(io.popen "pwd")
  return pwd:read() .. "/" .. path
end

if #arg ~= 2 then fail_usage "usage: run.lua GILVM SCRIPT" end
local gilvm, spec = absolute(arg[1]), read_spec(arg[2])
local verdict = 0
for _, args in ipairs(spec.args) do
  local status = check_run(gilvm, spec, args)
  if status == 1 or verdict == 0 then verdict = status end
end
os.exit(verdict)
