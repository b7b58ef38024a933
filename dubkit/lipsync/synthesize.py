"""The one way to run a generator: dubbing, training and evaluation all come through here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from dubkit.errors import InputError
from dubkit.lipsync.checkpoint import ModelConfig

__all__ = ["Generates", "Progress", "SynthesisSettings", "synthesize"]

_Array: TypeAlias = npt.NDArray[np.float32]

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of frames done and of all frames; may raise, for instance ``Cancelled``, to stop."""

# Well above what interpolation overshoots 1 by, and well below what 0..255 would give.
_BRIGHTEST = 2.0


class Generates(Protocol):
    """What :func:`synthesize` needs of a generator; :class:`dubkit.lipsync.LipModel` is the one that is shipped."""

    @property
    def config(self) -> ModelConfig:
        """How it is used."""
        ...

    @property
    def device(self) -> str:
        """Where it runs."""
        ...

    def run(self, windows: _Array, faces: _Array) -> _Array:
        """(n, 80, 16) mel windows and (n, 6, 96, 96) BGR 0..1 to (n, 3, 96, 96); MemoryError where too many."""
        ...


@dataclass(frozen=True)
class SynthesisSettings:
    """How a generator is run.

    Attributes:
        batch_size: Faces at a time; the result does not depend on it.
        compiled: Whether a generator that is loaded for this is prepared by PyTorch's compiler, as
            :class:`dubkit.lipsync.LipModel` has it.
    """

    batch_size: int = 16
    compiled: bool = False

    def __post_init__(self) -> None:
        """Refuse empty batches."""
        if self.batch_size < 1:
            raise InputError(f"a batch of {self.batch_size} faces does not exist", remedy="give at least 1")


def synthesize(
    model: Generates,
    faces: _Array,
    references: _Array,
    windows: _Array,
    settings: SynthesisSettings = SynthesisSettings(),
    progress: Progress | None = None,
) -> _Array:
    """Faces whose lips match the sound.

    Only the upper half of ``faces`` is shown to the network. Where the device runs out of memory the batch is halved
    and the work goes on.

    Args:
        model: The generator.
        faces: (n, 96, 96, 3) BGR 0..1, the faces to change.
        references: (n, 96, 96, 3) BGR 0..1, or (1, 96, 96, 3) for all: what else is known of the face. Which frame to
            give is said by ``model.config.reference``.
        windows: (n, 80, 16) mel windows, one per face.
        settings: How to run it.
        progress: Told after each batch.

    Returns:
        (n, 96, 96, 3) float32 BGR, 0..1.

    Raises:
        InputError: if the arrays do not fit together, or one frame alone does not fit into the device's memory.
    """
    _check(model, faces, references, windows)
    references = np.broadcast_to(references, faces.shape)
    made = np.empty_like(faces)
    batch, done = settings.batch_size, 0
    while done < len(faces):
        part = slice(done, min(done + batch, len(faces)))
        try:
            found = model.run(windows[part], _network_input(faces[part], references[part]))
        except MemoryError as error:
            if batch == 1:
                raise InputError(
                    f"one face does not fit into the memory of the device {model.device!r}",
                    remedy="free some of it, or use the device cpu",
                ) from error
            batch = max(1, (part.stop - part.start) // 2)
            continue
        made[part] = found.transpose(0, 2, 3, 1)
        done = part.stop
        if progress is not None:
            progress(done, len(faces))
    return made


def _network_input(faces: _Array, references: _Array) -> _Array:
    size = faces.shape[1]
    stacked = np.concatenate((faces, references), axis=-1).transpose(0, 3, 1, 2)
    stacked[:, :3, size // 2 :] = 0.0
    return stacked


def _check(model: Generates, faces: _Array, references: _Array, windows: _Array) -> None:
    n, size, mel = len(faces), model.config.image_size, model.config.mel
    face = (size, size, 3)
    wanted: dict[str, tuple[_Array, list[tuple[int, ...]]]] = {
        "faces": (faces, [(n, *face)]),
        "references": (references, [(n, *face), (1, *face)]),
        "windows": (windows, [(n, mel.bands, mel.window_steps)]),
    }
    for name, (array, shapes) in wanted.items():
        if array.dtype != np.float32 or array.shape not in shapes:
            raise InputError(f"{name} should be float32 {shapes[0]}, not {array.dtype} {array.shape}")
        if not np.isfinite(array).all():
            raise InputError(f"{name} hold values that are not numbers")
    if max(faces.max(initial=0), references.max(initial=0)) > _BRIGHTEST:
        raise InputError("faces should hold 0..1, not 0..255", remedy="divide them by 255")
