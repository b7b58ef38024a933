"""The generator by runtimes other than PyTorch, as far as they are installed."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from dubkit.lipsync import Checkpoint
from dubkit.lipsync.blocks import fold_batch_norm
from dubkit.lipsync.precision import fast_precisions
from dubkit.lipsync.ready import trained_network

__all__ = ["Array", "Way", "export", "other_ways", "quantize"]

Array: TypeAlias = npt.NDArray[np.float32]
Way: TypeAlias = Callable[[Array, Array], Array]
"""(n, 1, 80, 16) mel windows and (n, 6, 96, 96) faces to (n, 3, 96, 96) faces."""


def export(checkpoint: Checkpoint, windows: Tensor, faces: Tensor, path: Path) -> Path:
    """The generator as ONNX, norms folded."""
    network = trained_network(checkpoint)
    fold_batch_norm(network)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (windows, faces), str(path), input_names=["mel", "face"], output_names=["out"],
            dynamo=False, opset_version=17,
        )  # fmt: skip
    return path


def quantize(path: Path, sound: Array, pictures: Array) -> Path:
    """The convolutions of an ONNX file in int8, channel by channel, their ranges measured on what is given."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Once(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self.left = [{"mel": sound, "face": pictures}]

        def get_next(self) -> dict[str, Array] | None:
            return self.left.pop() if self.left else None

    small = path.with_name(f"{path.stem}_8.onnx")
    logging.disable(logging.WARNING)
    quantize_static(
        str(path), str(small), Once(), quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv", "ConvTranspose"],
    )  # fmt: skip
    return small


def other_ways(path: Path, threads: int) -> Iterator[tuple[str, Way]]:
    """An ONNX file by each runtime that is installed."""
    small = path.stem.endswith("8")
    if find_spec("onnxruntime"):
        yield "ONNX Runtime" + ", int8" * small, _onnx_runtime(path, threads)
    if find_spec("openvino"):
        for precision in ("f32", *(["bf16"] if fast_precisions(torch.device("cpu")) else [])):
            name = "int8" if small else precision.replace("f32", "fp32")
            yield f"OpenVINO, {name}", _openvino(path, threads, precision)
    if find_spec("MNN") and not small:
        yield "MNN", _mnn(path, threads)


def _onnx_runtime(path: Path, threads: int) -> Way:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda sound, pictures: np.asarray(session.run(None, {"mel": sound, "face": pictures})[0])


def _openvino(path: Path, threads: int, precision: str) -> Way:
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads}
    network: Any = import_module("openvino").Core().compile_model(str(path), "CPU", settings)
    return lambda sound, pictures: np.array(network([sound, pictures])[0])


def _mnn(path: Path, threads: int) -> Way:
    mnn: Any = import_module("MNN")
    laid_out = path.with_suffix(".mnn")
    convert = ["-f", "ONNX", "--modelFile", str(path), "--MNNModel", str(laid_out), "--bizCode", "dubkit"]
    subprocess.run([sys.executable, "-m", "MNN.tools.mnnconvert", *convert], check=True, capture_output=True)
    manager = mnn.nn.create_runtime_manager(({"backend": "CPU", "precision": "normal", "numThread": threads},))
    network = mnn.nn.load_module_from_file(str(laid_out), ["mel", "face"], ["out"], runtime_manager=manager)
    plain = mnn.expr.data_format.NCHW

    def run(sound: Array, pictures: Array) -> Array:
        given = [mnn.expr.const(each, list(each.shape), plain) for each in (sound, pictures)]
        return np.array(mnn.expr.convert(network.forward(given)[0], plain).read())

    return run
