-- The clips the user means, as they are: the same as reading.py does. What cannot be done is refused by the bridge.
local part = ...
local answers, opened, rates = part("answers"), part("opened"), part("rates")
local ask, listed, offered, text, whole = answers.ask, answers.listed, answers.offered, answers.text, answers.whole

local reading = {}

local SELECTING_COLOR = "Lime"
local KINDS = {
  { "multicam", "multicam" },
  { "compound", "compound" },
  { "timeline", "compound" },
  { "fusion", "compound" },
  { "still", "still" },
  { "generator", "generated" },
  { "title", "generated" },
}

--- The timeline in the bridge's words.
function reading.timeline(here)
  local timeline = here.timeline
  local tracks = {}
  for _, medium in ipairs(opened.media) do
    for _, name in ipairs(opened.track_names(here, medium)) do
      tracks[#tracks + 1] = name
    end
  end
  local stop = whole(timeline, "GetEndFrame", "the timeline's end")
  return {
    name = text(timeline, "GetName", "the timeline's name"),
    rate = rates.written(here.rate),
    frames = math.max(0, stop - here.start),
    start_frame = here.start,
    drop = here.drop,
    tracks = part("json").array(tracks),
  }
end

local function shown(item, media)
  local rate = rates.exact(ask(media, "GetClipProperty", "FPS"))
  if not rate or not offered(item, "GetSourceStartFrame") or not offered(item, "GetSourceEndFrame") then
    return nil
  end
  local what = "what a clip shows of its source"
  return whole(item, "GetSourceEndFrame", what) - whole(item, "GetSourceStartFrame", what), rate
end

local function source(here, one)
  local item = one.item
  local length = rates.over({ one.stop - one.start, 1 }, here.rate)
  local media = ask(item, "GetMediaPoolItem")
  if not media then
    return { path = "", kind = "generated", start = { 0, 1 }, stop = length, retimed = false }
  end
  local path = opened.file_of(media)
  local told = tostring(ask(media, "GetClipProperty", "Type") or ""):lower()
  local kind = path ~= "" and "media" or "unknown"
  for index = #KINDS, 1, -1 do
    if told:find(KINDS[index][1], 1, true) then
      kind = KINDS[index][2]
    end
  end
  if path:match("[^/\\]*$"):find("%[%d+%-%d+%]") then
    kind = "image sequence"
  end
  local left = whole(item, "GetLeftOffset", "where a clip starts in its source")
  local start = rates.over({ left, 1 }, here.rate)
  local plain = { path = path, kind = kind, start = start, stop = rates.plus(start, length), retimed = false }
  local frames, rate = shown(item, media)
  if not frames then
    return plain
  end
  if frames == 0 and kind == "media" and one.medium == "video" then
    plain.kind = "unknown"
  end
  local seconds = rates.over({ frames, 1 }, rate)
  if frames == 0 or math.abs(rates.number(rates.minus(seconds, length))) * rates.number(rate) <= 1.5 + 1e-9 then
    return plain
  end
  return { path = path, kind = kind, start = start, stop = rates.plus(start, seconds), retimed = true }
end

-- Not sounds that go on beyond what is taken of the picture: switched off, they would be missed there.
local function sounds(one, seen, path, start, stop)
  local keys, found = {}, {}
  if one.medium ~= "video" then
    return found
  end
  local by_links = offered(one.item, "GetLinkedItems")
  if by_links then
    for _, item in ipairs(listed(one.item, "GetLinkedItems", "what a clip is linked with")) do
      keys[tostring(ask(item, "GetUniqueId"))] = true
    end
  end
  for _, other in ipairs(seen) do
    if other.medium == "audio" and other.start >= start - 1 and other.stop <= stop + 1 then
      local same = not by_links and path ~= "" and other.start == one.start and other.stop == one.stop
      if keys[other.key] or (same and opened.file_of(ask(other.item, "GetMediaPoolItem")) == path) then
        found[#found + 1] = other.key
      end
    end
  end
  return found
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then
    file:close()
  end
  return file ~= nil
end

local function cut(clip, from, to)
  local start, stop = math.max(clip.start, from), math.min(clip.stop, to)
  local speed = rates.over(rates.minus(clip.source_stop, clip.source_start), { clip.stop - clip.start, 1 })
  clip.source_start = rates.plus(clip.source_start, rates.times({ start - clip.start, 1 }, speed))
  clip.source_stop = rates.minus(clip.source_stop, rates.times({ clip.stop - stop, 1 }, speed))
  clip.transition_in = math.max(0, clip.transition_in - (start - clip.start))
  clip.transition_out = math.max(0, clip.transition_out - (clip.stop - stop))
  clip.start, clip.stop = start, stop
end

local function described(here, one, seen, marks)
  local from = source(here, one)
  local clip = {
    key = one.key,
    name = text(one.item, "GetName", "a clip's name"),
    medium = one.medium,
    track = one.track,
    start = one.start,
    stop = one.stop,
    source = from.path,
    source_start = from.start,
    source_stop = from.stop,
    kind = from.kind,
    retimed = from.retimed,
    offline = from.path ~= "" and from.kind == "media" and not exists(from.path),
    transition_in = 0,
    transition_out = 0,
  }
  for _, other in ipairs(seen) do
    if other ~= one and other.medium == one.medium and other.track == one.track then
      if other.start < one.start then
        clip.transition_in = math.max(clip.transition_in, other.stop - one.start)
      elseif other.start > one.start then
        clip.transition_out = math.max(clip.transition_out, one.stop - other.start)
      end
    end
  end
  if marks then
    cut(clip, marks[1], marks[2])
  end
  clip.sounds = part("json").array(sounds(one, seen, from.path, clip.start, clip.stop))
  clip["end"], clip.stop = clip.stop, nil
  clip.source_end, clip.source_stop = rates.written(clip.source_stop), nil
  clip.source_start = rates.written(clip.source_start)
  return clip
end

local function marked_range(here)
  local timeline = here.timeline
  if not offered(timeline, "GetMarkInOut") then
    return nil
  end
  local marks = answers.mapping(timeline, "GetMarkInOut")
  local one = marks.video or marks.audio
  if type(one) ~= "table" or type(one["in"]) ~= "number" or type(one.out) ~= "number" or one["in"] > one.out then
    return nil
  end
  return { one["in"], one.out + 1 }
end

local function only(seen, wanted)
  local found = {}
  for _, one in ipairs(seen) do
    if wanted(one) then
      found[#found + 1] = one
    end
  end
  return found
end

local function chosen(here, seen)
  local timeline = here.timeline
  local keys, any = {}, false
  if offered(timeline, "GetSelectedClips") then
    for _, item in ipairs(listed(timeline, "GetSelectedClips", "the selection")) do
      keys[tostring(ask(item, "GetUniqueId"))], any = true, true
    end
  end
  if any then
    return only(seen, function(one)
      return keys[one.key]
    end)
  end
  local marks = marked_range(here)
  if marks then
    return only(seen, function(one)
      local inside = one.start < marks[2] and marks[1] < one.stop
      return inside and answers.yes(timeline, "GetIsTrackEnabled", "a track is switched on", one.medium, one.track)
    end), marks
  end
  local colored = only(seen, function(one)
    return ask(one.item, "GetClipColor") == SELECTING_COLOR
  end)
  if #colored > 0 then
    return colored
  end
  local item = ask(timeline, "GetCurrentVideoItem")
  local key = item and ask(item, "GetUniqueId") or ""
  return only(seen, function(one)
    return key ~= "" and one.key == key
  end)
end

--- What is selected; else what lies in the marked range; else the clips of a colour; else the clip at the playhead.
function reading.selection(here)
  local seen = opened.walk(here)
  local own = {}
  for _, found in ipairs(opened.ours(seen)) do
    own[found.one] = true
  end
  local others = only(seen, function(one)
    return not own[one]
  end)
  local clips = {}
  local meant, marks = chosen(here, others)
  for index, one in ipairs(meant) do
    clips[index] = described(here, one, others, marks)
  end
  return clips
end

--- What this version cannot tell, for the user to see to.
function reading.cautions(here)
  if opened.since(here, 19, 0, 2) then
    return {}
  end
  return { "before version 19.0.2 DaVinci Resolve does not tell which clips are retimed: do not select such" }
end

return reading
