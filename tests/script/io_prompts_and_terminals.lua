-- On a terminal, a prompt that io.write has left in the buffer is shown before the read that waits for the answer;
-- and a read from the terminal lets others run. The terminal is made by script(1); it is driven through two pipes.
local check = require "check"
local fifo = require "fifo"
if not os.execute "command -v script >/dev/null" then check.skip "no script(1) to make a terminal" end

local dir <close> = fifo.folder()
local keys, screen = dir:fifo "keys", dir:fifo "screen"

local function with_terminal(code, dialogue)
  local program = dir:file("program.lua", code)
  local command = "script -qec '%s %s' /dev/null <%s >%s"
  local child = io.popen(command:format(os.getenv "GILVM", program, keys, screen), "w")
  local typed <close> = io.open(keys, "w")
  local shown <close> = io.open(screen)
  -- Reads up to `text`, which must come before anything is typed.
  local function await(text)
    local seen = ""
    repeat
      local c = assert(shown:read(1), "the program has ended; shown: " .. seen)
      seen = seen .. c
    until seen:sub(-#text) == text
    print("[" .. text .. "]")
  end
  local function answer(text)
    typed:write(text, "\n")
    typed:flush()
  end
  dialogue(await, answer)
  print(child:close())
end

for _, read in ipairs { "io.read()", "io.stdin:read()", "io.lines()()", "io.stdin:lines()()" } do
  with_terminal(([[
    io.write "your name? "
    local name = READ
    io.write("hello ", name, ", and age? ")
    local age = READ
    print("so " .. age)
  ]]):gsub("READ", read), function(await, answer)
    await "your name? "
    answer "Ada"
    await "hello Ada, and age? "
    answer "36"
    await "so 36"
  end)
end
-- expect: [your name? ]
-- expect: [hello Ada, and age? ]
-- expect: [so 36]
-- expect: true	exit	0
-- expect: [your name? ]
-- expect: [hello Ada, and age? ]
-- expect: [so 36]
-- expect: true	exit	0
-- expect: [your name? ]
-- expect: [hello Ada, and age? ]
-- expect: [so 36]
-- expect: true	exit	0
-- expect: [your name? ]
-- expect: [hello Ada, and age? ]
-- expect: [so 36]
-- expect: true	exit	0

with_terminal([[
  local thread, time = require "gilvm.thread", require "gilvm.time"
  local answer
  local reader = thread.start(function() answer = io.read() end)
  time.sleep(0.05)
  print "others run"
  reader:join()
  print("answer " .. answer)
]], function(await, answer)
  await "others run"
  answer "yes"
  await "answer yes"
end)
-- expect: [others run]
-- expect: [answer yes]
-- expect: true	exit	0
