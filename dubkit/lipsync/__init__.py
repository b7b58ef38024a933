"""New lips for a face: the generator, its checkpoints, and the one way to run it.

Faces, references and sound go in as arrays and come out as arrays; PyTorch stays inside.
"""

from dubkit.lipsync.checkpoint import Checkpoint, ModelConfig, Reference
from dubkit.lipsync.device import choose_device
from dubkit.lipsync.generator import Generator
from dubkit.lipsync.model import LipModel, load_model
from dubkit.lipsync.reference import ReferenceChooser
from dubkit.lipsync.registry import BUILTIN, find_model
from dubkit.lipsync.storage import load_checkpoint, save_checkpoint
from dubkit.lipsync.synthesize import Progress, SynthesisSettings, synthesize
from dubkit.lipsync.windows import mel_windows

__all__ = [
    "BUILTIN",
    "Checkpoint",
    "Generator",
    "LipModel",
    "ModelConfig",
    "Progress",
    "Reference",
    "ReferenceChooser",
    "SynthesisSettings",
    "choose_device",
    "find_model",
    "load_checkpoint",
    "load_model",
    "mel_windows",
    "save_checkpoint",
    "synthesize",
]
