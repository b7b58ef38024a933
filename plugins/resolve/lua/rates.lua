-- Exact fractions of whole numbers, and rates as Resolve writes them.
local rates = {}

local function divisor(a, b)
  while b ~= 0 do
    a, b = b, a % b
  end
  return a
end

--- The fraction a/b in lowest terms.
function rates.fraction(a, b)
  local common = divisor(math.abs(a), b)
  return { a / common, b / common }
end

local fraction = rates.fraction

function rates.plus(one, other)
  return fraction(one[1] * other[2] + other[1] * one[2], one[2] * other[2])
end

function rates.times(one, other)
  return fraction(one[1] * other[1], one[2] * other[2])
end

function rates.over(one, other)
  local sign = other[1] < 0 and -1 or 1
  return fraction(sign * one[1] * other[2], sign * one[2] * other[1])
end

function rates.minus(one, other)
  return rates.plus(one, { -other[1], other[2] })
end

--- As text: "24000/1001".
function rates.written(one)
  return string.format("%.0f/%.0f", one[1], one[2])
end

--- As a number that is near enough to compare with.
function rates.number(one)
  return one[1] / one[2]
end

--- The rate that a decimal stands for: 23.976 is 24000/1001 exactly. nil where it is no rate.
function rates.exact(told)
  local number = tonumber(told)
  if not number or number <= 0 then
    return nil
  end
  for _, nominal in ipairs({ 24, 30, 48, 60, 120 }) do
    if math.abs(number - nominal * 1000 / 1001) < 0.005 then
      return { nominal * 1000, 1001 }
    end
  end
  return fraction(math.floor(number * 1000 + 0.5), 1000)
end

--- The rate in a setting such as "29.97 DF", and whether it is drop-frame; nil where it is none.
function rates.parse(setting)
  local words = {}
  for word in tostring(setting):gmatch("%S+") do
    words[#words + 1] = word
  end
  local drop = #words == 2 and words[2]:upper() == "DF"
  if #words ~= (drop and 2 or 1) then
    return nil
  end
  return rates.exact(words[1]), drop
end

return rates
