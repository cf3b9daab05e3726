-- tests/script/lib/fifo.lua - named pipes for scripts, in a folder that goes away with `local dir <close> =
-- fifo.folder()`.
local fifo = {}

local folder = {}
folder.__index = folder
folder.__close = function(self) assert(os.execute("rm -r " .. self.path)) end

function fifo.folder()
  local path = os.tmpname()
  assert(os.remove(path))
  assert(os.execute("mkdir " .. path))
  return setmetatable({ path = path }, folder)
end

-- The path of a new FIFO.
function folder:fifo(name)
  local path = self.path .. "/" .. name
  assert(os.execute("mkfifo " .. path))
  return path
end

-- The path of a new file.
function folder:file(name, text)
  local path = self.path .. "/" .. name
  local file <close> = assert(io.open(path, "w"))
  assert(file:write(text))
  return path
end

return fifo
