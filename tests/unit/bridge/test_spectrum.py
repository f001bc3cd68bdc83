"""Spectra: short-time transforms as convolutions, whole ones as products."""

from collections.abc import Callable

import pytest
import torch
from tests.unit.bridge.test_functional import Functional, check_traced
from torch import nn

from depthwise.bridge import trace
from depthwise.costing import count
from depthwise.errors import GraphError


class MelSpectrogram(nn.Module):
    """The front end of audio networks, as Whisper writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(40), persistent=False)
        self.register_buffer("filters", torch.rand(6, 21))
        self.conv = nn.Conv1d(6, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = torch.stft(x, 40, 10, window=self.window, return_complex=True)
        power = found[..., :-1].abs() ** 2
        return self.conv((self.filters @ power).clamp(min=1e-10).log10())


def short(x: torch.Tensor, **options: object) -> torch.Tensor:
    window = torch.hamming_window(options.get("win_length", 16), dtype=x.dtype)
    return torch.stft(x, 16, window=window, return_complex=True, **options)


SIGNAL, SERIES = (2, 90), (2, 3, 12)
FUNCTIONS: dict[str, tuple[Callable[[torch.Tensor], object], tuple[int, ...]]] = {
    "short-time": (lambda x: torch.view_as_real(short(x, hop_length=5)), SIGNAL),
    "short window": (
        lambda x: short(x, win_length=11, center=False, normalized=True).abs(),
        SIGNAL,
    ),
    "both sides": (lambda x: short(x, onesided=False).imag, SIGNAL),
    "no window": (
        lambda x: torch.stft(x, 8, return_complex=True).real,
        SIGNAL,
    ),
    "one axis": (lambda x: torch.fft.rfft(x, dim=1).abs(), SERIES),
    "cut": (lambda x: torch.fft.rfft(x, n=7, norm="ortho").real, SERIES),
    "filled": (lambda x: torch.fft.fft(x, n=15, norm="forward").imag, SERIES),
    "moved": (
        lambda x: torch.fft.rfft(x).transpose(1, 2)[:, 1:].reshape(-1, 18).abs(),
        SERIES,
    ),
}


@pytest.mark.filterwarnings("ignore:A window was not provided")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_spectrum(name: str) -> None:
    function, shape = FUNCTIONS[name]
    check_traced(Functional(function), shape)


def test_a_front_end_is_a_counted_convolution() -> None:
    module = MelSpectrogram()
    check_traced(module, (2, 200))
    layers = count(trace(module.float(), (1, 200))).layers
    front = next(layer for layer in layers if layer.op == "Conv")
    assert front.macs == 2 * 21 * 40 * 21


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (torch.fft.rfft, "got torch.complex64"),
        (lambda x: torch.fft.rfft(x).angle(), "aten.angle .* must be real here"),
        (lambda x: torch.fft.rfft2(x).abs(), "must be real here"),
    ],
)
def test_complex_results_are_refused(
    function: Callable[[torch.Tensor], torch.Tensor], sentence: str
) -> None:
    with pytest.raises(GraphError, match=sentence):
        trace(Functional(function), (1, 3, 8))
