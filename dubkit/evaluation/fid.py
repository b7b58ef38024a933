"""Fréchet inception distance between two sets of pictures.

Heusel et al., "GANs trained by a two time-scale update rule converge to a local Nash equilibrium" (2017): the distance
of the two Gaussians fitted to the pictures' features. Lower is better, 0 for equal sets. It is biased upwards when
there are few pictures (thousands are usual), so only sets of one size, through one network, may be compared.
"""

from __future__ import annotations

import importlib
import os

import numpy as np
import numpy.typing as npt
import torch

from dubkit.errors import InputError, MissingDependencyError, ModelError
from dubkit.lipsync.device import choose_device
from dubkit.lipsync.storage import read_tensors

__all__ = ["InceptionFeatures", "frechet_distance", "frechet_distance_of"]

_FEATURES = 2048
_MODULE = "torch_fidelity.feature_extractor_inceptionv3"

Array = npt.NDArray[np.floating]


def frechet_distance(mean_a: Array, covariance_a: Array, mean_b: Array, covariance_b: Array) -> float:
    """Squared Fréchet distance of two Gaussians: |ma - mb|² + tr(A + B - 2 (A^½ B A^½)^½).

    The roots are taken through eigenvalues of symmetric matrices, where those that rounding made negative count as 0.

    Args:
        mean_a: (d,) mean of the first.
        covariance_a: (d, d) covariance A of the first.
        mean_b: (d,) mean of the second.
        covariance_b: (d, d) covariance B of the second.

    Raises:
        InputError: if their sizes differ, or they are not numbers.
    """
    d = mean_a.size
    shapes = [mean_a.shape, mean_b.shape, covariance_a.shape, covariance_b.shape]
    if shapes != [(d,), (d,), (d, d), (d, d)] or d == 0:
        raise InputError(f"two Gaussians of one size are compared, not {shapes}")
    if not all(np.isfinite(value).all() for value in (mean_a, mean_b, covariance_a, covariance_b)):
        raise InputError("Gaussians whose means or covariances are not numbers cannot be compared")
    values, vectors = np.linalg.eigh(covariance_a.astype(np.float64))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    middle = root @ covariance_b.astype(np.float64) @ root
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh((middle + middle.T) / 2), 0)).sum()
    apart = float(np.square(mean_a.astype(np.float64) - mean_b).sum())
    return max(0.0, apart + float(np.trace(covariance_a) + np.trace(covariance_b) - 2 * shared))


def frechet_distance_of(found: Array, reference: Array) -> float:
    """:func:`frechet_distance` of two sets of features, (n, d) and (m, d); covariances are over n - 1 and m - 1.

    Raises:
        InputError: if a set has fewer than two rows, or their widths differ.
    """
    for features in (found, reference):
        if features.ndim != 2 or len(features) < 2 or features.shape[1] != reference.shape[-1]:
            raise InputError(f"two sets of features (n, d) are compared, not {found.shape} and {reference.shape}")
    (mean_a, covariance_a), (mean_b, covariance_b) = _fitted(found), _fitted(reference)
    return frechet_distance(mean_a, covariance_a, mean_b, covariance_b)


def _fitted(features: Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    values = features.astype(np.float64)
    return values.mean(axis=0), np.atleast_2d(np.cov(values, rowvar=False))


class InceptionFeatures:
    """Features of pictures by the Inception network that FID is defined with, run by the package torch-fidelity.

    Args:
        path: Its weights, ``weights-inception-2015-12-05-6726825d.pth`` as that package publishes them.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        batch: Pictures worked on at a time; only speed and memory depend on it.

    Raises:
        MissingDependencyError: if torch-fidelity is not installed.
        ModelError: if the file is missing, holds anything but tensors, or holds another network.
        InputError: if the device is not there, or the batch is empty.
    """

    def __init__(self, path: str | os.PathLike[str], device: str = "auto", batch: int = 32) -> None:
        if batch < 1:
            raise InputError(f"a batch of {batch} pictures has no features", remedy="use 1 or more")
        self._batch = batch
        self._device = choose_device(device)
        try:
            inception = importlib.import_module(_MODULE)
        except ImportError as error:
            raise MissingDependencyError("torch-fidelity", extra="fid", purpose="measuring FID") from error
        read_tensors(path)  # the package may run code of a file it opens; by now there is none in it
        try:
            network: torch.nn.Module = inception.FeatureExtractorInceptionV3(
                "inception-v3-compat", [str(_FEATURES)], feature_extractor_weights_path=os.fspath(path)
            )
        except (RuntimeError, KeyError) as error:
            raise ModelError(
                "is not the Inception network of FID",
                path=path,
                remedy="give the weights that torch-fidelity publishes",
            ) from error
        self._network = network.to(self._device).eval()

    def find(self, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(n, 2048) features of (n, h, w, 3) uint8 BGR pictures, which the network resizes to 299 x 299 itself.

        Raises:
            InputError: if the pictures have another form.
        """
        if pictures.ndim != 4 or pictures.shape[-1] != 3 or pictures.size == 0 or pictures.dtype != np.uint8:
            raise InputError(f"pictures should be uint8 (n, h, w, 3), not {pictures.dtype} {pictures.shape}")
        found = []
        for start in range(0, len(pictures), self._batch):
            rgb = pictures[start : start + self._batch, ..., ::-1].transpose(0, 3, 1, 2)
            with torch.inference_mode():
                (features,) = self._network(torch.tensor(np.ascontiguousarray(rgb)).to(self._device))
            found.append(features.float().cpu().numpy())
        return np.concatenate(found)
