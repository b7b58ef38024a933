"""Records of every kind, with anything a record may hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dubkit import schema
from dubkit.timing import FrameRange, FrameRate, TimeRange

TEXT = st.text(max_size=12)
PATHS = st.text("abc äß/._-", min_size=1, max_size=12).map(Path)
FRACTIONS = st.fractions(-10_000, 10_000, max_denominator=90_000)
WHOLE = st.integers(0, 10**6)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NOTES = st.lists(TEXT, max_size=3).map(tuple)
RATES = st.sampled_from(["24000/1001", "24", "25", "30000/1001", "50", "60000/1001"]).map(FrameRate.of)


def float_arrays(*shape: int, nan: bool = False) -> st.SearchStrategy[Any]:
    """float32 arrays; with ``nan`` some values are not numbers."""
    numbers = st.floats(-1, 1, width=32)
    return npst.arrays(np.float32, shape, elements=numbers | st.just(float("nan")) if nan else numbers)


@st.composite
def frame_ranges(draw: st.DrawFn, least: int = 0) -> FrameRange:
    start = draw(WHOLE)
    return FrameRange(start, start + draw(st.integers(least, 500)))


@st.composite
def time_ranges(draw: st.DrawFn) -> TimeRange:
    start = draw(FRACTIONS)
    return TimeRange(start, start + draw(st.fractions(0, 100, max_denominator=1000)))


@st.composite
def face_looks(draw: st.DrawFn) -> schema.FaceLook:
    picture = npst.arrays(np.uint8, (2, 3, 3))
    return schema.FaceLook(draw(NUMBERS), draw(picture), draw(picture), draw(float_arrays(3)), draw(float_arrays(2)))


@st.composite
def faces(draw: st.DrawFn) -> schema.Face:
    left, top = draw(float_arrays(2))
    box = np.array([left, top, left + 3, top + 3], np.float32)
    return schema.Face(box, draw(float_arrays(5, 2, nan=True)), draw(st.floats(0, 1)), draw(face_looks()))


@st.composite
def face_tracks(draw: st.DrawFn) -> schema.FaceTrack:
    frames = draw(frame_ranges(least=1).map(lambda run: FrameRange(run.start, min(run.stop, run.start + 3))))
    n = len(frames)
    return schema.FaceTrack(
        index=draw(WHOLE),
        shot=draw(WHOLE),
        frames=frames,
        boxes=draw(float_arrays(n, 4)),
        landmarks=draw(float_arrays(n, 5, 2, nan=True)),
        scores=draw(float_arrays(n)),
        visible=draw(npst.arrays(np.bool_, n)),
        yaw=draw(float_arrays(n, nan=True)),
        identity=draw(TEXT),
        pitch=draw(float_arrays(n, nan=True)),
        sharpness=draw(float_arrays(n, nan=True)),
        covered=draw(npst.arrays(np.bool_, n)),
        signatures=draw(float_arrays(2, 3)),
        embedding=draw(float_arrays(4)),
    )


@st.composite
def mouth_tracks(draw: st.DrawFn) -> schema.MouthTrack:
    start = draw(WHOLE)
    sync = draw(float_arrays(3, draw(st.sampled_from([0, 3])), nan=True)).astype(np.float16)
    return schema.MouthTrack(draw(WHOLE), FrameRange(start, start + 3), draw(float_arrays(3, nan=True)), sync)


@st.composite
def regions(draw: st.DrawFn) -> schema.Region:
    left, top = draw(st.tuples(st.integers(-50, 50), st.integers(-50, 50)))
    return schema.Region(left, top, left + draw(st.integers(1, 99)), top + draw(st.integers(1, 99)))


@st.composite
def face_crops(draw: st.DrawFn) -> schema.FaceCrops:
    found = draw(st.lists(regions(), max_size=2))
    return schema.FaceCrops(draw(float_arrays(len(found), 4, 4, 3)), tuple(found))


@st.composite
def lines_of_clips(draw: st.DrawFn) -> tuple[schema.Clip, ...]:
    at, clips = 0, []
    for _ in range(draw(st.integers(0, 3))):
        at += draw(st.integers(0, 9))
        stop = at + draw(st.integers(0, 9))
        clips.append(schema.Clip(draw(TEXT), draw(PATHS), draw(time_ranges()), FrameRange(at, stop)))
        at = stop
    return tuple(clips)


DECISIONS = st.builds(
    schema.CastDecision,
    frame_ranges(least=1),
    WHOLE,
    TEXT,
    st.floats(0, 1),
    TEXT,
    st.lists(WHOLE, max_size=2).map(tuple),
    st.dictionaries(TEXT, st.floats(0, 1), max_size=2),
)
FORMATS = st.builds(
    schema.PixelFormat, TEXT, st.sampled_from(schema.ColourFamily), st.integers(8, 16), alpha=st.booleans()
)
TAGS = st.builds(schema.ColourTags, full_range=st.none() | st.booleans())
VIDEO = st.builds(
    schema.VideoInfo,
    width=st.integers(1, 8192),
    height=st.integers(1, 8192),
    pixel_format=FORMATS,
    colour=TAGS,
    rate=RATES,
    time_base=st.fractions("1/90000", 1, max_denominator=90_000),
    start=FRACTIONS,
    duration=FRACTIONS,
    frame_count=WHOLE,
    codec=TEXT,
    rotation=st.sampled_from([0, 90, 180, 270]),
    sample_aspect=st.fractions("1/4", 4, max_denominator=100),
    interlaced=st.booleans(),
    start_timecode=TEXT,
)
AUDIO = st.builds(schema.AudioInfo, WHOLE, TEXT, WHOLE, WHOLE, TEXT, TEXT, FRACTIONS, FRACTIONS)
SOUND_CLIPS = st.builds(schema.SoundClip, PATHS, time_ranges())
CUES = st.builds(schema.Cue, st.integers(1, 9999), time_ranges(), TEXT, TEXT, NOTES)
CLIPS_TRACKS = st.builds(schema.TimelineTrack, TEXT, st.sampled_from(schema.TrackKind), lines_of_clips(), TEXT)
FITS = st.builds(schema.Fit, time_ranges(), FRACTIONS, NUMBERS, FRACTIONS, FRACTIONS, WHOLE, FRACTIONS)
FITTED_LINES = st.builds(
    schema.FittedLine,
    WHOLE,
    time_ranges(),
    TEXT,
    TEXT,
    TEXT,
    NOTES,
    sound=st.none() | time_ranges(),
    fit=st.none() | FITS,
)
LINE_REPORTS = st.builds(
    schema.LineReport,
    cue=WHOLE,
    span=time_ranges(),
    text=TEXT,
    speaker=TEXT,
    status=st.sampled_from(schema.LineStatus),
    reason=TEXT,
    notes=NOTES,
    face_tracks=st.lists(WHOLE, max_size=3).map(tuple),
    frames=st.lists(frame_ranges(), max_size=3).map(tuple),
    sound=st.none() | time_ranges(),
    fit=st.none() | FITS,
    cast=st.lists(DECISIONS, max_size=2).map(tuple),
)

LOUDNESS = st.builds(
    schema.LoudnessReport, TEXT, NUMBERS, NUMBERS, st.booleans(), NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS
)

RECORDS: dict[type, st.SearchStrategy[Any]] = {
    schema.AudioInfo: AUDIO,
    schema.Cast: st.builds(
        schema.Cast,
        st.dictionaries(TEXT, st.lists(TEXT, max_size=2).map(tuple), max_size=3),
        st.dictionaries(WHOLE, TEXT, max_size=3),
    ),
    schema.CastDecision: DECISIONS,
    schema.MouthTrack: mouth_tracks(),
    schema.OriginalSpeech: st.builds(
        schema.OriginalSpeech,
        float_arrays(4),
        st.integers(10, 100),
        st.lists(mouth_tracks(), max_size=2).map(tuple),
        TEXT,
    ),
    schema.Clip: lines_of_clips().filter(bool).map(lambda clips: clips[0]),
    schema.ColourTags: TAGS,
    schema.Cue: CUES,
    schema.DubJob: st.builds(
        schema.DubJob,
        video=PATHS,
        output=PATHS,
        language=TEXT,
        subtitles=st.none() | PATHS,
        voice=PATHS,
        tts=st.just(""),
        cast=st.just(None),
        model=TEXT,
        keep_original=st.booleans(),
        stems=st.none() | PATHS,
        loudness=TEXT,
        voice_level=st.sampled_from(["auto", "match", "keep"]),
        deliver=st.none() | PATHS,
        deliver_sound=st.sampled_from(["wav", "flac"]),
        picture=st.none() | PATHS,
        version=st.just(schema.JOB_VERSION),
    ),
    schema.DubReport: st.builds(
        schema.DubReport,
        output=PATHS,
        language=TEXT,
        frames=WHOLE,
        rate=TEXT,
        detector=TEXT,
        model=TEXT,
        device=TEXT,
        shots=WHOLE,
        lines=st.lists(LINE_REPORTS, max_size=2).map(tuple),
        notes=NOTES,
        seconds=st.dictionaries(TEXT, NUMBERS, max_size=3),
        loudness=st.none() | LOUDNESS,
        delivered=st.lists(PATHS, max_size=2).map(tuple),
    ),
    schema.Face: faces(),
    schema.FaceCrops: face_crops(),
    schema.FaceLook: face_looks(),
    schema.FaceTrack: face_tracks(),
    schema.Fit: FITS,
    schema.FitReport: st.builds(
        schema.FitReport, TEXT, FRACTIONS, st.lists(FITTED_LINES, max_size=2).map(tuple), NOTES, NUMBERS
    ),
    schema.FittedLine: FITTED_LINES,
    schema.Frame: st.builds(
        schema.Frame,
        WHOLE,
        st.integers(-(10**9), 10**9),
        st.tuples(npst.arrays(np.uint16, (4, 6)), npst.arrays(np.uint8, (2, 3))),
        FORMATS,
        TAGS,
    ),
    schema.Line: st.builds(schema.Line, CUES, SOUND_CLIPS, FRACTIONS, NOTES, fit=st.none() | FITS),
    schema.LineReport: LINE_REPORTS,
    schema.LoudnessReport: LOUDNESS,
    schema.MediaInfo: st.builds(
        schema.MediaInfo, PATHS, TEXT, st.none() | VIDEO, st.lists(AUDIO, max_size=2).map(tuple)
    ),
    schema.MelSettings: st.builds(schema.MelSettings, f_min=st.floats(0, 100), hop=st.integers(1, 400)),
    schema.MelSpectrogram: st.builds(
        schema.MelSpectrogram, float_arrays(80, 2), st.just(schema.MelSettings()), FRACTIONS
    ),
    schema.PixelFormat: FORMATS,
    schema.Region: regions(),
    schema.Scene: st.builds(
        schema.Scene,
        st.lists(st.builds(schema.Shot, WHOLE, frame_ranges(least=1)), min_size=1, max_size=3).map(tuple),
    ),
    schema.Shot: st.builds(schema.Shot, WHOLE, frame_ranges(least=1)),
    schema.SoundClip: SOUND_CLIPS,
    schema.Span: st.builds(schema.Span, WHOLE, WHOLE, WHOLE, frame_ranges(least=1)),
    schema.Timeline: st.builds(schema.Timeline, TEXT, RATES, st.lists(CLIPS_TRACKS, max_size=2).map(tuple), TEXT),
    schema.TimelineTrack: CLIPS_TRACKS,
    schema.VideoInfo: VIDEO,
    schema.Waveform: st.builds(schema.Waveform, float_arrays(2, 5), st.integers(1, 192_000)),
}
"""Kind of record -> records of that kind."""
