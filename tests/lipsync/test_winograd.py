"""Convolutions with fewer multiplications: the same function, whatever else is in the batch."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from dubkit.lipsync import Generator, prepacked
from dubkit.lipsync.blocks import fold_batch_norm
from dubkit.lipsync.prepacked import can_prepack, prepack
from dubkit.lipsync.winograd import MinimalConvolution, can_be_minimal


def layer(inputs: int, outputs: int) -> nn.Conv2d:
    torch.manual_seed(inputs + outputs)
    return nn.Conv2d(inputs, outputs, 3, 1, 1)


@settings(max_examples=30, deadline=None)
@given(
    batch=st.integers(1, 5),
    height=st.integers(1, 13),
    width=st.integers(1, 13),
    channels=st.sampled_from([(3, 7), (16, 16), (130, 129)]),
)
def test_it_is_the_same_function(batch: int, height: int, width: int, channels: tuple[int, int]) -> None:
    convolution = layer(*channels)
    x = torch.randn(batch, channels[0], height, width, generator=torch.Generator().manual_seed(height))
    with torch.inference_mode():
        wanted = convolution(x).relu()
        made = MinimalConvolution(convolution, residual=False)(x.to(memory_format=torch.channels_last))
        torch.testing.assert_close(made, wanted, atol=1e-4, rtol=1e-4)
        if channels[0] == channels[1]:
            added = MinimalConvolution(convolution, residual=True)(x)
            torch.testing.assert_close(added, (convolution(x) + x).relu(), atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_it_loses_no_more_than_its_numbers_do() -> None:
    """The transforms multiply by up to 8 and add six numbers, twice: 100 dB are left of fp32's 140."""
    convolution = layer(256, 256)
    x = torch.randn(4, 256, 24, 24, generator=torch.Generator().manual_seed(0))
    exact = functional.conv2d(x.double(), convolution.weight.double(), convolution.bias.double(), 1, 1).relu()  # type: ignore[union-attr]
    made = MinimalConvolution(convolution, residual=False)(x).double()
    assert 10 * torch.log10(exact.square().mean() / (made - exact).square().mean()) > 100


@torch.inference_mode()
def test_a_picture_does_not_depend_on_those_beside_it() -> None:
    minimal = MinimalConvolution(layer(128, 128), residual=True)
    assert minimal.is_steady((128, 12, 12))
    x = torch.randn(37, 128, 12, 12, generator=torch.Generator().manual_seed(0))
    together = minimal(x)
    for index in (0, 15, 16, 36):
        assert torch.equal(minimal(x[index : index + 1]), together[index : index + 1])


def test_only_wide_layers_that_keep_their_size() -> None:
    assert can_be_minimal(layer(128, 128))
    assert not can_be_minimal(layer(127, 128))
    assert not can_be_minimal(nn.Conv2d(128, 128, 3, 2, 1))
    assert not can_be_minimal(nn.Conv2d(128, 128, 3, 1, 0))
    assert not can_be_minimal(nn.Conv2d(128, 128, 7, 1, 3))
    assert not can_be_minimal(nn.ConvTranspose2d(128, 128, 3, 1, 1))
    assert not can_be_minimal(layer(128, 128).bfloat16())


@pytest.mark.skipif(not can_prepack(torch.float32), reason="PyTorch has no oneDNN here")
@pytest.mark.parametrize("steady", [True, False])
def test_a_wide_generator_is_the_same_with_it_and_where_it_is_not_steady(
    monkeypatch: pytest.MonkeyPatch, steady: bool
) -> None:
    torch.manual_seed(0)
    plain = Generator(0.5).eval()
    fold_batch_norm(plain)
    random = torch.Generator().manual_seed(0)
    windows, faces = torch.rand((2, 1, 80, 16), generator=random), torch.rand((2, 6, 96, 96), generator=random)
    ran = []

    class Watched(MinimalConvolution):
        def is_steady(self, shape: list[int]) -> bool:  # type: ignore[override]
            ran.append(shape)
            return steady

    monkeypatch.setattr(prepacked, "MinimalConvolution", Watched)
    with torch.inference_mode():
        wanted = plain(windows, faces)
        prepack(plain)
        for _ in range(2):
            torch.testing.assert_close(plain(windows, faces), wanted, atol=1e-5, rtol=0)
    assert [128, 24, 24] in ran
