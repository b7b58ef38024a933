-- What the entries of Resolve's menu do: the order is written, the Python in which dubkit is does the work, and what comes
-- of it is put on the timeline. Fusion's windows are not needed: settings come from a file, messages go to the console.
local part, folder_of_parts = ...
local answers, host, json = part("answers"), part("host"), part("json")

local menu = {}
local windows = package.config:sub(1, 1) == "\\"

--- Where our settings and jobs are, as settings.py has it.
function menu.own_folder()
  local home = os.getenv("HOME") or os.getenv("USERPROFILE") or "."
  if windows then
    return (os.getenv("LOCALAPPDATA") or home .. "/AppData/Local") .. "/dubkit/resolve"
  end
  local library = home .. "/Library/Application Support"
  local mac = jit and jit.os == "OSX"
  return (mac and library or os.getenv("XDG_DATA_HOME") or home .. "/.local/share") .. "/dubkit/resolve"
end

--- A word of a command line, whatever letters it has.
function menu.quoted(word)
  if windows then
    return '"' .. word:gsub("/", "\\") .. '"'
  end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local quoted = menu.quoted

local function content(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("*a")
  file:close()
  return text
end

local function document(path)
  local text = content(path)
  local read, value = pcall(json.decode, text or "")
  if not text then
    return nil
  elseif not read or type(value) ~= "table" then
    answers.refuse(path .. ": is damaged")
  end
  return value
end

local function make_folder(path)
  if windows then
    os.execute('if not exist ' .. quoted(path) .. ' mkdir ' .. quoted(path))
  else
    os.execute("mkdir -p " .. quoted(path))
  end
end

local function write(path, text)
  local file, reason = io.open(path, "wb")
  if not file then
    answers.refuse(path .. ": cannot be written (" .. tostring(reason) .. ")")
  end
  file:write(text)
  file:close()
end

local function program(own)
  local settings = document(own .. "/settings.json") or {}
  local installed = document(folder_of_parts .. "/../../bridge/installed.json") or {}
  local python = settings.python or ""
  if python == "" or python:match("[^/\\]*$"):lower():find("^dubkit") then -- the command is no Python
    python = installed.python
  end
  if not python then
    answers.refuse("no Python with dubkit is known; run `dubkit plugin install resolve` in it")
  end
  return python
end

--- The command line that starts a program clean of the editor's surroundings; messages of both kinds come back.
function menu.command(words)
  local line = {}
  for index, word in ipairs(words) do
    line[index] = quoted(word)
  end
  if windows then
    return '"' .. table.concat(line, " ") .. ' 2>&1"'
  end
  local own = { "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "PYTHONHOME", "PYTHONPATH" }
  return "env -u " .. table.concat(own, " -u ") .. " " .. table.concat(line, " ") .. " 2>&1"
end

local function worked(own, say)
  local answer_path = own .. "/plan.json"
  os.remove(answer_path)
  local desk = folder_of_parts .. "/../desk.py"
  local pipe = io.popen(menu.command({ program(own), "-E", "-X", "utf8", desk, own .. "/order.json" }))
  local last = ""
  for line in pipe:lines() do
    if line ~= "" then
      last = line
      say(line)
    end
  end
  pipe:close()
  local answer = document(answer_path)
  if not answer then
    answers.refuse("dubkit ended without a word: " .. last)
  elseif answer.error then
    answers.refuse(answer.error)
  end
  return answer
end

local function dub(here, own, say)
  for _, note in ipairs(host.cautions(here)) do
    say(note)
  end
  local order = {
    host = host.name(here),
    timeline = host.timeline(here),
    clips = json.array(host.selection(here)),
    placed = json.array(host.placed(here)),
  }
  write(own .. "/order.json", json.encode(order))
  local answer = worked(own, say)
  for _, note in ipairs(host.place(here, answer.plan)) do
    say(note)
  end
  for _, note in ipairs(answer.notes) do
    say(note)
  end
  return "the dub is in place, on new tracks"
end

local function remove(here, own)
  local settings = document(own .. "/settings.json") or {}
  local tags, known = json.array(), {}
  for _, one in ipairs(host.placed(here)) do
    if one.tag:match("^dubkit/1/([^/]+)/") == settings.language and not known[one.tag] then
      known[one.tag] = true
      tags[#tags + 1] = one.tag
    end
  end
  return host.remove(here, tags) .. " clips were removed"
end

local function done(action, resolve, own, say)
  make_folder(own .. "/jobs")
  if action == "cancel" then
    local order = menu.command({ program(own), "-E", "-X", "utf8", folder_of_parts .. "/../desk.py", "--cancel", own })
    os.execute(order)
    return "the dub is asked to stop"
  elseif not resolve then
    answers.refuse("DaVinci Resolve gives this script no access")
  end
  local here = host.connect(resolve, own .. "/jobs")
  for _, note in ipairs(host.clean_up(here)) do
    say(note)
  end
  return action == "remove" and remove(here, own) or dub(here, own, say)
end

--- Do "dub", "remove" or "cancel" and say in the console what came of it; whether it went well, and what was said last.
function menu.run(action, resolve)
  local function say(line)
    print("dubkit: " .. line)
  end
  local went, answer = pcall(done, action, resolve, menu.own_folder(), say)
  local sentence = went and answer or answers.sentence(answer) or error(answer, 0)
  say(sentence)
  return went, sentence
end

return menu
