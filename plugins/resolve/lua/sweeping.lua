-- Our bin, and taking away: what a placement added before it failed, what a killed run left, what the user no longer
-- wants; as media_bin.py and sweeping.py do it.
local part = ...
local answers, journal, json, opened = part("answers"), part("journal"), part("json"), part("opened")
local ask, listed, some, tell, text = answers.ask, answers.listed, answers.some, answers.tell, answers.text

local sweeping = { bin = "dubkit" }
local ATTEMPTS = 4

--- Our bin; nil where there is none.
function sweeping.find_bin(here)
  local root = some(here.pool, "GetRootFolder", "the master bin")
  for _, folder in ipairs(listed(root, "GetSubFolderList", "the bins")) do
    if text(folder, "GetName", "a bin's name") == sweeping.bin then
      return folder
    end
  end
  return nil
end

--- What lies in a bin.
function sweeping.clips_in(folder)
  return listed(folder, "GetClipList", "what is in our bin")
end

local function contains(list, value)
  for _, one in ipairs(list) do
    if one == value then
      return true
    end
  end
  return false
end

local function among(paths, path)
  for _, one in ipairs(paths) do
    if opened.same_file(one, path) then
      return true
    end
  end
  return false
end

local function open_bin(here, wanted, key)
  local pool = here.pool
  for _ = 1, 2 do
    local folder = some(pool, "GetCurrentFolder", "the bin that is open")
    if text(folder, "GetUniqueId", "which bin is open") == key then
      return
    end
    ask(pool, "SetCurrentFolder", wanted)
  end
  answers.refuse("a bin of the media pool cannot be opened")
end

local function imported(folder, path)
  for _, media in ipairs(sweeping.clips_in(folder)) do
    if opened.same_file(opened.file_of(media), path) then
      return media
    end
  end
  return nil
end

--- Each path's clip in our bin, which is made where it is missing.
function sweeping.import_files(here, paths)
  local pool = here.pool
  local folder = sweeping.find_bin(here)
  local current = some(pool, "GetCurrentFolder", "the bin that is open")
  local key = text(current, "GetUniqueId", "which bin is open")
  return answers.finally(function()
    if not folder then
      tell(pool, "AddSubFolder", some(pool, "GetRootFolder", "the master bin"), sweeping.bin)
      folder = sweeping.find_bin(here) or answers.refuse("no bin can be added to the media pool")
    end
    open_bin(here, folder, text(folder, "GetUniqueId", "which bin is ours"))
    tell(pool, "ImportMedia", paths)
    local found = {}
    for _, path in ipairs(paths) do
      local media = imported(folder, path)
      if not media then
        tell(pool, "ImportMedia", { path })
        media = imported(folder, path)
      end
      found[path] = media or answers.refuse(path .. ": DaVinci Resolve does not import it")
    end
    return found
  end, function()
    open_bin(here, current, key)
  end)
end

local function remove_files(here, entry)
  local pool = here.pool
  local folder = sweeping.find_bin(here)
  if not folder then
    return false
  end
  local clips, gone = sweeping.clips_in(folder), {}
  for _, media in ipairs(clips) do
    if not contains(entry.kept, ask(media, "GetUniqueId")) then
      local path = opened.file_of(media)
      if path == "" then
        answers.refuse("DaVinci Resolve does not tell what is in our bin")
      elseif among(entry.paths, path) then
        gone[#gone + 1] = media
      end
    end
  end
  if #gone > 0 then
    ask(pool, "DeleteClips", gone)
    return true
  end
  if entry.bin_made and #clips == 0 and #listed(folder, "GetSubFolderList", "the bins") == 0 then
    ask(pool, "DeleteFolders", { folder })
    return true
  end
  return false
end

local function of(entry, one)
  local mark = opened.mark_of(one.item)
  if mark then
    return journal.covers(entry, mark.tag)
  end
  local path = #entry.paths > 0 and opened.file_of(ask(one.item, "GetMediaPoolItem")) or ""
  return path ~= "" and among(entry.paths, path)
end

local function is_track_of(entry, medium, name)
  for _, track in ipairs(entry.tracks) do
    if track[1] == medium and track[2] == name then
      return true
    end
  end
  return false
end

local function drop_tracks(here, entry, left)
  local timeline = here.timeline
  for _, medium in ipairs(opened.media) do
    local names = opened.track_names(here, medium)
    for number = #names, 1, -1 do
      local name = names[number]
      local last = entry.adding[1] == medium and entry.adding[2] == #names - 1 and number == #names
      if last or is_track_of(entry, medium, name) then
        local what = medium .. " track " .. number
        if #listed(timeline, "GetItemListInTrack", what, medium, number) == 0 then
          left[#left + 1] = medium .. " track " .. name
          -- One wrong "yes" would take a track of the user's: it is never told twice without a look in between.
          tell(timeline, "DeleteTrack", medium, number)
        end
      end
    end
  end
end

local function switch_on(here, silenced, left)
  if #silenced == 0 then
    return
  end
  local seen = opened.walk(here)
  for _, one in ipairs(silenced) do
    local clip = opened.found(one, seen)
    if clip and not answers.yes(clip.item, "GetClipEnabled", "a clip is switched on") then
      left[#left + 1] = "a sound clip that is switched off"
      ask(clip.item, "SetClipEnabled", true)
    end
  end
end

local function pass(here, entry)
  local left, found = {}, {}
  for _, one in ipairs(opened.walk(here)) do
    if of(entry, one) then
      found[#found + 1] = one.item
    end
  end
  if #found > 0 then
    left[1] = #found .. " clips"
    ask(here.timeline, "DeleteClips", found, false)
  end
  drop_tracks(here, entry, left)
  switch_on(here, entry.silenced, left)
  if #entry.paths > 0 and #left == 0 and remove_files(here, entry) then
    left[1] = "media in the bin dubkit"
  end
  return left
end

--- Take away what the entry tells of, until none of it is found; what is left, in words.
function sweeping.take_away(here, entry)
  local left = {}
  for _ = 1, ATTEMPTS do
    local done, answer = pcall(opened.on_edit_page, here, function()
      return pass(here, entry)
    end)
    if done then
      left = answer
    else
      left = { answers.sentence(answer) or error(answer, 0) }
    end
    if #left == 0 then
      break
    end
  end
  return left
end

--- Make sure that the clips can be deleted: refuses where one lies on a locked track.
function sweeping.locked_tracks(here, clips)
  local timeline = here.timeline
  for _, one in ipairs(clips) do
    if answers.yes(timeline, "GetIsTrackLocked", "a track is locked", one.medium, one.track) then
      local name = text(timeline, "GetTrackName", "a track's name", one.medium, one.track)
      answers.refuse("the " .. one.medium .. " track " .. name .. " is locked; unlock it and try again")
    end
  end
end

local function removal(here, tags, going, staying)
  local entry = journal.entry("removing", tags[1], here, tags)
  local needed, known = {}, {}
  for _, found in ipairs(staying) do
    for _, one in ipairs(found.mark.silenced) do
      needed[one.key] = true
    end
  end
  for _, found in ipairs(going) do
    if not is_track_of(entry, found.one.medium, found.mark.track) then
      entry.tracks[#entry.tracks + 1] = json.array({ found.one.medium, found.mark.track })
    end
    for _, one in ipairs(found.mark.silenced) do
      if not needed[one.key] and not known[one.key] then
        known[one.key] = true
        entry.silenced[#entry.silenced + 1] = one
      end
    end
  end
  return entry
end

--- Remove what carries one of the tags; how many clips that were.
function sweeping.remove_tags(here, tags, book)
  local wanted, going, staying, clips = { tags = tags }, {}, {}, {}
  for _, found in ipairs(opened.ours(opened.walk(here))) do
    if journal.covers(wanted, found.mark.tag) then
      going[#going + 1], clips[#clips + 1] = found, found.one
    else
      staying[#staying + 1] = found
    end
  end
  if #going == 0 then
    return 0
  end
  sweeping.locked_tracks(here, clips)
  local entry = removal(here, tags, going, staying)
  journal.put(book, entry)
  local done, left = pcall(sweeping.take_away, here, entry)
  if not done then
    if #sweeping.take_away(here, entry) == 0 then -- the user wants to stop, but never with half a dub
      journal.drop(book, entry.tag)
    end
    error(left, 0)
  end
  if #left > 0 then
    answers.refuse("not everything could be removed: " .. table.concat(left, ", ") .. "; try again")
  end
  journal.drop(book, entry.tag)
  return #going
end

return sweeping
