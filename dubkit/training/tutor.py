"""A tutor: it sees a mouth and says what it does in a few numbers, so that a generator learns to draw before it hears.

Sound tells little of a mouth: who learns from it alone draws the mean of all mouths it may go with, which hardly moves.
A tutor tells all that a few numbers can hold, and so the generator learns how mouths open. Afterwards the sound encoder
learns to say the tutor's numbers; what it says goes where the tutor's word went. All that lies between the two is
linear, and becomes part of the generator's first layers: what comes out is a generator like any other.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from dubkit.lipsync import Generator
from dubkit.lipsync.warping import WarpingGenerator
from dubkit.training.losses import blurred, edge_l1, lower_l1, roughness, shape_error
from dubkit.training.players import masked_frames
from dubkit.training.settings import TutorSettings

__all__ = ["DrawingPlayer", "HearingPlayer", "Taught", "Tutor"]

_CHANNELS = (16, 32, 48, 64)


class Tutor(nn.Module):
    """Sees lower half faces and says what their mouths do.

    Args:
        codes: Numbers it may say; over all faces each has mean 0 and variance 1. They say how a mouth differs from
            others of the same clip: what is the same in all of them is for the reference to tell.
        image_size: Pixels on each side of a face.
        features: Length of what the generator's sound encoder gives, in place of which its word goes.
    """

    def __init__(self, codes: int, image_size: int, features: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before, height, width = 3, image_size // 2, image_size
        for channels in _CHANNELS:
            layers += [nn.Conv2d(before, channels, 3, 2, 1), nn.BatchNorm2d(channels), nn.ReLU()]
            before, height, width = channels, -(-height // 2), -(-width // 2)
        self.see = nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * height * width, codes))
        self.norm = nn.BatchNorm1d(codes, affine=False)
        self.say = nn.Linear(codes, features)

    def code(self, mouths: Tensor, beside: Tensor) -> Tensor:
        """(n, codes) of (n, 3, h / 2, w) BGR 0..1, counted from the mean of (n, m, 3, h / 2, w) of the same clip."""
        together = torch.cat((mouths[:, None], beside), 1)
        seen = self.see(together.flatten(0, 1)).unflatten(0, together.shape[:2])
        coded: Tensor = self.norm(seen[:, 0] - seen[:, 1:].mean(1))
        return coded

    def position(self, mouths: Tensor) -> Tensor:
        """(n, codes) in the units of :meth:`code`, counted from anywhere; only their differences mean something."""
        assert self.norm.running_var is not None
        found: Tensor = self.see(mouths) / (self.norm.running_var + self.norm.eps).sqrt()
        return found


class Taught(nn.Module):
    """A generator, its tutor, and what leads from the sound to the tutor's numbers.

    Args:
        generator: Learns to draw, then to hear.
        tutor: Tells it what to draw.
        features: Length of what its sound encoder gives.
    """

    def __init__(self, generator: Generator, tutor: Tutor, features: int) -> None:
        super().__init__()
        self.generator = generator
        self.tutor = tutor
        self.heard = nn.BatchNorm1d(features, affine=False)
        self.hear = nn.Linear(features, tutor.say.in_features, bias=False)

    @torch.no_grad()
    def finished(self, gain: float) -> Generator:
        """The generator alone, to which the sound says what the tutor said.

        With W, b a layer that is told (the first decoding one, and those that steer), T, t the tutor's word and H, m, s
        what leads from features f to codes, W (T H (f - m) / s + t) + b is again a layer of f.

        Args:
            gain: How much farther mouths move than what is heard says: a regression never goes far enough.
        """
        finished = copy.deepcopy(self.generator)
        assert self.heard.running_mean is not None
        assert self.heard.running_var is not None
        said = gain * self.tutor.say.weight @ self.hear.weight / (self.heard.running_var + self.heard.eps).sqrt()
        silent = self.tutor.say.bias - said @ self.heard.running_mean
        for layer in finished.hearing_layers:
            assert layer.bias is not None
            weight = layer.weight[:, :, 0, 0]
            layer.bias += weight @ silent
            layer.weight.copy_((weight @ said)[:, :, None, None])
        return finished


class DrawingPlayer(nn.Module):
    """A generator that learns to draw what its tutor says.

    Args:
        taught: The two.
        basis: (k, pixels) directions in which mouths change.
        settings: How.
    """

    def __init__(self, taught: Taught, basis: Tensor, settings: TutorSettings) -> None:
        super().__init__()
        generator, self.tutor = taught.generator, taught.tutor
        # All but the sound encoder: it does not hear yet.
        self.learns = nn.ModuleList(module for name, module in generator.named_children() if name != "audio_encoder")
        self._draw = generator.draw
        self._move = generator.move if isinstance(generator, WarpingGenerator) else None
        self._basis: Tensor
        self.register_buffer("_basis", basis, persistent=False)
        self._settings = settings

    def forward(self, batch: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted losses, and their parts."""
        told = self.tutor.say(self.tutor.code(batch["mouths"], batch["mouths_beside"]) + batch["noise"])
        faces, settings = batch["faces"], self._settings
        weights = settings.mouth, settings.lips
        given = told[..., None, None], masked_frames(faces, batch["references"])
        moved = self._move(*given) if self._move else None
        made = moved.made if moved else self._draw(*given)
        parts = {
            "l1": lower_l1(made, faces, *weights),
            "edges": edge_l1(made, faces),
            "shape": shape_error(made, faces, self._basis),
        }
        total = parts["l1"] + settings.edges * parts["edges"] + settings.shape * parts["shape"]
        if moved:
            parts["moved"] = lower_l1(moved.moved, faces, *weights)
            parts["moved_far"] = lower_l1(blurred(moved.moved), blurred(faces), *weights)
            parts["flow"] = roughness(moved.flow)
            total = total + settings.moved * parts["moved"] + settings.moved_far * parts["moved_far"]
            total = total + settings.flow * parts["flow"]
        return total, {name: part.detach() for name, part in parts.items()}


class HearingPlayer(nn.Module):
    """A sound encoder that learns to say what the tutor says, but for what stays the same throughout a clip.

    Args:
        taught: Whose.
        windows: Moments of each clip in a batch.
    """

    def __init__(self, taught: Taught, windows: int) -> None:
        super().__init__()
        self.audio_encoder, self.heard, self.hear = taught.generator.audio_encoder, taught.heard, taught.hear
        self._windows = windows

    def forward(self, windows: Tensor, codes: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The mean squared error for (n, 1, 80, 16) windows and (n, codes), clip by clip; its share of the variance."""
        said = self.hear(self.heard(self.audio_encoder(windows).flatten(1))).float()
        said, wanted = (_moved(each, self._windows) for each in (said, codes))
        error = (said - wanted).square().mean()
        return error, {"unexplained_codes": error.detach() / wanted.square().mean()}


def _moved(codes: Tensor, windows: int) -> Tensor:
    """(clips, windows, codes): how far each moment is from the mean of its clip."""
    clips = codes.reshape(-1, windows, codes.shape[1])
    return clips - clips.mean(1, keepdim=True)
