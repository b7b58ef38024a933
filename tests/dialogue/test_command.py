from __future__ import annotations

import json
import os
import shlex
import sys
import time
from pathlib import Path

import pytest

from dubkit.dialogue.command import CommandSettings, CommandVoice
from dubkit.errors import RecordError, VoiceError
from tests.dialogue.stand_ins import write_program

ECHO = """
import json, sys
from pathlib import Path
Path(r"{seen}").write_text(json.dumps([sys.argv[2:], sys.stdin.read()]), encoding="utf-8")
import struct, wave
with wave.open(sys.argv[1], "wb") as sound:
    sound.setnchannels(2)
    sound.setsampwidth(2)
    sound.setframerate(8000)
    sound.writeframes(struct.pack("<hh", 1000, -1000) * 4000)
"""


def command(program: Path, rest: str = "{output} {text}") -> str:
    return f"{shlex.join([sys.executable, str(program)])} {rest}"


def test_arguments_are_passed_as_they_are_and_no_shell_sees_them(tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    program = write_program(tmp_path, ECHO.format(seen=seen))
    nasty = "$(touch gone); `id` \"quoted\" 'too' {language} {output} %PATH% \\ ключ \0 *"
    rest = "{output} --text={text} 'two words' --lang {language} {speaker}"
    sound = CommandVoice(command(program, rest)).speak(nasty, "es", speaker="Mr. Fox")
    arguments, given = json.loads(seen.read_text("utf-8"))
    assert arguments == ["--text=" + nasty.replace("\0", " "), "two words", "--lang", "es", "Mr. Fox"]
    assert given == ""
    assert (sound.channels, sound.sample_rate, sound.length) == (2, 8000, 4000)


def test_text_that_has_no_place_goes_to_standard_input(tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    program = write_program(tmp_path, ECHO.format(seen=seen))
    environment = "import sys; sys.stdin.reconfigure(encoding='utf-8')"
    program.write_text(environment + program.read_text("utf-8"), encoding="utf-8")
    CommandVoice(command(program, "{output}")).speak("¿Qué?", "es")
    assert json.loads(seen.read_text("utf-8")) == [[], "¿Qué?"]


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("import sys; print('first', file=sys.stderr); sys.exit('no voice for this')", "exit code 1: no voice for"),
        ("", "wrote no sound"),
        ("import sys; open(sys.argv[1], 'w').close()", "wrote no sound"),
        ("import sys; open(sys.argv[1], 'w').write('hello')", "wrote something that is no sound"),
        (
            "import sys, wave; s = wave.open(sys.argv[1], 'wb'); s.setparams((1, 2, 8000, 0, 'NONE', ''));"
            "s.writeframes(bytes(800)); s.close()",
            "no sound but silence",
        ),
    ],
)
def test_what_goes_wrong_is_said(tmp_path: Path, program: str, problem: str) -> None:
    voice = CommandVoice(command(write_program(tmp_path, program)))
    with pytest.raises(VoiceError, match=problem) as caught:
        voice.speak("Hello", "en")
    assert caught.value.remedy


@pytest.mark.skipif(os.name == "nt", reason="process groups are POSIX's")
def test_a_program_that_hangs_is_stopped_with_all_it_started(tmp_path: Path) -> None:
    started = tmp_path / "child"
    program = write_program(
        tmp_path,
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open(r'{started}', 'w').write(str(child.pid))\n"
        "time.sleep(60)\n",
    )
    voice = CommandVoice(command(program), CommandSettings(timeout=1.5))
    before = time.monotonic()
    with pytest.raises(VoiceError, match=r"took longer than 1\.5 s"):
        voice.speak("Hello", "en")
    assert time.monotonic() - before < 10
    child = int(started.read_text())
    for _ in range(50):
        if not _runs(child):
            break
        time.sleep(0.05)
    assert not _runs(child)


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("prog --text {text}", "does not say where {output} goes"),
        ("prog {text} {output} {voice}", "unknown placeholder {voice}"),
        ("prog '{text} {output}", "cannot be split"),
        ("no-such-program-anywhere {text} {output}", "'no-such-program-anywhere' is not there"),
        ("", "does not say where"),
    ],
)
def test_a_command_that_cannot_work_is_refused_at_once(text: str, problem: str) -> None:
    with pytest.raises(VoiceError, match=problem) as caught:
        CommandVoice(text)
    assert caught.value.remedy
    with pytest.raises(RecordError):
        CommandSettings(timeout=0)
