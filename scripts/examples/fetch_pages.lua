-- Fetches four pages one after the other, then all at once: the textbook case for threads.
--
--   gilvm scripts/examples/fetch_pages.lua [SECONDS]      SECONDS: how long a server takes, 0.5 if not given
--
-- After: fetch_url with requests.get, sequential and threaded. The server is a command here: it sleeps, then answers,
-- so that the program needs no network. A thread that reads from a pipe lets go of the GIL until something comes.
-- Try next: --stats shows the cause "I/O"; put a `curl` in the place of the command.
local thread = require "gilvm.thread"
local time = require "gilvm.time"

local seconds = tonumber(arg[1] or 0.5)
local names = { "lua.org", "python.org", "debian.org", "gnu.org" }

local function fetch(name)
  local answer <close> = assert(io.popen("sleep " .. seconds .. "; echo " .. name .. ": 200"))
  return answer:read()
end

local function timed(what, f)
  local start = time.monotonic()
  f()
  print(string.format("%s: %.1f s", what, time.monotonic() - start))
end

timed("Sequential", function()
  for _, name in ipairs(names) do print(fetch(name)) end
end)

timed("Threaded", function()
  local threads = {}
  for i, name in ipairs(names) do threads[i] = thread.start(fetch, name) end
  for _, t in ipairs(threads) do
    local _, page = assert(t:join())
    print(page)
  end
end)
