"""From a folder of talking videos to weights: preparation, and one loop that trains every network of the family."""

from dubkit.training.index import (
    HELD_OUT,
    TRAIN,
    DroppedClip,
    PreparedClips,
    TrainingClip,
    TrainingIndex,
    write_index,
)

__all__ = [
    "HELD_OUT",
    "TRAIN",
    "DroppedClip",
    "PreparedClips",
    "TrainingClip",
    "TrainingIndex",
    "write_index",
]
