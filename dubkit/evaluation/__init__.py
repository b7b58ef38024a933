"""Judges: pure metrics with stated conventions."""

from dubkit.evaluation.mfcc import MfccSettings, mfcc
from dubkit.evaluation.sync import SyncScore, score_sync

__all__ = ["MfccSettings", "SyncScore", "mfcc", "score_sync"]
