-- Finalizers, weak tables and both collectors while several threads allocate and are switched.
-- args:
-- args: --policy cpython:interval=50us
-- args: --policy cpython2:check=10
-- args: --checkpoint=line --policy fifo:interval=50us
local check = require "check"

local function churn(mode, ...)
  collectgarbage(mode, ...)
  local made, finalized = 0, 0
  local weak_keys = setmetatable({}, { __mode = "k" })
  local weak_values = setmetatable({}, { __mode = "v" })
  check.in_threads(4, function(me)
    local kept = {}
    for i = 1, check.scaled(4000) do
      made = made + 1
      local one = setmetatable({ me, i }, { __gc = function(self)
        assert(self[1] == me and self[2] == i)
        finalized = finalized + 1
      end })
      weak_keys[one] = { one }
      weak_values[me * 1000000 + i] = one
      kept[i % 10 + 1] = one
      local text = ("%d:%d"):format(me, i)
      assert(text == me .. ":" .. i)
    end
    for _, one in pairs(kept) do
      assert(weak_keys[one][1] == one and weak_values[one[1] * 1000000 + one[2]] == one)
    end
  end)
  -- `made` and `finalized` are unguarded counters: only the lone main thread may trust the second.
  collectgarbage()
  collectgarbage()
  check.equal(next(weak_keys), nil, mode .. ": weak keys left")
  check.equal(next(weak_values), nil, mode .. ": weak values left")
  assert(made > 0 and finalized > 0)
end

churn "incremental"
churn("incremental", 100, 400, 4)
churn "generational"
churn "incremental"

-- Each finalizer runs once: a table is filled in that has a place for each.
collectgarbage "generational"
local times = {}
check.in_threads(4, function(me)
  for i = 1, check.scaled(4000) do
    local key = me * 1000000 + i
    times[key] = 0
    setmetatable({}, { __gc = function() times[key] = times[key] + 1 end })
  end
end)
collectgarbage()
collectgarbage()
for key, n in pairs(times) do check.equal(n, 1, "runs of finalizer " .. key) end

-- Ephemerons and resurrection.
local saved = {}
check.in_threads(3, function(me)
  for i = 1, check.scaled(1000) do
    setmetatable({ me, i }, { __gc = function(self) saved[#saved % 100 + 1] = self end })
  end
end)
collectgarbage()
for _, one in ipairs(saved) do assert(one[1] >= 1 and one[1] <= 3) end

-- An error in a finalizer is a warning, not an error of whoever happened to allocate.
check.in_threads(3, function()
  for _ = 1, check.scaled(500) do
    setmetatable({}, { __gc = function() error "in a finalizer" end })
  end
  collectgarbage()
end)

-- Asking the collector from several threads at once.
check.in_threads(4, function(me)
  for i = 1, check.scaled(200) do
    local t = {}
    for k = 1, 20 do t[k] = { k } end
    if me == 1 then collectgarbage "step" elseif me == 2 then collectgarbage "count" else collectgarbage(
      i % 2 == 0 and "incremental" or "generational") end
    for k = 1, 20 do assert(t[k][1] == k) end
  end
end)
print "ok" -- expect: ok
