-- Putting a plan on the timeline, read back, all of it or nothing; as writing.py does it.
local part = ...
local answers, journal, json = part("answers"), part("journal"), part("json")
local opened, rates, sweeping = part("opened"), part("rates"), part("sweeping")
local ask, listed, tell, text, whole = answers.ask, answers.listed, answers.tell, answers.text, answers.whole

local writing = {}
local CLIP_COLOR, MARKER_COLOR, TRIES = "Violet", "Purple", 4
local short = { video = 0, audio = 2 } -- frames that may be missing at the end
local MEDIA_TYPES = { video = 1, audio = 2 }

local function has(names, name)
  for _, one in ipairs(names) do
    if one == name then
      return true
    end
  end
  return false
end

local function note(work)
  journal.put(work.book, work.entry)
end

local function each_placement(plan)
  local all = {}
  for _, track in ipairs(plan.tracks) do
    for _, placement in ipairs(track.placements) do
      all[#all + 1] = placement
    end
  end
  return all
end

local function find_sounds(work, seen, marked)
  local timeline, by_key, before = work.here.timeline, {}, {}
  for _, one in ipairs(seen) do
    if one.medium == "audio" and one.key ~= "" then
      by_key[one.key] = one
    end
  end
  for _, found in ipairs(marked) do
    for _, one in ipairs(found.mark.silenced) do
      before[one.key] = true
    end
  end
  for key, tag in pairs(work.plan.silence) do
    local one = by_key[key]
    local plays = one and answers.yes(one.item, "GetClipEnabled", "a clip is switched on")
    if plays and answers.yes(timeline, "GetIsTrackLocked", "a track is locked", "audio", one.track) then
      local name = text(timeline, "GetTrackName", "a track's name", "audio", one.track)
      work.notes[#work.notes + 1] = "the audio track " .. name .. " is locked: its original sound plays on beside the dub"
    elseif one and (plays or before[key]) then
      local silenced = { key = key, start = one.start, track = one.track }
      work.told[tag] = work.told[tag] or json.array()
      table.insert(work.told[tag], silenced)
      if plays then
        table.insert(work.entry.silenced, silenced)
      end
    end
  end
end

local function prepare(work)
  local here, plan = work.here, work.plan
  for _, track in ipairs(plan.tracks) do
    if has(opened.track_names(here, track.medium), track.name) then
      answers.refuse("there is a track '" .. track.name .. "' already; rename it and try again")
    end
  end
  local seen = opened.walk(here)
  local marked, replaced = opened.ours(seen), {}
  for _, found in ipairs(marked) do
    if has(plan.replaces, found.mark.tag) then
      replaced[#replaced + 1] = found.one
    end
  end
  sweeping.locked_tracks(here, replaced)
  find_sounds(work, seen, marked)
  local folder = sweeping.find_bin(here)
  work.entry.bin_made = folder == nil
  for _, media in ipairs(folder and sweeping.clips_in(folder) or {}) do
    table.insert(work.entry.kept, tostring(ask(media, "GetUniqueId")))
  end
end

local function add_track(work, track)
  local timeline, medium = work.here.timeline, track.medium
  local count = #opened.track_names(work.here, medium)
  work.entry.adding = json.array({ medium, count })
  note(work)
  if medium == "audio" then
    tell(timeline, "AddTrack", medium, "stereo")
  else
    tell(timeline, "AddTrack", medium)
  end
  local number = whole(timeline, "GetTrackCount", "how many tracks there are", medium)
  if number ~= count + 1 or #listed(timeline, "GetItemListInTrack", "the new track", medium, number) > 0 then
    answers.refuse("no " .. medium .. " track can be added")
  end
  ask(timeline, "SetTrackName", medium, number, track.name)
  if ask(timeline, "GetTrackName", medium, number) ~= track.name then
    answers.refuse("the new " .. medium .. " track cannot be named")
  end
  work.entry.adding = json.array()
  note(work)
  return number
end

local function lying_at(here, medium, number, start)
  for _, one in ipairs(opened.lying_on(here, medium, number)) do
    if one.start == start then
      return one
    end
  end
  return nil
end

-- Which frame endFrame names changed with version 19, and frames are counted at the file's rate: so the length is read
-- back, and what is missing added. Of a sound whose frames are longer than the timeline's, less than one may be missing
-- at the end, where one more is too many.
local function append(work, media, medium, number, placement)
  local here = work.here
  local rate = rates.exact(ask(media, "GetClipProperty", "FPS")) or here.rate
  local own = rates.number(rates.over(rate, here.rate)) -- frames of the file in one of the timeline
  local frames = rates.over(rates.times({ placement.frames, 1 }, rate), here.rate)
  local stop = math.ceil(frames[1] / frames[2]) - (opened.since(here, 19, 0, 0) and 0 or 1)
  local longer = false
  for _ = 1, TRIES do
    tell(here.pool, "AppendToTimeline", {
      {
        mediaPoolItem = media,
        startFrame = 0,
        endFrame = stop,
        mediaType = MEDIA_TYPES[medium],
        trackIndex = number,
        recordFrame = here.start + placement.start,
      },
    })
    local one = lying_at(here, medium, number, placement.start)
    local missing = one and placement.start + placement.frames - one.stop or 0
    longer = longer or missing < 0
    if one and one.key ~= "" and (missing == 0 or (longer and medium == "audio" and missing > 0 and missing * own < 1)) then
      return one.item
    elseif one then
      ask(here.timeline, "DeleteClips", { one.item }, false)
      if lying_at(here, medium, number, placement.start) then
        break
      end
      local step = math.floor(math.abs(missing) * own + 0.5)
      stop = stop + (missing > 0 and math.max(1, step) or missing < 0 and -math.max(1, step) or 0)
    end
  end
  answers.refuse(placement.path .. ": DaVinci Resolve does not put it on the timeline as it is")
end

local function is_marked(item, mark)
  local found = opened.mark_of(item)
  return found ~= nil and opened.mark_text(found) == opened.mark_text(mark)
end

local function mark_it(item, mark, placement)
  for _ = 1, 2 do
    if not is_marked(item, mark) then
      tell(item, "AddMarker", 0, MARKER_COLOR, "dubkit", placement.name, 1, opened.mark_text(mark))
    end
  end
  if not is_marked(item, mark) then
    answers.refuse(placement.path .. ": its clip cannot be marked as ours")
  end
  ask(item, "SetClipColor", CLIP_COLOR)
  if answers.offered(item, "SetName") then
    ask(item, "SetName", placement.name)
  end
end

local function silence(work)
  local seen = #work.entry.silenced > 0 and opened.walk(work.here) or {}
  for _, silenced in ipairs(work.entry.silenced) do
    local one = opened.found(silenced, seen)
    if one then
      ask(one.item, "SetClipEnabled", false)
      if answers.yes(one.item, "GetClipEnabled", "a clip is switched on") then
        answers.refuse("the original sound cannot be switched off")
      end
    end
  end
end

local function check(work)
  for _, track in ipairs(work.plan.tracks) do
    local there = {}
    for number, name in ipairs(opened.track_names(work.here, track.medium)) do
      if name == track.name then
        there = opened.lying_on(work.here, track.medium, number)
      end
    end
    local same = #there == #track.placements
    for index, one in ipairs(there) do
      local wanted = track.placements[index]
      local mark = opened.mark_of(one.item)
      local missing = wanted and wanted.start + wanted.frames - one.stop
    local right = wanted and one.start == wanted.start and missing >= 0 and missing <= short[track.medium]
      same = same and right and one.key ~= "" and mark ~= nil and mark.tag == wanted.tag
    end
    if not same then
      answers.refuse("the track '" .. track.name .. "' does not hold what was put on it")
    end
  end
end

local function write(work)
  local media = sweeping.import_files(work.here, work.entry.paths)
  for _, medium in ipairs({ "audio", "video" }) do
    for _, track in ipairs(work.plan.tracks) do
      if track.medium == medium then
        local number = add_track(work, track)
        for _, placement in ipairs(track.placements) do
          local item = append(work, media[placement.path], medium, number, placement)
          local silenced = work.told[placement.tag] or json.array()
          work.told[placement.tag] = nil
          mark_it(item, { tag = placement.tag, track = track.name, silenced = silenced }, placement)
        end
      end
    end
  end
  silence(work)
  check(work)
  tell(work.here.manager, "SaveProject")
  check(work) -- what Resolve could not really take vanishes when the project is saved
end

local function undo(work)
  local left = sweeping.take_away(work.here, work.entry)
  if #left == 0 then
    journal.drop(work.book, work.entry.tag)
  end
  return left
end

local function finish(work)
  if #work.plan.replaces > 0 then
    local done, failure = pcall(sweeping.remove_tags, work.here, work.plan.replaces, work.book)
    if not done then
      local sentence = answers.sentence(failure) or error(failure, 0)
      answers.refuse("the new dub is in place, but the one before it is not removed: " .. sentence)
    end
  end
  journal.drop(work.book, work.entry.tag)
end

local function entry_of(here, plan)
  local entry = journal.entry("placing", plan.tag, here, { plan.tag })
  for index, track in ipairs(plan.tracks) do
    entry.tracks[index] = json.array({ track.medium, track.name })
  end
  for _, placement in ipairs(each_placement(plan)) do
    if not has(entry.paths, placement.path) then
      table.insert(entry.paths, placement.path)
    end
  end
  entry.replaces = json.array(plan.replaces)
  return entry
end

--- Place everything, then remove what it replaces; what the user should know.
function writing.place(here, plan, book)
  local work = { here = here, plan = plan, book = book, notes = {}, told = {}, entry = entry_of(here, plan) }
  prepare(work)
  note(work)
  local done, failure = pcall(function()
    opened.on_edit_page(here, function()
      write(work)
    end)
    work.entry.stage = "placed"
    note(work)
  end)
  if not done then
    work.entry.stage = "placing"
    local left = undo(work)
    local sentence = answers.sentence(failure) or error(failure, 0)
    if #left > 0 then
      local words = table.concat(left, ", ")
      answers.refuse(sentence .. "; could not be taken back: " .. words .. "; it is tried again the next time")
    end
    answers.refuse(sentence .. "; the timeline is as it was")
  end
  finish(work)
  return work.notes
end

return writing
