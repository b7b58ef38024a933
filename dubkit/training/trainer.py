"""The one loop that trains every network of the family."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dubkit.errors import DubkitError, OutputError
from dubkit.lipsync import Checkpoint, save_checkpoint
from dubkit.training.average import RunningMean
from dubkit.training.curve import Curve
from dubkit.training.dataset import Batch
from dubkit.training.expert_task import ExpertTask
from dubkit.training.generator_task import GeneratorTask
from dubkit.training.index import PreparedClips
from dubkit.training.parallel import Place
from dubkit.training.saved import Saved, read_saved, write_saved
from dubkit.training.settings import EXPERT_KIND, TUTOR_KIND, OptimizerSettings, TrainSettings
from dubkit.training.task import Task, network_checkpoint, to_tensors
from dubkit.training.tutor_task import TutorTask

__all__ = ["Progress", "train"]

Progress = Callable[[int, int, Mapping[str, float]], None]
"""Called with steps done, steps in all, and the latest numbers: parts of the loss, or what a look at held-out clips
found. May raise Cancelled: what is saved stays."""

_PRECISIONS = {"bf16": torch.bfloat16, "fp16": torch.float16}


def train(
    settings: TrainSettings,
    prepared: PreparedClips,
    folder: Path,
    place: Place,
    expert: Checkpoint | None = None,
    progress: Progress | None = None,
) -> int:
    """Train a network, or go on where a training in ``folder`` stopped.

    What it leaves: ``state.pt`` to go on from, ``curve.jsonl`` and ``tensorboard/``, ``sheets/STEP.png`` of a
    generator, and each network as a checkpoint, ``expert.safetensors`` or ``generator.safetensors``.

    Args:
        settings: How.
        prepared: The clips.
        folder: Where everything is kept; made where it is not there.
        place: This process among those that train together.
        expert: Judges the generator; not needed for an expert.
        progress: Told of each line of the curve.

    Returns:
        Steps done in all.

    Raises:
        InputError: if clips, settings or the training in ``folder`` do not fit.
        OutputError: if something cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot be made ({error.strerror})", path=folder) from error
    saved = read_saved(folder, settings)
    task = _make_task(settings, prepared, place, expert)
    run = _Run(settings, task, folder, place)
    if saved is not None:
        run.load(saved)
    return run.go(progress or _say_nothing)


def _say_nothing(done: int, total: int, numbers: Mapping[str, float]) -> None:
    """Progress for a caller who wants none."""


def _make_task(settings: TrainSettings, prepared: PreparedClips, place: Place, expert: Checkpoint | None) -> Task:
    if settings.kind == EXPERT_KIND:
        return ExpertTask(settings, prepared, place.device, place.wrap)
    if settings.kind == TUTOR_KIND:
        return TutorTask(settings, prepared, place.device, place.wrap)
    if expert is None:
        raise DubkitError("a generator learns under a lip-sync expert", remedy="train or convert one, and give it")
    return GeneratorTask(settings, prepared, expert, place.device, place.wrap)


class _Run:
    def __init__(self, settings: TrainSettings, task: Task, folder: Path, place: Place) -> None:
        self._settings, self._task, self._folder, self._place = settings, task, folder, place
        self._step = 0
        self._mean = RunningMean(self._products(), settings.optimizer.ema)
        self._optimizers: dict[str, torch.optim.Adam] = {}
        # The first step of each part that a training may have.
        for step in (0, settings.warm_up.steps, settings.run.steps - 1):
            for name, player in task.players(step).items():
                if name not in self._optimizers:
                    self._optimizers[name] = _optimizer(player, settings.optimizer)
        half = settings.optimizer.precision == "fp16"
        self._scaler = torch.amp.GradScaler(place.device.type, enabled=half)

    def load(self, saved: Saved) -> None:
        """Go on from there."""
        self._step = saved.step
        for name, network in self._task.networks.items():
            network.load_state_dict(saved.tensors["networks"][name])
        for name, network in self._mean.networks.items():
            network.load_state_dict(saved.tensors["mean"][name])
        for name, optimizer in self._optimizers.items():
            optimizer.load_state_dict(saved.tensors["optimizers"][name])
        self._scaler.load_state_dict(saved.tensors["scaler"])
        self._task.state.update(saved.numbers)

    def go(self, progress: Progress) -> int:
        """All steps that are left, or as many as the minutes allow."""
        run = self._settings.run
        until = time.monotonic() + 60 * run.minutes if run.minutes else math.inf
        curve = Curve(self._folder, self._step) if self._place.leads else None
        began, first = time.monotonic(), self._step
        try:
            for batches in self._batches():
                numbers = self._learn(batches)
                self._step += 1
                if self._step % run.log_every == 0 and curve is not None:
                    values = {name: float(value) for name, value in numbers.items()}
                    curve.add(self._step, values)
                    speed = (self._step - first) / (time.monotonic() - began)
                    progress(self._step, run.steps, {**values, "steps_per_second": speed})
                last = self._place.agreed(self._step == run.steps or time.monotonic() > until)
                # Not where the minutes end: an unbroken run would not look there, and what it sees steers the losses.
                if self._step % run.evaluate_every == 0 or self._step == run.steps:
                    self._evaluate(curve, progress)
                if self._step % run.save_every == 0 or last:
                    self._save()
                if last:
                    break
        finally:
            if curve is not None:
                curve.close()
        return self._step

    def _batches(self) -> Iterator[list[Batch]]:
        """The batches of each step that is left, made ahead by other threads."""
        run, optimizer = self._settings.run, self._settings.optimizer

        def make(step: int) -> list[Batch]:
            return [self._task.batch((step, part, self._place.rank)) for part in range(optimizer.accumulate)]

        with ThreadPoolExecutor(run.workers, "batches") as pool:
            coming: deque[Future[list[Batch]]] = deque()
            try:
                for step in range(self._step, run.steps):
                    coming.extend(
                        pool.submit(make, ahead)
                        for ahead in range(step + len(coming), min(step + run.workers + 1, run.steps))
                    )
                    yield coming.popleft().result()
            finally:
                for future in coming:
                    future.cancel()

    def _learn(self, batches: list[Batch]) -> Mapping[str, Tensor]:
        """One step of every player; the parts of their losses."""
        players = self._task.players(self._step)
        for name, player in players.items():
            player.train()
            self._optimizers[name].zero_grad(set_to_none=True)
            self._set_rate(name)
        numbers: dict[str, Tensor] = {}
        for index, batch in enumerate(batches):
            with self._together(players, last=index == len(batches) - 1):
                losses = self._task.losses(self._step, to_tensors(batch, self._place.device))
                for loss, parts in self._losses(losses):
                    torch.autograd.backward(self._scaler.scale(loss / len(batches)))
                    for part, value in parts.items():
                        numbers[part] = numbers.get(part, 0) + value / len(batches)
        for name, player in players.items():
            self._follow(name, player)
        self._scaler.update()
        self._mean.follow(self._products(), self._step)
        return numbers

    def _losses(
        self, losses: Iterator[tuple[str, Tensor, Mapping[str, Tensor]]]
    ) -> Iterator[tuple[Tensor, Mapping[str, Tensor]]]:
        """The same, computed at the precision of the settings; steps back are taken outside of it."""
        half = _PRECISIONS.get(self._settings.optimizer.precision)
        while True:
            context: Any = torch.autocast(self._place.device.type, half) if half is not None else nullcontext()
            with context:
                found = next(losses, None)
            if found is None:
                return
            yield found[1], found[2]

    def _together(self, players: Mapping[str, nn.Module], *, last: bool) -> ExitStack:
        stack = ExitStack()
        for player in players.values():
            stack.enter_context(self._place.accumulating(player, last))
        return stack

    def _follow(self, name: str, player: nn.Module) -> None:
        optimizer, clip = self._optimizers[name], self._settings.optimizer.clip
        if clip:
            self._scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(player.parameters(), clip)
        self._scaler.step(optimizer)

    def _set_rate(self, name: str) -> None:
        settings, warm = self._settings.optimizer, self._settings.warm_up
        first, end, rate, final = (
            warm.steps,
            self._settings.run.steps,
            settings.learning_rate,
            settings.final_learning_rate,
        )
        if self._settings.kind == TUTOR_KIND:
            end -= self._settings.tutor.hearing
        if name == "warm_up":
            rate, final = warm.learning_rate, 0.0
        elif name == "hearing":
            first, end, rate, final = end, self._settings.run.steps, self._settings.tutor.learning_rate, 1e-6
        if final:
            rate = final + (rate - final) * (1 + math.cos(math.pi * (self._step - first) / max(1, end - first))) / 2
        for group in self._optimizers[name].param_groups:
            group["lr"] = rate

    def _products(self) -> dict[str, nn.Module]:
        return {name: self._task.networks[name] for name in self._task.products}

    def _evaluate(self, curve: Curve | None, progress: Progress) -> None:
        # By every process alike, so that all of them switch their losses on at the same step.
        report = self._task.evaluate(self._mean.networks)
        if curve is not None:
            curve.add(self._step, report.numbers)
            progress(self._step, self._settings.run.steps, report.numbers)
            if report.sheet is not None:
                curve.show(self._step, report.sheet)

    def _save(self) -> None:
        if self._place.leads:
            tensors = {
                "networks": {name: network.state_dict() for name, network in self._task.networks.items()},
                "mean": {name: network.state_dict() for name, network in self._mean.networks.items()},
                "optimizers": {name: optimizer.state_dict() for name, optimizer in self._optimizers.items()},
                "scaler": self._scaler.state_dict(),
            }
            write_saved(self._folder, Saved(self._step, self._settings, tensors, dict(self._task.state)))
            for name, config in self._task.products.items():
                network = self._task.finished(self._mean.networks[name])
                save_checkpoint(self._folder / f"{name}.safetensors", network_checkpoint(network, config))
        self._place.wait()


def _optimizer(player: nn.Module, settings: OptimizerSettings) -> torch.optim.Adam:
    learned = [parameter for parameter in player.parameters() if parameter.requires_grad]
    return torch.optim.Adam(learned, lr=settings.learning_rate, betas=settings.betas)
