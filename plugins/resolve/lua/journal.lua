-- What is being written to a timeline, kept beside the jobs, in the same file and the same words as journal.py.
local part = ...
local answers, json = part("answers"), part("json")

local journal = {}
local FILE = "resolve-journal.json"

--- The journal in that folder.
function journal.at(folder)
  return { path = folder .. "/" .. FILE }
end

--- What is under way, or was when its run was killed.
function journal.entries(here)
  local file = io.open(here.path, "rb") or io.open(here.path .. ".old", "rb")
  if not file then
    return {}
  end
  local content = file:read("*a")
  file:close()
  local read, document = pcall(json.decode, content)
  if not read or type(document) ~= "table" or type(document.entries) ~= "table" then
    answers.refuse(here.path .. ": is damaged; move it away, and look for half a dub")
  end
  return document.entries
end

local function write(here, entries)
  if #entries == 0 then
    os.remove(here.path .. ".old")
    os.remove(here.path)
    return
  end
  local part_path = here.path .. ".part"
  local file, reason = io.open(part_path, "wb")
  if not file then
    answers.refuse(here.path .. ": cannot be written (" .. tostring(reason) .. ")")
  end
  file:write(json.encode({ version = 1, entries = json.array(entries) }))
  file:close()
  if not os.rename(part_path, here.path) then -- Windows does not put a file in the place of another
    os.remove(here.path .. ".old")
    os.rename(here.path, here.path .. ".old")
    if not os.rename(part_path, here.path) then
      answers.refuse(here.path .. ": cannot be written")
    end
    os.remove(here.path .. ".old")
  end
end

local function without(here, tag)
  local others = {}
  for _, one in ipairs(journal.entries(here)) do
    if one.tag ~= tag then
      others[#others + 1] = one
    end
  end
  return others
end

--- Note an entry in the place of the one with its tag.
function journal.put(here, entry)
  local entries = without(here, entry.tag)
  entries[#entries + 1] = entry
  write(here, entries)
end

--- Forget the entry with that tag.
function journal.drop(here, tag)
  write(here, without(here, tag))
end

--- An entry with nothing in it yet.
function journal.entry(stage, tag, here, tags)
  return {
    stage = stage,
    tag = tag,
    project = here.project_key,
    timeline = here.key,
    tags = json.array(tags),
    tracks = json.array(),
    paths = json.array(),
    adding = json.array(),
    silenced = json.array(),
    bin_made = false,
    kept = json.array(),
    replaces = json.array(),
  }
end

--- Whether an entry takes away what carries this tag.
function journal.covers(entry, tag)
  for _, one in ipairs(entry.tags) do
    if tag == one or tag:sub(1, #one + 1) == one .. "/" then
      return true
    end
  end
  return false
end

return journal
