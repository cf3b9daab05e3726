-- kill -9 of the parent of forked copies leaves no orphan.
local program = require "program"
local dir <close> = program.folder()
local _, _, status = program.run(dir, "-j 3 --as processes", "ready() while true do time.sleep(1000) end",
  "until_ready 3; kill -9 $pid")
print(status) -- expect: 137
local left
for _ = 1, 100 do
  left = program.left(dir)
  if left == "" then break end
  require "gilvm.time".sleep(0.02)
end
print(left == "" or left) -- expect: true
