"""Lists of splits, and the hash that decides where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dubkit.errors import InputError
from dubkit.training import HELD_OUT, TRAIN
from dubkit.training.splits import SplitEntry, read_splits, split_by_hash

VIDEOS = ["a.mp4", "news/001.mp4", "news/002.mp4", "news/late/003.mp4", "odd [1], x.mp4"]


def listed(tmp_path: Path, text: str, share: float = 0.5) -> dict[str, SplitEntry]:
    path = tmp_path / "splits.csv"
    path.write_text(text, encoding="utf-8")
    return read_splits(path, VIDEOS, share)


def test_paths_patterns_and_people(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        "video,split,identity\n"
        "a.mp4,held-out,Ada\n"
        "news/*.mp4,train,\n"
        "news/late/00?.mp4,train,Bo\n"
        '"odd [1], x.mp4",train,\n',
    )
    assert found == {
        "a.mp4": SplitEntry(HELD_OUT, "Ada"),
        "news/001.mp4": SplitEntry(TRAIN),
        "news/002.mp4": SplitEntry(TRAIN),
        "news/late/003.mp4": SplitEntry(TRAIN, "Bo"),
        "odd [1], x.mp4": SplitEntry(TRAIN),
    }


def test_a_star_stays_within_its_folder_and_two_go_deeper(tmp_path: Path) -> None:
    assert set(listed(tmp_path, "video,split\n*.mp4,train\n")) == {"a.mp4", "odd [1], x.mp4"}
    assert set(listed(tmp_path, "video,split\n**/0*.mp4,train\n")) == {
        "news/001.mp4",
        "news/002.mp4",
        "news/late/003.mp4",
    }
    assert set(listed(tmp_path, "video,split\n**,train\n")) == set(VIDEOS)


def test_columns_in_any_order_with_spaces_and_a_byte_order_mark(tmp_path: Path) -> None:
    assert listed(tmp_path, "\ufeffsplit , video\n held-out , a.mp4 \n") == {"a.mp4": SplitEntry(HELD_OUT)}


def test_an_open_split_is_decided_by_who_it_is(tmp_path: Path) -> None:
    found = listed(tmp_path, "video,split,identity\nnews/*.mp4,,Ada\na.mp4,,Ada\n")
    assert {entry.split for entry in found.values()} == {split_by_hash("Ada", 0.5)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("video,split\na.mp4,test\n", r"splits.csv: line 2: there is no split 'test'; use train, held-out or nothing"),
        ("video,split\nb.mp4,train\n", r"line 2: no video matches 'b.mp4'; write it relative"),
        ("video,split\na.mp4,train\na.mp4,held-out\n", r"line 3: a.mp4 is already listed as train, here as held-out"),
        (
            "video,split,identity\na.mp4,train,Ada\nnews/001.mp4,held-out,Ada\n",
            r"'Ada' is seen in both splits \(a.mp4 is train, news/001.mp4 is held-out\); put each person",
        ),
        ("a.mp4,train\n", r"has the columns a.mp4, train; let its first line be video,split"),
        ("video,split,identiy\na.mp4,train,Ada\n", "has the columns video, split, identiy"),
        ("", r"has the columns \(none\)"),
        ("video,split\na.mp4,train,Ada\n", "line 2 has more columns than the header"),
        ('video,split\n"a.mp4,train\n', "cannot be read as CSV"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words) as caught:
        listed(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_no_list(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such list of splits"):
        read_splits(tmp_path / "none.csv", VIDEOS, 0.1)
    (tmp_path / "bad.csv").write_bytes(b"video,split\n\xff\xfe\xfa.mp4,train\n")
    with pytest.raises(InputError, match="cannot be read as CSV"):
        read_splits(tmp_path / "bad.csv", VIDEOS, 0.1)


def test_the_hash_is_the_same_everywhere() -> None:
    assert [n for n in range(20) if split_by_hash(f"{n}.mp4", 0.1) == HELD_OUT] == [0, 7, 8, 9, 16]
    assert sum(split_by_hash(str(n), 0.1) == HELD_OUT for n in range(5000)) == pytest.approx(500, abs=60)


@given(st.text(), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_holds_out_more_and_never_less(key: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert split_by_hash(key, large) == HELD_OUT or split_by_hash(key, small) == TRAIN
    assert split_by_hash(key, 0) == TRAIN
    assert split_by_hash(key, 1) == HELD_OUT
