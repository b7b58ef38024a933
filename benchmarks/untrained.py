"""Generators that have learned nothing: they take as long as any other."""

from __future__ import annotations

from pathlib import Path

from dubkit.lipsync import Checkpoint, ModelConfig, save_checkpoint
from dubkit.lipsync.generator import Generator
from dubkit.training.task import network_checkpoint

__all__ = ["untrained", "write_untrained"]


def untrained(width: float) -> Checkpoint:
    """Random weights of a width."""
    return network_checkpoint(Generator(width), ModelConfig(width=width))


def write_untrained(path: Path, width: float) -> Path:
    """The same in a file."""
    save_checkpoint(path, untrained(width))
    return path
