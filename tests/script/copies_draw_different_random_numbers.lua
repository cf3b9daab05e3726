-- Forked copies of one process have one and the same memory: their random numbers must differ all the same.
local program = require "program"
local dir <close> = program.folder()
local out = program.run(dir, "-j 4 --as processes", "print(math.random(0))")
local seen, count = {}, 0
for number in out:gmatch "%S+" do
  count = count + 1
  if seen[number] then print("drawn twice: " .. number) end
  seen[number] = true
end
print(count) -- expect: 4
