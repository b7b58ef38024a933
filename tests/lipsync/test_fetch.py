"""Fetching over real sockets, from a server on this machine."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dubkit.errors import Cancelled, ModelError, OutputError
from dubkit.lipsync import PublishedFile, fetch_published
from tests.lipsync.serving import CONTENT, Server, serving


@pytest.fixture(scope="module")
def module_server() -> Iterator[Server]:
    with serving() as found:
        yield found


@pytest.fixture
def server(module_server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    module_server.asked.clear()
    return module_server


def entry(*urls: str, non_commercial: bool = False) -> PublishedFile:
    digest = hashlib.sha256(CONTENT).hexdigest()
    terms = "non-commercial use only" if non_commercial else "MIT"
    return PublishedFile(
        "weights", "weights.bin", "for tests", terms, non_commercial, digest, len(CONTENT), 1, urls, "example.org"
    )


def test_a_file_is_fetched_whole_and_only_once(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "here"
    told: list[tuple[int, int]] = []
    published = entry(*server.urls("good"))
    path = fetch_published(published, folder, progress=lambda done, total: told.append((done, total)))
    assert path == folder / "weights.bin"
    assert path.read_bytes() == CONTENT
    assert [file.name for file in folder.iterdir()] == ["weights.bin"]
    assert told[0][0] <= 1 << 20
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert all(done <= total for done, total in told)
    assert fetch_published(published, folder) == path
    assert server.asked == ["/good/weights.bin"]


def test_others_may_read_what_was_fetched(server: Server, tmp_path: Path) -> None:
    path = fetch_published(entry(*server.urls("good")), tmp_path)
    assert path.stat().st_mode & 0o444 == 0o444


def test_a_server_need_not_know_the_size(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = fetch_published(
        entry(*server.urls("unsized")), tmp_path, progress=lambda done, total: told.append((done, total))
    )
    assert path.read_bytes() == CONTENT
    assert {total for _, total in told} == {0}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("wrong", r"/wrong/weights\.bin: what came is not the published file \(SHA-256 differs\)"),
        ("gone", r"/gone/weights\.bin: the server answers 404 Not Found"),
        ("broken", r"/broken/weights\.bin: the connection broke off"),
    ],
)
def test_what_comes_badly_is_refused_and_leaves_nothing(
    kind: str, words: str, server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelError, match=rf"weights\.bin could not be fetched from .*{words}; try again later, or get"):
        fetch_published(entry(*server.urls(kind)), tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())
    said = capfd.readouterr()
    assert said.out == said.err == ""


def test_the_next_address_is_tried(server: Server, tmp_path: Path) -> None:
    path = fetch_published(entry(*server.urls("gone", "wrong", "broken", "good")), tmp_path)
    assert path.read_bytes() == CONTENT
    assert server.asked == [f"/{kind}/weights.bin" for kind in ("gone", "wrong", "broken", "good")]
    with pytest.raises(ModelError, match=r"404 Not Found; nor from .*SHA-256 differs"):
        fetch_published(entry(*server.urls("gone", "wrong")), tmp_path / "other")


def test_a_server_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(ModelError, match="the connection failed; try again later"):
            fetch_published(entry(f"http://127.0.0.1:{port}/weights.bin"), tmp_path)
    assert not list(tmp_path.iterdir())


def test_stopping_leaves_nothing(server: Server, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        fetch_published(entry(*server.urls("good")), tmp_path, progress=stop)
    assert not list(tmp_path.iterdir())


def test_a_non_commercial_licence_wants_consent(server: Server, tmp_path: Path) -> None:
    published = entry(*server.urls("good"), non_commercial=True)
    with pytest.raises(ModelError, match=r"licence of weights must be accepted first: non-commercial .*accept-licence"):
        fetch_published(published, tmp_path)
    with pytest.raises(ModelError, match="must be accepted first"):
        fetch_published(published, tmp_path, source=tmp_path)
    assert server.asked == []
    assert fetch_published(published, tmp_path, accept_licence=True).is_file()


def test_another_file_in_its_place_is_not_touched(server: Server, tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"mine")
    with pytest.raises(ModelError, match=r"weights\.bin: is there already, and is not the published weights; move"):
        fetch_published(entry(*server.urls("good")), tmp_path)
    assert (tmp_path / "weights.bin").read_bytes() == b"mine"
    assert server.asked == []


def test_a_folder_serves_where_there_is_no_network(server: Server, tmp_path: Path) -> None:
    brought, folder = tmp_path / "stick", tmp_path / "models"
    published = entry(*server.urls("good"))
    brought.mkdir()
    with pytest.raises(ModelError, match=r"stick/weights\.bin: there is no such file; bring weights\.bin from example"):
        fetch_published(published, folder, source=brought)
    (brought / "weights.bin").write_bytes(CONTENT[1:])
    with pytest.raises(ModelError, match=r"is not the published weights: its SHA-256 is [0-9a-f]{64}, not"):
        fetch_published(published, folder, source=brought)
    assert not list(folder.iterdir())
    (brought / "weights.bin").write_bytes(CONTENT)
    assert fetch_published(published, folder, source=brought).read_bytes() == CONTENT
    assert [file.name for file in folder.iterdir()] == ["weights.bin"]
    assert (brought / "weights.bin").read_bytes() == CONTENT
    assert server.asked == []


def test_what_only_people_can_get_says_where(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"weights\.bin cannot be fetched by itself; get it by hand \(example\.org\)"):
        fetch_published(entry(), tmp_path)


def test_a_folder_that_cannot_be_made_is_an_output_error(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match="cannot be written"):
        fetch_published(entry(*server.urls("good")), tmp_path / "file" / "models")
