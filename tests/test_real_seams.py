"""Real clips: the seam of a new mouth cannot be found, and its grain is of the order of the film's."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.blending import blended, longest_face, masks, pictures
from dubkit.blending import BlendSettings
from dubkit.evaluation import score_seam
from dubkit.faces import choose_detector
from dubkit.lipsync import load_model
from dubkit.places import model_folders

CLIPS = [
    pytest.param("grid_speakers/bbaf2n.mpg"),
    *(
        pytest.param(name, marks=pytest.mark.long)
        for name in ("hdtf_a.mp4", "studio_1080p.mp4", "presenter_cutaway.mov", "interview_24p.mp4")
    ),
]


@pytest.mark.parametrize("name", CLIPS)
def test_a_new_mouth_sits_in_its_face(name: str, real_clips: Path) -> None:
    face = longest_face(real_clips / name, choose_detector("auto", folders=model_folders())[0], load_model("", "cpu"))
    before = pictures(face.frames, face.view)
    for kind in face.mouths:
        patches, _ = blended(face, kind, BlendSettings())
        score = score_seam(before, pictures([patch.frame for patch in patches], face.view), masks(patches, face.view))
        assert score.hidden, (kind, score)
        assert score.noise_outside == 1, kind
        assert score.detail > (0.8 if kind == "resampled" else 0.6), (kind, score)
