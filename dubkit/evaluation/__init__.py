"""Judges: pure metrics with stated conventions; pixels, boxes and sound come as arguments."""

from dubkit.evaluation.clips import ClipScores, ProtocolClip, mean_scores, stretch_faces, unit_faces, wrong_sound
from dubkit.evaluation.expert_protocol import ExpertProtocolSettings, ExpertScores, judge_expert
from dubkit.evaluation.fid import InceptionFeatures, frechet_distance, frechet_distance_of
from dubkit.evaluation.image import PERFECT_PSNR, MouthRegion, excess_flicker, flicker, mouth_l1, psnr, ssim
from dubkit.evaluation.landmarks import LandmarkFinder, mouth_distance, mouth_opening, opening_correlation
from dubkit.evaluation.mfcc import MfccSettings, mfcc
from dubkit.evaluation.protocols import GeneratorScores, ProtocolSettings, Takes, judge_generator, make_takes
from dubkit.evaluation.report import METRICS, ClipView, Evaluation, Judges, Metric, Score, evaluate_clip, markdown_table
from dubkit.evaluation.seam import (
    MOST_RATIO,
    MOST_SEAM,
    SeamScore,
    detail_ratio,
    flicker_ratio,
    noise_ratio,
    score_seam,
    seam_gradient,
)
from dubkit.evaluation.sheet import picture_rows, stack_sheets, takes_sheet
from dubkit.evaluation.sync import SyncScore, score_sync
from dubkit.evaluation.sync_crop import SyncCropSettings, cut_sync_crop, sync_crop_regions
from dubkit.evaluation.syncnet import SyncNet, SyncNetJudge
from dubkit.evaluation.tables import expert_table, generator_table

__all__ = [
    "METRICS",
    "MOST_RATIO",
    "MOST_SEAM",
    "PERFECT_PSNR",
    "ClipScores",
    "ClipView",
    "Evaluation",
    "ExpertProtocolSettings",
    "ExpertScores",
    "GeneratorScores",
    "InceptionFeatures",
    "Judges",
    "LandmarkFinder",
    "Metric",
    "MfccSettings",
    "MouthRegion",
    "ProtocolClip",
    "ProtocolSettings",
    "Score",
    "SeamScore",
    "SyncCropSettings",
    "SyncNet",
    "SyncNetJudge",
    "SyncScore",
    "Takes",
    "cut_sync_crop",
    "detail_ratio",
    "evaluate_clip",
    "excess_flicker",
    "expert_table",
    "flicker",
    "flicker_ratio",
    "frechet_distance",
    "frechet_distance_of",
    "generator_table",
    "judge_expert",
    "judge_generator",
    "make_takes",
    "markdown_table",
    "mean_scores",
    "mfcc",
    "mouth_distance",
    "mouth_l1",
    "mouth_opening",
    "noise_ratio",
    "opening_correlation",
    "picture_rows",
    "psnr",
    "score_seam",
    "score_sync",
    "seam_gradient",
    "ssim",
    "stack_sheets",
    "stretch_faces",
    "sync_crop_regions",
    "takes_sheet",
    "unit_faces",
    "wrong_sound",
]
