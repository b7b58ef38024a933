"""Real clips, end to end, compared before the final encode: nothing but mouths inside spans is touched."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dubkit
from dubkit import picture_out
from dubkit.blending import Mask
from dubkit.media import measure_times, probe
from dubkit.render import Rendered, render_spans
from dubkit.schema import ColourFamily, DubReport, Frame, LineStatus, Region

QUICK = ["grid_speakers/swiz3n.mpg", "voxceleb/517600055.mp4", "turkish_vfr/gunaydin_4.mp4"]
LONG = [
    "hdtf_a.mp4",
    "hdtf_b.mp4",
    "hdtf_c.mp4",
    "hdtf_d.mp4",
    "interview_24p.mp4",
    "phone_portrait_cuts.mp4",
    "presenter_cutaway.mov",
    "stage_talk_cuts.mp4",
    "studio_1080p.mp4",
    "syncnet_example.avi",
    "turkish_vfr/gunaydin_6.mp4",
    "turkish_vfr/korona_3.mp4",
    "turkish_vfr/merhaba_1.mp4",
    "turkish_vfr/selam_4.mp4",
    "turkish_vfr/tesekkurler_7.mp4",
    "voxceleb/00015.mp4",
    "voxceleb/00086.mp4",
    "voxceleb/00098.mp4",
    "voxceleb/00104.mp4",
    "voxceleb/681100216.mp4",
    "voxceleb/796100172.mp4",
    "grid_speakers/bbaf2n.mpg",
    "grid_speakers/brbk7n.mpg",
    "grid_speakers/id2_vcd_swwp2s.mpg",
    "grid_speakers/lbax4n.mpg",
    "grid_speakers/lbbc2a.mpg",
    "grid_speakers/lrwp9a.mpg",
    "grid_speakers/lwbsza.mpg",
    "grid_speakers/pwij3p.mpg",
    "grid_speakers/sbia1a.mpg",
    "grid_speakers/sbwe5n.mpg",
]


class Witness:
    """Stands between the renderer and the encoder and compares every frame with the stored one."""

    def __init__(self) -> None:
        self.frames = 0
        self.changed: set[int] = set()

    def __call__(self, frames: Iterator[Frame], *rest: Any) -> Iterator[Rendered]:
        waiting: dict[int, Frame] = {}

        def remembered() -> Iterator[Frame]:
            for frame in frames:
                waiting[frame.index] = frame
                yield frame

        for rendered in render_spans(remembered(), *rest):
            self.compare(waiting.pop(rendered.frame.index), rendered)
            yield rendered

    def compare(self, old: Frame, rendered: Rendered) -> None:
        self.frames += 1
        allowed = np.zeros((old.height, old.width), bool)
        for patch in rendered.patches:
            allow(allowed, patch.region, patch.mask)
        for plane, (before, after) in enumerate(zip(old.planes, rendered.frame.planes, strict=True)):
            different = before != after
            if different.any():
                self.changed.add(old.index)
            chroma = old.pixel_format.family is ColourFamily.YUV and plane in (1, 2)
            step_y = 1 << (old.pixel_format.log2_height if chroma else 0)
            step_x = 1 << (old.pixel_format.log2_width if chroma else 0)
            # A sample may change only if every pixel it covers may.
            untouched = ~allowed[::step_y, ::step_x]
            assert not different[untouched].any(), f"frame {old.index} plane {plane} changed outside its masks"


def allow(allowed: np.ndarray[Any, np.dtype[np.bool_]], region: Region, mask: Mask) -> None:
    height, width = allowed.shape
    inside = region.inside(width, height)
    part = mask[
        inside.top - region.top : inside.bottom - region.top, inside.left - region.left : inside.right - region.left
    ]
    allowed[inside.top : inside.bottom, inside.left : inside.right] |= part > 0


def write_cues(path: Path, duration: Fraction) -> Path:
    """Three cues over the first, middle and last part of the clip."""
    thirds = [float(duration) * share for share in (0.05, 0.3, 0.38, 0.62, 0.7, 0.97)]

    def clock(seconds: float) -> str:
        return f"00:{int(seconds // 60):02}:{seconds % 60:06.3f}".replace(".", ",")

    cues = [
        f"{n + 1}\n{clock(start)} --> {clock(stop)}\nPhrase numéro {n + 1}.\n"
        for n, (start, stop) in enumerate(zip(thirds[::2], thirds[1::2], strict=True))
    ]
    path.write_text("\n".join(cues), encoding="utf-8")
    return path


def dub_and_compare(clip: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, **speech: Any) -> DubReport:
    witness = Witness()
    monkeypatch.setattr(picture_out, "render_spans", witness)
    before, times = probe(clip), measure_times(clip)
    assert before.video is not None
    output = folder / f"{clip.stem}.fr.mp4"
    cues = write_cues(folder / "fr.srt", times.duration)
    report = dubkit.dub(clip, output, subtitles=cues, language="fr", **speech)

    after, new_times = probe(output), measure_times(output)
    assert after.video is not None
    assert len(new_times) == len(times) == witness.frames == report.frames
    assert (after.video.width, after.video.height) == (before.video.width, before.video.height)
    if times.is_constant:
        assert after.video.rate == before.video.rate
    starts = [(times.seconds(i), new_times.seconds(i)) for i in range(len(times))]
    assert max(abs(float(old - new)) for old, new in starts) < 1e-4
    frame = 1 / before.video.rate.fps
    assert abs(after.audio[0].duration - times.duration) <= frame
    inside = {index for line in report.lines for run in line.frames for index in run.indices}
    assert witness.changed <= inside
    return report


@pytest.mark.parametrize("name", QUICK)
def test_quick(name: str, real_clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = dub_and_compare(real_clips / name, tmp_path, monkeypatch, voice=real_clips / "voices" / "fr.flac")
    assert {line.status for line in report.lines} <= {LineStatus.SYNCED, LineStatus.PARTLY}


@pytest.mark.long
@pytest.mark.parametrize("name", LONG)
def test_every_clip(name: str, real_clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = dub_and_compare(real_clips / name, tmp_path, monkeypatch, tts="espeak")
    print(name, report.frames, report.shots, [(line.status.value, line.changed, line.reason) for line in report.lines])  # noqa: T201 - the sheet of a long run
    assert not report.failed
