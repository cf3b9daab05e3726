-- LPeg, loaded and used by several threads at once; its match-time captures call back into Lua, and switch there.
-- args:
-- args: --policy cpython:interval=50us
local check = require "check"

check.module "lpeg"

check.in_threads(4, function(me)
  local lpeg = require "lpeg"
  local P, R, S, V, C, Ct, Cmt = lpeg.P, lpeg.R, lpeg.S, lpeg.V, lpeg.C, lpeg.Ct, lpeg.Cmt
  local number = C(R "09" ^ 1) / tonumber
  local function fold(left, op, right)
    if op == "+" then return left + right elseif op == "*" then return left * right end
    return left
  end
  local grammar = P {
    "sum",
    sum = lpeg.Cf(V "product" * lpeg.Cg(C "+" * V "product") ^ 0, fold),
    product = lpeg.Cf(V "value" * lpeg.Cg(C "*" * V "value") ^ 0, fold),
    value = number + "(" * V "sum" * ")",
  } * -1
  local seen
  local counted = Ct((Cmt(C(R "az" ^ 1), function(_, position, word)
    for _ = 1, 20 do end
    seen = seen + 1
    return position, word:upper()
  end) * S " ," ^ 0) ^ 0)
  for i = 1, check.scaled(300) do
    check.equal(grammar:match(("%d+2*(3+%d)*4"):format(i, me)), i + 2 * (3 + me) * 4)
    check.equal(grammar:match "1+*2", nil)
    seen = 0
    local words = counted:match("lorem, ipsum dolor")
    check.equal(table.concat(words, " "), "LOREM IPSUM DOLOR")
    assert(seen >= 3)
  end
end)
print "ok" -- expect: ok
