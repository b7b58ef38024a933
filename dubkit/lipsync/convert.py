"""Published PyTorch files into dubkit's own: safetensors, with how they are used written in the header."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from dubkit.errors import ModelError, OutputError
from dubkit.lipsync.checkpoint import Checkpoint
from dubkit.lipsync.published import identify_published
from dubkit.lipsync.storage import load_checkpoint, save_checkpoint

__all__ = ["convert_checkpoint"]


def convert_checkpoint(
    source: str | os.PathLike[str], target: str | os.PathLike[str], *, half: bool = False
) -> Checkpoint:
    """Write the generator, expert or discriminator in ``source`` as safetensors.

    Where ``source`` is one of the published files, its name and licence go into the training facts of the new one.

    Args:
        source: A checkpoint, in any form :func:`dubkit.lipsync.load_checkpoint` reads.
        target: The file to write; one that is there is replaced.
        half: Store weights as 16-bit floats, in half the space.

    Returns:
        What was written, in full precision.

    Raises:
        ModelError: if ``source`` is missing, damaged, holds anything but tensors, or another network.
        OutputError: if ``target`` cannot be written, or is ``source``.
    """
    source, target = Path(source), Path(target)
    if source.resolve() == target.resolve():
        raise OutputError("is the source and the result at once", path=target, remedy="write to another file")
    checkpoint = load_checkpoint(source)
    facts = {**checkpoint.config.training, **_origin(source)}
    checkpoint = Checkpoint(dataclasses.replace(checkpoint.config, training=facts), checkpoint.state)
    save_checkpoint(target, checkpoint, half=half)
    return checkpoint


def _origin(source: Path) -> dict[str, str]:
    try:
        published = identify_published(source)
    except ModelError:
        return {"converted_from": source.name}
    return {"converted_from": source.name, "published": published.name, "licence": published.licence}
