-- DaVinci Resolve as the bridge's host, in the Lua of the free edition: what it reads and writes is JSON-ready.
local part = ...
local answers, journal, opened = part("answers"), part("journal"), part("opened")
local reading, sweeping, writing = part("reading"), part("sweeping"), part("writing")

local host = {}

--- A host that stays with the timeline that is open now; `folder` is where jobs are kept.
function host.connect(resolve, folder)
  return { resolve = resolve, key = opened.project(resolve, "").key, book = journal.at(folder) }
end

local function here_of(self)
  return opened.project(self.resolve, self.key)
end

--- Program, edition and version.
function host.name(self)
  local product = answers.text(self.resolve, "GetProductName", "its name")
  return product .. " " .. answers.text(self.resolve, "GetVersionString", "its version")
end

function host.timeline(self)
  return reading.timeline(here_of(self))
end

function host.selection(self)
  return reading.selection(here_of(self))
end

function host.cautions(self)
  return reading.cautions(here_of(self))
end

--- Everything of ours on the timeline.
function host.placed(self)
  local found = {}
  for index, one in ipairs(opened.ours(opened.walk(here_of(self)))) do
    local clip = one.one
    found[index] = { tag = one.mark.tag, medium = clip.medium, start = clip.start, ["end"] = clip.stop }
  end
  return found
end

--- Put everything in the plan on the timeline, or nothing; what the user should know.
function host.place(self, plan)
  return writing.place(here_of(self), plan, self.book)
end

--- Remove what carries one of the tags; how many clips that were.
function host.remove(self, tags)
  return #tags > 0 and sweeping.remove_tags(here_of(self), tags, self.book) or 0
end

local function cleaned(self, entry)
  local there, here = pcall(opened.project, self.resolve, entry.timeline)
  if not there then
    if type(here) ~= "table" or not here.gone then
      error(here, 0)
    end
    journal.drop(self.book, entry.tag)
    return "a dub that was broken off was on a timeline that is gone"
  end
  if entry.stage == "placed" then
    if #entry.replaces > 0 then
      sweeping.remove_tags(here, entry.replaces, self.book)
    end
    journal.drop(self.book, entry.tag)
    return "an earlier dub was replaced"
  end
  local left = sweeping.take_away(here, entry)
  if #left > 0 then
    answers.refuse("what a broken-off run left could not be taken away: " .. table.concat(left, ", "))
  end
  journal.drop(self.book, entry.tag)
  return entry.stage == "placing" and "what a broken-off dub left was taken away" or "a removal was carried through"
end

--- Take away what killed runs left in this project, or carry it through; a sentence for each.
function host.clean_up(self)
  local said, project = {}, here_of(self).project_key
  for _, entry in ipairs(journal.entries(self.book)) do
    if entry.project == project then
      said[#said + 1] = cleaned(self, entry)
    end
  end
  return said
end

return host
