-- LuaSocket in several threads. It was not written for gilvm and keeps the GIL while it waits, so each step here is
-- one that does not have to wait, or is retried with a timeout of zero.
-- args:
-- args: --policy cpython:interval=50us
local check = require "check"

local socket = check.module "socket"
local gil = require "gilvm.gil"

local server = assert(socket.bind("127.0.0.1", 0))
local _, port = server:getsockname()
server:settimeout(0)

local clients, rounds = 3, check.scaled(100)
local served = 0

local function retry(f)
  while true do
    local result, err, partial = f()
    if result then return result end
    if err ~= "timeout" then error(err) end
    assert(partial == nil or partial == "", "half a line")
    gil.yield()
  end
end

local threads = { require "gilvm.thread".start(function()
  local open = {}
  for i = 1, clients do
    open[i] = retry(function() return server:accept() end)
    open[i]:settimeout(0)
  end
  while served < clients * rounds do
    for _, one in ipairs(open) do
      local line = one:receive "*l"
      if line then
        assert(one:send(line:upper() .. "\n"))
        served = served + 1
      end
    end
    gil.yield()
  end
end) }
for me = 1, clients do
  threads[me + 1] = require "gilvm.thread".start(function()
    local connection = assert(socket.connect("127.0.0.1", port))
    connection:settimeout(0)
    for i = 1, rounds do
      assert(connection:send(("hello %d %d\n"):format(me, i)))
      check.equal(retry(function() return connection:receive "*l" end), ("HELLO %d %d"):format(me, i))
    end
    connection:close()
  end)
end
check.join_all(threads)
check.equal(served, clients * rounds)
print "ok" -- expect: ok
