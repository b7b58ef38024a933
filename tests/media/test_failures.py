from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from dubkit.errors import MediaError, OutputError
from dubkit.media import (
    MasterWriter,
    SoundTrack,
    WriteSettings,
)
from dubkit.schema import Frame, Waveform
from tests.media.masters import (
    frames_for,
    made_up,
    written,
)
from tests.media.zoo import frame_of, tone


@pytest.mark.parametrize(
    ("file", "codec", "words"),
    [
        ("a.xyz", "auto", "names no film container"),
        ("a", "auto", "name without an ending"),
        ("a.mp4", "no_such_codec", "has no such picture encoder"),
        ("a.mp4", "aac", "has no such picture encoder"),
        ("a.mp4", "prores_ks", "does not take that codec"),
        ("a.webm", "libx264", "does not take that codec"),
        ("a.mpg", "libx264", "does not take that codec"),
        ("missing/a.mp4", "auto", "does not exist"),
    ],
)
def test_what_cannot_be_written_is_said_before_work_starts(tmp_path: Path, file: str, codec: str, words: str) -> None:
    with pytest.raises(OutputError, match=words) as caught:
        MasterWriter(tmp_path / file, made_up("yuv420p"), settings=WriteSettings(codec=codec))
    assert caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        MasterWriter(tmp_path / "a.mp4", made_up("yuv420p"))


@pytest.mark.parametrize(
    ("track", "words"),
    [(SoundTrack(codec="nonsense"), "no such sound encoder"), (SoundTrack(codec="pcm_mulaw"), "does not take")],
)
def test_sound_that_cannot_be_written(tmp_path: Path, track: SoundTrack, words: str) -> None:
    with pytest.raises(OutputError, match=words), MasterWriter(tmp_path / "a.mp4", made_up("yuv420p"), sounds=[track]):
        pass
    assert list(tmp_path.iterdir()) == []


def test_settings_that_an_encoder_refuses(tmp_path: Path) -> None:
    settings = WriteSettings(options={"profile": "baseline"})  # which has no 4:4:4
    with (
        pytest.raises(OutputError, match="libx264"),
        MasterWriter(tmp_path / "a.mp4", made_up("yuv444p"), settings=settings),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_frames_and_sound_that_do_not_fit(tmp_path: Path) -> None:
    video = made_up("yuv420p")
    with pytest.raises(OutputError, match="32x48"), MasterWriter(tmp_path / "a.mp4", video) as writer:
        writer.write_frame(frame_of("yuv420p", 32, 48, 0, 0))
    track = SoundTrack(channels=2)
    with (
        pytest.raises(OutputError, match="1 channels"),
        MasterWriter(tmp_path / "a.mp4", video, sounds=[track]) as writer,
    ):
        writer.write_sound(0, Waveform(tone(1, 48_000), 48_000))
    with pytest.raises(OutputError, match="no frames"), MasterWriter(tmp_path / "a.mp4", video):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, OSError, MediaError])
def test_nothing_is_left_of_a_failure(tmp_path: Path, error: type[BaseException]) -> None:
    video = made_up("yuv420p")
    before = tmp_path / "a.mp4"
    before.write_text("what was there")

    def stopped() -> Iterator[Frame]:
        yield from frames_for(video, 5)
        raise error("stop")

    with pytest.raises(error, match="stop"):
        written(before, video, stopped(), sounds=[SoundTrack()])
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert before.read_text() == "what was there"


LIMITED = """
    import resource, sys
    from pathlib import Path
    from dubkit.errors import OutputError
    from dubkit.media import MasterWriter, SoundTrack, WriteSettings, write_wav
    from dubkit.schema import Waveform
    from tests.media.masters import frames_for, made_up
    import numpy as np
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    video = made_up("yuv420p", size=(256, 256))
    path = Path(sys.argv[1])
    try:
        if path.suffix == ".wav":
            write_wav(path, Waveform(np.ones((1, 96_000), np.float32), 48_000))
        else:
            with MasterWriter(path, video, settings=WriteSettings(quality=0, preset="ultrafast")) as writer:
                for frame in frames_for(video, 40):
                    writer.write_frame(frame)
    except OutputError as error:
        print(error)
        sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no limit on the size of files")
@pytest.mark.parametrize(
    ("file", "limit"), [("a.mp4", 0), ("a.mp4", 20_000), ("a.mp4", 200_000), ("a.mkv", 20_000), ("a.wav", 20_000)]
)
def test_a_full_disk(tmp_path: Path, file: str, limit: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(LIMITED), str(tmp_path / file), str(limit)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stderr == ""
    assert done.returncode == 7
    assert done.stdout.count("\n") == 1
    assert file in done.stdout
    if not file.endswith(".wav"):
        assert "may not become this large" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="permission denied"):
        MasterWriter(tmp_path / "a.mp4", made_up("yuv420p"))
