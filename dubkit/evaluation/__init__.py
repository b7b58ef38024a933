"""Judges: pure metrics with stated conventions; pixels, boxes and sound come as arguments."""

from dubkit.evaluation.fid import InceptionFeatures, frechet_distance, frechet_distance_of
from dubkit.evaluation.image import PERFECT_PSNR, MouthRegion, excess_flicker, flicker, mouth_l1, psnr, ssim
from dubkit.evaluation.landmarks import LandmarkFinder, mouth_distance, mouth_opening, opening_correlation
from dubkit.evaluation.mfcc import MfccSettings, mfcc
from dubkit.evaluation.report import METRICS, ClipView, Evaluation, Judges, Metric, Score, evaluate_clip, markdown_table
from dubkit.evaluation.sync import SyncScore, score_sync
from dubkit.evaluation.sync_crop import SyncCropSettings, cut_sync_crop, sync_crop_regions
from dubkit.evaluation.syncnet import SyncNet, SyncNetJudge

__all__ = [
    "METRICS",
    "PERFECT_PSNR",
    "ClipView",
    "Evaluation",
    "InceptionFeatures",
    "Judges",
    "LandmarkFinder",
    "Metric",
    "MfccSettings",
    "MouthRegion",
    "Score",
    "SyncCropSettings",
    "SyncNet",
    "SyncNetJudge",
    "SyncScore",
    "cut_sync_crop",
    "evaluate_clip",
    "excess_flicker",
    "flicker",
    "frechet_distance",
    "frechet_distance_of",
    "markdown_table",
    "mfcc",
    "mouth_distance",
    "mouth_l1",
    "mouth_opening",
    "opening_correlation",
    "psnr",
    "score_sync",
    "ssim",
    "sync_crop_regions",
]
