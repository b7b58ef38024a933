-- What Resolve answers, checked, as answers.py does it: an answer of nothing is asked for once more, and what a write
-- answers is never believed. Methods are named beside their object, so that a test can hold them against the contract.
local answers = {}

--- Raise what is to be said to the user.
function answers.refuse(sentence)
  error({ host = sentence }, 0)
end

local refuse = answers.refuse

--- What is said of an error: ours as it is; a text of Lua's in our words; nil for what must go on as it is.
function answers.sentence(failure)
  if type(failure) == "table" and failure.host then
    return failure.host
  elseif type(failure) == "string" then
    return "DaVinci Resolve answered with an error (" .. failure .. ")"
  end
  return nil
end

local function is_nothing(answer)
  return answer == nil or answer == false or answer == "" or (type(answer) == "table" and next(answer) == nil)
end

--- What the method answers, asked once only: for writes that must not happen twice.
function answers.tell(object, method, ...)
  local call = object[method]
  if call == nil then
    refuse("this version of DaVinci Resolve is too old: 18.5 is the first that will do")
  end
  return call(object, ...)
end

local tell = answers.tell

--- What the method answers; asked once more where it is nil, false or empty.
function answers.ask(object, method, ...)
  local answer = tell(object, method, ...)
  if is_nothing(answer) then
    answer = tell(object, method, ...)
  end
  return answer
end

local ask = answers.ask

--- An object.
function answers.some(object, method, what, ...)
  local answer = ask(object, method, ...)
  if is_nothing(answer) then
    refuse("DaVinci Resolve does not give " .. what)
  end
  return answer
end

--- A whole number.
function answers.whole(object, method, what, ...)
  local answer = ask(object, method, ...)
  if type(answer) ~= "number" or answer ~= math.floor(answer) then
    refuse("DaVinci Resolve does not tell " .. what)
  end
  return answer
end

--- A text; it may be empty.
function answers.text(object, method, what, ...)
  local answer = ask(object, method, ...)
  if type(answer) ~= "string" then
    refuse("DaVinci Resolve does not tell " .. what)
  end
  return answer
end

--- A list.
function answers.listed(object, method, what, ...)
  local answer = ask(object, method, ...)
  if type(answer) ~= "table" then
    refuse("DaVinci Resolve does not list " .. what)
  end
  return answer
end

--- A table; empty where there is none.
function answers.mapping(object, method, ...)
  local answer = ask(object, method, ...)
  return type(answer) == "table" and answer or {}
end

--- Yes or no.
function answers.yes(object, method, what, ...)
  local answer = ask(object, method, ...)
  if type(answer) ~= "boolean" then
    refuse("DaVinci Resolve does not tell whether " .. what)
  end
  return answer
end

--- Whether this version has the method.
function answers.offered(object, method)
  return object[method] ~= nil
end

--- Do `work`, then `back` however it ended, even if the user stops the script just then.
function answers.finally(work, back)
  local done, value = pcall(work)
  local returned, failure = pcall(back)
  if not returned then
    back()
    error(failure, 0)
  end
  if not done then
    error(value, 0)
  end
  return value
end

return answers
