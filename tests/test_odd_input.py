"""One film, one run, everything that can be wrong with voices and cues: each costs its own line, and is told there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from dubkit.media import measure_times, probe, read_sound
from dubkit.schema import DubReport, LineStatus, loads
from dubkit.timing import TimeRange
from dubkit_cli.main import run
from tests.numbered import write_numbered
from tests.test_fitted_lines import tone, write_cues

RATE = 48_000
EVERY = 2
SPOKEN = "su voz se oye bien"

VOICES: dict[str, tuple[npt.NDArray[np.float64] | None, int, str]] = {
    # name -> its samples, their rate, what the report says of its line
    "fine": (tone(1), 16_000, ""),
    "missing": (None, 0, "missing.wav: does not exist"),
    "silent": (1e-5 * tone(1), 16_000, "silent.wav: holds only silence"),
    "telephone": (tone(1, 8000), 8000, "telephone.wav is of telephone quality: 8000 Hz"),
    "clipped": (np.clip(4 * tone(1), -1, 1), 16_000, "clipped.wav is clipped"),
    "russian": (tone(1), 16_000, "its text is written in Cyrillic letters, es is not"),
    "last": (tone(1), 16_000, ""),
    "beyond": (tone(1), 16_000, "after the end of the picture"),
}
SECONDS = EVERY * (len(VOICES) - 1)
HEARD = ("fine", "telephone", "clipped", "russian", "last")


def write_voices(folder: Path) -> Path:
    for name, (samples, rate, _) in VOICES.items():
        if samples is not None:
            soundfile.write(folder / f"{name}.wav", samples, rate, "FLOAT")
    listed = folder / "voices.json"
    listed.write_text(json.dumps({str(number): f"{name}.wav" for number, name in enumerate(VOICES, 1)}))
    return listed


def dubbed(folder: Path, voice: Path) -> tuple[int, DubReport]:
    """Exit code and report of a film in which no face is seen."""
    film = write_numbered(folder / "film.mp4", SECONDS * 25, sound=False)
    command = ["dub", str(film), "--subtitles", str(folder / "cues.srt"), "--voice", str(voice), "--language", "es"]
    code = run([*command, "-o", str(folder / "out.mkv"), "--report", str(folder / "report.json")])
    assert len(measure_times(folder / "out.mkv")) == SECONDS * 25
    assert [track.language for track in probe(folder / "out.mkv").audio] == ["spa"]
    return code, loads(DubReport, (folder / "report.json").read_text("utf-8"))


def test_each_gives_its_line_and_the_rest_is_done(tmp_path: Path) -> None:
    texts = ["Где ты был всю ночь?" if name == "russian" else SPOKEN for name in VOICES]
    cues = [(EVERY * at + 0.2, EVERY * at + 1.8, text) for at, text in enumerate(texts)]
    write_cues(tmp_path / "cues.srt", cues)
    code, report = dubbed(tmp_path, write_voices(tmp_path))
    assert code == 3
    lines = {name: report.lines[number] for number, name in enumerate(VOICES)}
    for name, line in lines.items():
        expected = VOICES[name][2]
        assert (line.status is not LineStatus.FAILED) == (name in HEARD)
        assert expected in " ".join([line.reason, *line.notes])
        within = TimeRange(line.span.start, line.span.start + 1)
        heard = read_sound(tmp_path / "out.mkv", sample_rate=RATE, span=within)
        assert (float(np.abs(heard.samples).max(initial=0.0)) > 0.1) == (name in HEARD)
    assert not any("beyond" in note for note in report.notes)


def test_voices_and_cues_of_two_films(tmp_path: Path) -> None:
    takes = tmp_path / "takes"
    takes.mkdir()
    for number in range(1, 6):
        soundfile.write(takes / f"{number}.wav", tone(4), 16_000)
    write_cues(tmp_path / "cues.srt", [(2.5 * at, 2.5 * at + 1, SPOKEN) for at in range(5)])
    code, report = dubbed(tmp_path, takes)
    assert any("voices overrun: check that they are the voices of these cues" in note for note in report.notes)
    assert all("overruns its slot" in " ".join([line.reason, *line.notes]) for line in report.lines[:2])
    assert code == (3 if any(line.status is LineStatus.FAILED for line in report.lines) else 0)
    assert len(report.lines) == 5
