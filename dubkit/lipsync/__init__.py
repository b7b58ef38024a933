"""New lips for a face, and whether lips go with a sound: the networks, their checkpoints, and the one way to run each.

Faces, references and sound go in as arrays and come out as arrays; PyTorch stays inside.
"""

from dubkit.lipsync.checkpoint import Checkpoint, ModelConfig, Reference
from dubkit.lipsync.clock import CLOCK_RATE, Moments, pick_moments
from dubkit.lipsync.convert import convert_checkpoint
from dubkit.lipsync.device import choose_device
from dubkit.lipsync.discriminator import Discriminator
from dubkit.lipsync.expert import Expert
from dubkit.lipsync.fetch import fetch_published
from dubkit.lipsync.generator import Generator
from dubkit.lipsync.model import LipModel, load_model
from dubkit.lipsync.published import (
    PUBLISHED,
    FileState,
    PublishedFile,
    check_published,
    find_published,
    identify_published,
)
from dubkit.lipsync.reference import ReferenceChooser, ReferenceCrops
from dubkit.lipsync.registry import BUILTIN, find_expert, find_model
from dubkit.lipsync.score import SyncExpert, SyncScore, SyncSettings, clip_distances, mean_distances, score_track
from dubkit.lipsync.storage import load_checkpoint, read_tensors, save_checkpoint
from dubkit.lipsync.sync_model import SyncModel, load_expert
from dubkit.lipsync.synthesize import Generates, Progress, SynthesisSettings, synthesize
from dubkit.lipsync.windows import mel_windows

__all__ = [
    "BUILTIN",
    "CLOCK_RATE",
    "PUBLISHED",
    "Checkpoint",
    "Discriminator",
    "Expert",
    "FileState",
    "Generates",
    "Generator",
    "LipModel",
    "ModelConfig",
    "Moments",
    "Progress",
    "PublishedFile",
    "Reference",
    "ReferenceChooser",
    "ReferenceCrops",
    "SyncExpert",
    "SyncModel",
    "SyncScore",
    "SyncSettings",
    "SynthesisSettings",
    "check_published",
    "choose_device",
    "clip_distances",
    "convert_checkpoint",
    "fetch_published",
    "find_expert",
    "find_model",
    "find_published",
    "identify_published",
    "load_checkpoint",
    "load_expert",
    "load_model",
    "mean_distances",
    "mel_windows",
    "pick_moments",
    "read_tensors",
    "save_checkpoint",
    "score_track",
    "synthesize",
]
