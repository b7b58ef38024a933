"""Everything that decides how a network is trained, in one frozen tree that a TOML file can hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from dubkit.errors import RecordError
from dubkit.lipsync import Reference
from dubkit.training.data_settings import AugmentSettings, DataSettings

__all__ = [
    "EXPERT_KIND",
    "GENERATOR_KIND",
    "KINDS",
    "TUTOR_KIND",
    "ExpertLoss",
    "GeneratorLoss",
    "ModelSettings",
    "OptimizerSettings",
    "RunSettings",
    "TrainSettings",
    "TutorSettings",
    "WarmUpSettings",
]

EXPERT_KIND = "expert"
GENERATOR_KIND = "generator"
TUTOR_KIND = "tutor"
KINDS = (EXPERT_KIND, TUTOR_KIND, GENERATOR_KIND)
"""In the order in which they are trained; the tutor may be left out."""


@dataclass(frozen=True)
class ModelSettings:
    """The network that is trained.

    Attributes:
        width: Factor on its inner channel counts.
        mel_offset_frames: Frames of 1/25 s from a frame (the first of five, for an expert) to its mel window.
        reference: ``same`` or ``other``, of a generator: what it is shown beside the face it changes. ``other`` draws
            one frame for all five; ``same`` gives five consecutive ones from elsewhere in the clip, as the paper does.
        start: Checkpoint to start from; empty for random weights.
        hear_as_expert: Of a generator that starts from random weights: take over what the expert's sound encoder has
            learned. The two have the same layers but for one residual block, which is passed over.
        moves: Of a generator: whether it also moves the reference's own pixels (:mod:`dubkit.lipsync.warping`); it may
            start from one that does not.
        discriminator_width: As ``width``, of the discriminator.
    """

    width: float = 1.0
    mel_offset_frames: int = 0
    reference: Reference = Reference.OTHER
    start: str = ""
    hear_as_expert: bool = False
    moves: bool = False
    discriminator_width: float = 1.0


@dataclass(frozen=True)
class WarmUpSettings:
    """Encoders first learn the mouth's shape by regression: without it they ignore the sound for very long.

    Attributes:
        steps: Steps of the run spent on it, at its beginning; 0 for none.
        batch: Groups of five frames in a batch.
        learning_rate: Of Adam, during it.
        components: Principal components of the mouth region that describe its shape.
    """

    steps: int = 0
    batch: int = 128
    learning_rate: float = 1e-3
    components: int = 16


@dataclass(frozen=True)
class OptimizerSettings:
    """How weights follow gradients.

    Attributes:
        learning_rate: Of Adam.
        final_learning_rate: Reached at the last step along half a cosine; 0 keeps the rate as it is.
        betas: Of Adam.
        clip: Largest norm of the gradients; 0 leaves them.
        accumulate: Batches whose gradients are added up before a step.
        ema: Decay of the running mean of the weights, which is what is evaluated and saved; 0 for none.
        precision: ``fp32``, ``bf16`` or ``fp16`` (with loss scaling).
    """

    learning_rate: float = 1e-4
    final_learning_rate: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float = 0.0
    accumulate: int = 1
    ema: float = 0.999
    precision: str = "fp32"

    def __post_init__(self) -> None:
        """Refuse what cannot be counted or computed."""
        if self.precision not in ("fp32", "bf16", "fp16"):
            raise RecordError(f"the precision {self.precision!r} does not exist", remedy="use fp32, bf16 or fp16")
        if self.accumulate < 1 or not 0 <= self.ema < 1:
            raise RecordError("accumulate should be at least 1, and ema lie in 0..1")


@dataclass(frozen=True)
class ExpertLoss:
    """What an expert is punished for.

    Attributes:
        binary: Weight of the paper's loss: binary cross-entropy of the cosine, right sound against wrong.
        contrast: Weight of cross-entropy over all windows of the clip: which of them belongs to these lips, and
            which lips to this window (after Chung et al., "Perfect Match", 2019).
        temperature: Cosines are divided by it before that.
    """

    binary: float = 1.0
    contrast: float = 0.0
    temperature: float = 0.07


@dataclass(frozen=True)
class GeneratorLoss:
    """What a generator is punished for.

    Total = (1 - sync - adversarial) L1 + sync E + adversarial G + shape S + motion M. The paper has sync 0.03 and
    adversarial 0.07; without a discriminator 0.01 and 0.

    Attributes:
        sync: Weight of the frozen expert's cross-entropy E; 0 until it is switched on.
        sync_below: It is switched on, for good, once E on held-out clips falls below this.
        adversarial: Weight of the discriminator's opinion G; there is a discriminator only where it is above 0.
        adversarial_from: Step from which G counts; the discriminator learns from its start on.
        mouth: Weight of a pixel in the mouth region in L1, over that of one outside.
        shape: Weight of the squared error S along the principal components of the mouth region.
        motion: Weight of the L1 distance M between the changes from frame to frame.
    """

    sync: float = 0.01
    sync_below: float = 0.75
    adversarial: float = 0.0
    adversarial_from: int = 0
    mouth: float = 1.0
    shape: float = 0.0
    motion: float = 0.0


@dataclass(frozen=True)
class TutorSettings:
    """A generator's beginning under a tutor, who sees the mouth (:mod:`dubkit.training.tutor`).

    Attributes:
        codes: Numbers the tutor may say.
        beside: Other frames of the clip from whose mean the numbers count: they say what a mouth does, not whose it is.
        noise: Standard deviation of what is added to them, whose own is 1, so that near numbers mean like mouths.
        mouth: Weight of a pixel in the mouth region in L1, over that of one elsewhere in the lower half.
        lips: The same of a pixel of the lips, however open.
        edges: Weight of the L1 distance between steps from pixel to pixel in the mouth region.
        shape: Weight of the squared error along the principal components of the mouth region.
        moved: Weight of L1 of the moved pixels alone, of a generator that moves them.
        moved_far: The same of both pictures blurred, so that pixels find their way from farther off.
        flow: Weight of the mean step from pixel to pixel, in pixels, of where they come from.
        closed: 0..1: share of the references whose mouth is as closed as any in the clip, as those are that dubbing
            chooses; the others are drawn among all frames.
        seen: What is changed in the tutor's own view alone, so that it cannot tell more than what the mouth does.
        hearing: Last steps of the run, in which the sound encoder learns to say what the tutor says.
        batch: Moments in a batch of these; ``data.windows`` of each clip.
        learning_rate: Of Adam, in these; it falls to nothing along half a cosine.
        gain: How much farther mouths move than the sound encoder says, who errs on the side of the mean.
    """

    codes: int = 6
    beside: int = 5
    noise: float = 0.25
    mouth: float = 8.0
    lips: float = 16.0
    edges: float = 1.0
    shape: float = 0.15
    moved: float = 0.4
    moved_far: float = 0.6
    flow: float = 0.003
    closed: float = 0.8
    seen: AugmentSettings = field(default_factory=lambda: AugmentSettings(flip=0.0))
    hearing: int = 1000
    batch: int = 96
    learning_rate: float = 5e-4
    gain: float = 1.0


@dataclass(frozen=True)
class RunSettings:
    """How long, how often; may be changed between two runs of one training.

    Attributes:
        steps: Steps in all.
        minutes: Minutes after which a run stops, as if killed after a save; 0 for no limit.
        evaluate_every: Steps between two looks at held-out clips.
        save_every: Steps between two saves.
        log_every: Steps between two lines of the curve.
        held_out_batches: Batches looked at.
        workers: Threads that make batches.
    """

    steps: int = 100_000
    minutes: float = 0.0
    evaluate_every: int = 1000
    save_every: int = 1000
    log_every: int = 20
    held_out_batches: int = 8
    workers: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be counted."""
        counts = (self.steps, self.evaluate_every, self.save_every, self.log_every, self.held_out_batches, self.workers)
        if min(counts) < 1:
            raise RecordError("counts of steps, batches and workers should be at least 1")


@dataclass(frozen=True)
class TrainSettings:
    """How a network is trained; the defaults are the paper's, as far as it says.

    Attributes:
        kind: ``expert``, ``tutor`` or ``generator``.
        seed: Decides the first weights and, with the step, every draw.
        model: The network.
        data: What a batch holds.
        warm_up: The encoders' beginning.
        optimizer: How weights follow gradients.
        expert: What an expert is punished for.
        tutor: A generator's beginning under a tutor.
        generator: What a generator is punished for.
        run: How long, how often.
    """

    kind: str = GENERATOR_KIND
    seed: int = 0
    model: ModelSettings = field(default_factory=ModelSettings)
    data: DataSettings = field(default_factory=DataSettings)
    warm_up: WarmUpSettings = field(default_factory=WarmUpSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    expert: ExpertLoss = field(default_factory=ExpertLoss)
    tutor: TutorSettings = field(default_factory=TutorSettings)
    generator: GeneratorLoss = field(default_factory=GeneratorLoss)
    run: RunSettings = field(default_factory=RunSettings)

    def __post_init__(self) -> None:
        """Refuse kinds nobody trains, and batches that cannot be drawn."""
        if self.kind not in KINDS:
            raise RecordError(f"a {self.kind!r} cannot be trained", remedy=f"use {', '.join(KINDS)}")
        if min(self.data.clips, self.data.apart) < 1 or self.data.windows < 2:
            raise RecordError("a batch needs at least 1 clip, 2 windows of each, and 1 frame between them")
        if self.kind == TUTOR_KIND and self.tutor.hearing >= self.run.steps:
            raise RecordError(
                f"the last {self.tutor.hearing} of {self.run.steps} steps are for hearing, and none is left to draw in",
                remedy="give more run.steps, or a smaller tutor.hearing",
            )
