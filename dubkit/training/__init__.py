"""From a folder of talking videos to weights: preparation, and one loop that trains every network of the family."""

from dubkit.training.curve import read_curve
from dubkit.training.index import (
    HELD_OUT,
    TRAIN,
    DroppedClip,
    PreparedClips,
    TrainingClip,
    TrainingIndex,
    write_index,
)
from dubkit.training.parallel import Place, joined
from dubkit.training.prepare import prepare
from dubkit.training.prepare_settings import CutSettings, DetectorChoice, PrepareSettings
from dubkit.training.settings import TrainSettings
from dubkit.training.settings_file import read_settings
from dubkit.training.tally import Amount, Tally, tally
from dubkit.training.trainer import train

__all__ = [
    "HELD_OUT",
    "TRAIN",
    "Amount",
    "CutSettings",
    "DetectorChoice",
    "DroppedClip",
    "Place",
    "PrepareSettings",
    "PreparedClips",
    "Tally",
    "TrainSettings",
    "TrainingClip",
    "TrainingIndex",
    "joined",
    "prepare",
    "read_curve",
    "read_settings",
    "tally",
    "train",
    "write_index",
]
