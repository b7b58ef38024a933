"""Which moment of the sound belongs to which frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dubkit.schema import MelSpectrogram
from dubkit.timing import Seconds, mel_step

__all__ = ["mel_windows"]


def mel_windows(mel: MelSpectrogram, times: Sequence[Seconds], offset: Seconds) -> npt.NDArray[np.float32]:
    """What the generator hears for each frame.

    The window of a frame shown at ``t`` starts in the mel step at ``t + offset``. At 25 frames a second and an offset
    of -1/25 s that is step ``int(80 (f - 1) / 25)`` for frame f, the rule the published weights were trained by. Steps
    before and after the sound are silence: windows are neither moved nor repeated.

    Args:
        mel: The sound.
        times: When each frame is shown, in seconds of the picture.
        offset: Seconds from a frame's time to the start of its window.

    Returns:
        (n, bands, window_steps) float32, for instance (n, 80, 16).
    """
    settings = mel.settings
    starts = [mel_step(time + offset - mel.start, settings.steps_per_second) for time in times]
    steps = np.asarray(starts, np.int64)[:, None] + np.arange(settings.window_steps)
    length = mel.values.shape[1]
    inside = (steps >= 0) & (steps < length)
    with_silence = np.pad(mel.values, ((0, 0), (0, 1)), constant_values=-settings.limit)
    windows = with_silence[:, np.where(inside, steps, length)]
    return np.ascontiguousarray(windows.transpose(1, 0, 2))
