-- The project and the timeline that are open, what lies on it, and what of it is ours; as opened.py and marks.py do it.
local part = ...
local answers, json, rates = part("answers"), part("json"), part("rates")
local ask, listed, some, text, whole = answers.ask, answers.listed, answers.some, answers.text, answers.whole

local opened = { media = { "video", "audio" } }

local function old(version)
  return version[1] < 18 or (version[1] == 18 and version[2] < 5)
end

--- Whether the version is at least this one.
function opened.since(here, major, minor, patch)
  local version = here.version
  if version[1] ~= major then
    return version[1] > major
  elseif version[2] ~= minor then
    return version[2] > minor
  end
  return version[3] >= patch
end

local function find_timeline(project, key)
  if key == "" then
    return some(project, "GetCurrentTimeline", "an open timeline; open one")
  end
  for index = 1, whole(project, "GetTimelineCount", "its timelines") do
    local timeline = some(project, "GetTimelineByIndex", "one of its timelines", index)
    if text(timeline, "GetUniqueId", "which timeline is which") == key then
      return timeline
    end
  end
  error({ host = "the timeline that was dubbed is no longer in this project", gone = true }, 0)
end

--- The open project, with the timeline of that key, or the one that is open.
function opened.project(resolve, key)
  local told = listed(resolve, "GetVersion", "its version")
  local version = { tonumber(told[1]), tonumber(told[2]), tonumber(told[3]) }
  if #version ~= 3 then
    answers.refuse("DaVinci Resolve does not tell its version")
  elseif old(version) then
    answers.refuse("DaVinci Resolve " .. table.concat(version, ".") .. " is too old: 18.5 is the first that will do")
  end
  local manager = some(resolve, "GetProjectManager", "its project manager")
  local project = some(manager, "GetCurrentProject", "an open project; open one")
  local pool = some(project, "GetMediaPool", "the media pool")
  local timeline = find_timeline(project, key)
  local setting = some(timeline, "GetSetting", "the timeline's frame rate", "timelineFrameRate")
  local rate, drop = rates.parse(setting)
  if not rate then
    answers.refuse("the timeline's frame rate, " .. tostring(setting) .. ", is not understood")
  end
  return {
    resolve = resolve,
    manager = manager,
    project = project,
    pool = pool,
    timeline = timeline,
    version = version,
    rate = rate,
    drop = drop,
    project_key = text(project, "GetUniqueId", "which project is open"),
    key = text(timeline, "GetUniqueId", "which timeline is open"),
    start = whole(timeline, "GetStartFrame", "the timeline's first frame"),
  }
end

--- Names of the tracks of a medium, the lowest first.
function opened.track_names(here, medium)
  local timeline, names = here.timeline, {}
  for number = 1, whole(timeline, "GetTrackCount", "how many tracks there are", medium) do
    names[number] = text(timeline, "GetTrackName", "a track's name", medium, number)
  end
  return names
end

local function show(project, wanted, key)
  for _ = 1, 2 do
    local timeline = some(project, "GetCurrentTimeline", "an open timeline; open one")
    if text(timeline, "GetUniqueId", "which timeline is open") == key then
      return
    end
    ask(project, "SetCurrentTimeline", wanted)
  end
  answers.refuse("the timeline cannot be opened; open it and try again")
end

--- Do `work` with the Edit page and the timeline open, which writes need; then go back to what was open before.
function opened.on_edit_page(here, work)
  local resolve, project = here.resolve, here.project
  local page = ask(resolve, "GetCurrentPage")
  local timeline = some(project, "GetCurrentTimeline", "an open timeline; open one")
  local before = text(timeline, "GetUniqueId", "which timeline is open")
  return answers.finally(function()
    if page ~= "edit" then
      ask(resolve, "OpenPage", "edit")
      if ask(resolve, "GetCurrentPage") ~= "edit" then
        answers.refuse("the Edit page cannot be opened; open it and try again")
      end
    end
    show(project, here.timeline, here.key)
    return work()
  end, function()
    if before ~= here.key then
      show(project, timeline, before)
    end
    if type(page) == "string" and page ~= "edit" then
      ask(resolve, "OpenPage", page)
    end
  end)
end

--- What is written on a clip of ours: tag, track, silenced; nil where it is not ours.
function opened.mark_of(item)
  for _, marker in pairs(answers.mapping(item, "GetMarkers")) do
    local custom = type(marker) == "table" and marker.customData
    local read, mark = pcall(json.decode, type(custom) == "string" and custom or "")
    if read and type(mark) == "table" and type(mark.tag) == "string" and mark.tag:match("^dubkit/1/[^/]+/[^/]+") then
      if type(mark.track) == "string" and type(mark.silenced) == "table" then
        return mark
      end
    end
  end
  return nil
end

--- A mark as a marker's custom data.
function opened.mark_text(mark)
  return json.encode({ dubkit = 1, tag = mark.tag, track = mark.track, silenced = json.array(mark.silenced) })
end

--- Every clip of a track, in order: item, key, medium, track, start, stop (frames from the timeline's first, half-open).
function opened.lying_on(here, medium, number)
  local timeline, found = here.timeline, {}
  local what = medium .. " track " .. number
  for _, item in ipairs(listed(timeline, "GetItemListInTrack", what, medium, number)) do
    local start = whole(item, "GetStart", "where a clip starts") - here.start
    local length = whole(item, "GetDuration", "how long a clip is")
    local key = ask(item, "GetUniqueId")
    found[#found + 1] = {
      item = item,
      key = type(key) == "string" and key or "",
      medium = medium,
      track = number,
      start = start,
      stop = start + length,
    }
  end
  table.sort(found, function(one, other)
    return one.start < other.start
  end)
  return found
end

--- Every clip of the timeline, track by track.
function opened.walk(here)
  local seen = {}
  for _, medium in ipairs(opened.media) do
    for number = 1, whole(here.timeline, "GetTrackCount", "how many tracks there are", medium) do
      for _, one in ipairs(opened.lying_on(here, medium, number)) do
        seen[#seen + 1] = one
      end
    end
  end
  return seen
end

--- The clips that are ours, each with its mark.
function opened.ours(seen)
  local found = {}
  for _, one in ipairs(seen) do
    local mark = opened.mark_of(one.item)
    if mark then
      found[#found + 1] = { one = one, mark = mark }
    end
  end
  return found
end

--- The file behind a clip of the media pool; empty where there is none.
function opened.file_of(media)
  local path = media and ask(media, "GetClipProperty", "File Path")
  return type(path) == "string" and path or ""
end

local function plain(path)
  local one = path:gsub("\\", "/"):gsub("/+", "/")
  return one:match("^%a:") and one:lower() or one
end

--- Whether two paths name one file, though Windows writes them otherwise.
function opened.same_file(one, other)
  return plain(one) == plain(other)
end

--- A silenced clip, if it is still there: by its key, or where it lay.
function opened.found(silenced, seen)
  local there = nil
  for _, one in ipairs(seen) do
    if one.medium == "audio" then
      if one.key == silenced.key then
        return one
      elseif one.start == silenced.start and one.track == silenced.track then
        there = there or one
      end
    end
  end
  return there
end

return opened
