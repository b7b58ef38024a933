-- JSON as it is written between the parts of dubkit. LuaJIT 2.1 and Lua 5.1 to 5.4; texts are UTF-8.
local json = {}

local array_kind = {}

--- Mark a table as a list, so that an empty one is written as [].
function json.array(list)
  return setmetatable(list or {}, array_kind)
end

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(letter)
    return escapes[letter] or string.format("\\u%04x", letter:byte())
  end) .. '"'
end

local function encode(value)
  local kind = type(value)
  if kind == "string" then
    return quoted(value)
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind == "number" then
    return value == math.floor(value) and string.format("%.0f", value) or string.format("%.17g", value)
  elseif kind ~= "table" then
    error({ host = "a " .. kind .. " cannot be written" }, 0)
  end
  local parts = {}
  if getmetatable(value) == array_kind or value[1] ~= nil then
    for index, one in ipairs(value) do
      parts[index] = encode(one)
    end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  for key, one in pairs(value) do
    parts[#parts + 1] = quoted(key) .. ": " .. encode(one)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end

local decode

local function fail(at)
  error({ host = "damaged JSON at letter " .. at }, 0)
end

local function skip(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

local function utf8_of(code)
  if code < 0x80 then
    return string.char(code)
  elseif code < 0x800 then
    return string.char(0xC0 + math.floor(code / 0x40), 0x80 + code % 0x40)
  elseif code < 0x10000 then
    return string.char(0xE0 + math.floor(code / 0x1000), 0x80 + math.floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
  end
  return string.char(
    0xF0 + math.floor(code / 0x40000),
    0x80 + math.floor(code / 0x1000) % 0x40,
    0x80 + math.floor(code / 0x40) % 0x40,
    0x80 + code % 0x40
  )
end

local letters = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function text_at(text, at)
  local parts, begun = {}, at + 1
  while true do
    local stop = text:find('["\\]', begun) or fail(at)
    parts[#parts + 1] = text:sub(begun, stop - 1)
    if text:sub(stop, stop) == '"' then
      return table.concat(parts), stop + 1
    end
    local letter = text:sub(stop + 1, stop + 1)
    begun = stop + 2
    if letter == "u" then
      local code = tonumber(text:sub(begun, begun + 3), 16) or fail(stop)
      begun = begun + 4
      local low = code >= 0xD800 and code < 0xDC00 and text:match("^\\u(%x%x%x%x)", begun)
      if low then -- two of them make one letter
        code = 0x10000 + (code - 0xD800) * 0x400 + (tonumber(low, 16) - 0xDC00)
        begun = begun + 6
      end
      parts[#parts + 1] = utf8_of(code)
    else
      parts[#parts + 1] = letters[letter] or letter
    end
  end
end

local function list_at(text, at)
  local list = json.array()
  at = skip(text, at + 1)
  if text:sub(at, at) == "]" then
    return list, at + 1
  end
  while true do
    list[#list + 1], at = decode(text, at)
    at = skip(text, at)
    local sign = text:sub(at, at)
    if sign == "]" then
      return list, at + 1
    elseif sign ~= "," then
      fail(at)
    end
    at = skip(text, at + 1)
  end
end

local function object_at(text, at)
  local object, key = {}, nil
  at = skip(text, at + 1)
  if text:sub(at, at) == "}" then
    return object, at + 1
  end
  while true do
    if text:sub(at, at) ~= '"' then
      fail(at)
    end
    key, at = text_at(text, at)
    at = skip(text, at)
    if text:sub(at, at) ~= ":" then
      fail(at)
    end
    object[key], at = decode(text, skip(text, at + 1))
    at = skip(text, at)
    local sign = text:sub(at, at)
    if sign == "}" then
      return object, at + 1
    elseif sign ~= "," then
      fail(at)
    end
    at = skip(text, at + 1)
  end
end

local words = { ["true"] = true, ["false"] = false }

function decode(text, at)
  local sign = text:sub(at, at)
  if sign == '"' then
    return text_at(text, at)
  elseif sign == "[" then
    return list_at(text, at)
  elseif sign == "{" then
    return object_at(text, at)
  end
  local word = text:match("^[%w%.%+%-]+", at) or fail(at)
  if word == "null" then
    return nil, at + 4
  elseif words[word] ~= nil then
    return words[word], at + #word
  end
  return tonumber(word) or fail(at), at + #word
end

--- A value as JSON text.
json.encode = encode

--- The value of a JSON text; raises {host = sentence} where it is none.
function json.decode(text)
  local at = skip(text, 1)
  local value, stop = decode(text, at)
  if skip(text, stop) <= #text then
    fail(stop)
  end
  return value
end

return json
