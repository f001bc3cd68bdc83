"""Networks that counters disagree on: twelve that are often cited, twelve more.

Each is a torch module and the shape of its input. Layers are counted as they stand
inside a network, where the gradient of their input is needed too; whole networks are
not, since nothing asks for the gradient of a picture.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the name that torch's users know


@dataclass(frozen=True)
class CounterCase:
    """One network to count.

    Args:
        name: In the results.
        title: In the table.
        build: Makes the module.
        shape: Of its input, one sample.
        whole: Whether it is a network, whose input needs no gradient.
        training: Whether it is counted as it is in training.
    """

    name: str
    title: str
    build: Callable[[], nn.Module]
    shape: tuple[int, ...]
    whole: bool = False
    training: bool = False


class FunctionalDepthwise(nn.Module):
    """A depthwise convolution that is a function, with a weight of the module."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(64, 1, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, padding=1, groups=64)


class PaddedFirst(nn.Module):
    """Zeros on the right and below only, as TensorFlow pads at stride 2."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(32, 32, 3, stride=2, groups=32, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Causal(nn.Module):
    """A depthwise convolution over time that sees the past alone."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(32, 32, 9, dilation=2, groups=32, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.pad(x, (16, 0)))


class Twice(nn.Module):
    """One convolution that runs twice, on its own result."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(32, 32, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(torch.relu(self.conv(x)))


class EinsumAttention(nn.Module):
    """Attention of four heads, written with einsum."""

    def __init__(self) -> None:
        super().__init__()
        self.inputs = nn.Linear(64, 192, bias=False)
        self.output = nn.Linear(64, 64, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, _ = x.shape
        parts = self.inputs(x).view(batch, length, 3, 4, 16)
        query, key, value = parts.unbind(2)
        scores = torch.einsum("bqhd,bkhd->bhqk", query, key)
        mixed = torch.einsum("bhqk,bkhd->bqhd", scores.softmax(-1), value)
        return self.output(mixed.reshape(batch, length, 64))


class MatrixProduct(nn.Module):
    """A layer that multiplies with ``@`` and is no ``nn.Linear``."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(64, 32))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight


class Recurrent(nn.Module):
    """An LSTM in both directions over 20 steps."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(12, 16, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.lstm(x)[0]


class SqueezeExcite(nn.Module):
    """A depthwise convolution, and channels scaled by what they hold on average."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(64, 64, 5, padding=2, groups=64, bias=False)
        self.narrow = nn.Conv2d(64, 16, 1)
        self.wide = nn.Conv2d(16, 64, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        scale = self.narrow(x.mean((2, 3), keepdim=True))
        return x * torch.sigmoid(self.wide(torch.relu(scale)))


class ScaledAttention(nn.Module):
    """Torch's own fused attention of four heads, with nothing else."""

    def forward(self, x: Tensor) -> Tensor:
        heads = x.view(*x.shape[:2], 4, 16).transpose(1, 2)
        return F.scaled_dot_product_attention(heads, heads, heads)


def frozen_stem() -> nn.Module:
    """Make two convolutions of which only the second is trained."""
    net = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, bias=False),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1, groups=16, bias=False),
    )
    net[0].requires_grad_(requires_grad=False)
    return net


def normed() -> nn.Module:
    """Make a depthwise convolution with batch norm."""
    conv = nn.Conv2d(64, 64, 3, padding=1, groups=64, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(64), nn.ReLU())


def depthwise(channels: int = 64, **given: object) -> nn.Module:
    """Make a depthwise convolution of images."""
    settings = {"kernel_size": 3, "padding": 1, "bias": False, **given}
    return nn.Conv2d(channels, channels, groups=channels, **settings)  # type: ignore[arg-type]


ROWS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2))
ROWS += ((512, 1),) * 5 + ((1024, 2), (1024, 1))
"""Output channels and stride of MobileNetV1's rows: arXiv:1704.04861, table 1."""


def mobilenet() -> nn.Module:
    """Make MobileNetV1 of torch's own layers, which every counter knows."""

    def layer(inputs: int, outputs: int, size: int, **given: int) -> list[nn.Module]:
        conv = nn.Conv2d(inputs, outputs, size, padding=size // 2, bias=False, **given)
        return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]

    layers, width = layer(3, 32, 3, stride=2), 32
    for outputs, stride in ROWS:
        layers += layer(width, width, 3, stride=stride, groups=width)
        layers += layer(width, outputs, 1)
        width = outputs
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1000)]
    return nn.Sequential(*layers, *head)


IMAGE = (1, 64, 16, 16)

TWELVE = (
    CounterCase(
        "dense", "dense 3×3", lambda: nn.Conv2d(16, 32, 3, padding=1), (1, 16, 8, 8)
    ),
    CounterCase(
        "pointwise", "pointwise, no bias", lambda: nn.Conv2d(64, 32, 1, bias=False),
        (1, 64, 8, 8),
    ),
    CounterCase("depthwise", "depthwise 3×3", depthwise, IMAGE),
    CounterCase("bias", "the same with bias", lambda: depthwise(bias=True), IMAGE),
    CounterCase(
        "grouped", "grouped, 8 groups",
        lambda: nn.Conv2d(64, 64, 3, padding=1, groups=8, bias=False),
        (1, 64, 6, 6),
    ),
    CounterCase(
        "same", "depthwise 4×4, padding=\"same\"",
        lambda: depthwise(kernel_size=4, padding="same"), IMAGE,
    ),
    CounterCase(
        "transposed", "depthwise transposed, stride 2",
        lambda: nn.ConvTranspose2d(64, 64, 4, 2, 1, groups=64, bias=False),
        (1, 64, 8, 8),
    ),
    CounterCase(
        "functional", "F.conv2d inside a module", FunctionalDepthwise, IMAGE
    ),
    CounterCase(
        "one_axis", "depthwise 1-D, 9 taps",
        lambda: nn.Conv1d(32, 32, 9, padding=4, groups=32, bias=False), (1, 32, 256),
    ),
    CounterCase(
        "three_axes", "depthwise 3-D",
        lambda: nn.Conv3d(16, 16, 3, padding=1, groups=16, bias=False),
        (1, 16, 6, 6, 6),
    ),
    CounterCase(
        "multiplier", "depth multiplier 2",
        lambda: nn.Conv2d(32, 64, 3, padding=1, groups=32, bias=False),
        (1, 32, 16, 16),
    ),
    CounterCase("mobilenet_v1", "MobileNetV1", mobilenet, (1, 3, 224, 224), whole=True),
)  # fmt: skip

MORE = (
    CounterCase("asymmetric", "F.pad right and below, stride 2", PaddedFirst,
                (1, 32, 16, 16)),
    CounterCase(
        "dilated", "depthwise, dilation 2, strides 2 and 1",
        lambda: depthwise(32, stride=(2, 1), dilation=2, padding=2), (1, 32, 16, 16),
    ),
    CounterCase("causal", "causal depthwise 1-D, dilation 2", Causal, (1, 32, 256)),
    CounterCase(
        "electrodes", "depthwise across 22 electrodes, multiplier 2",
        lambda: nn.Conv2d(8, 16, (22, 1), groups=8, bias=False), (1, 8, 22, 128),
    ),
    CounterCase(
        "output_padding", "transposed, 4 groups, output padding",
        lambda: nn.ConvTranspose2d(
            32, 48, 3, 2, 1, output_padding=1, groups=4, bias=False
        ),
        (1, 32, 8, 8),
    ),
    CounterCase("twice", "one module called twice", Twice, (1, 32, 6, 6)),
    CounterCase("squeeze", "squeeze and excite", SqueezeExcite, IMAGE),
    CounterCase("norm", "with batch norm, in training", normed, IMAGE, training=True),
    CounterCase(
        "frozen", "frozen first layer", frozen_stem, (1, 3, 24, 24), whole=True
    ),
    CounterCase("product", "x @ weight", MatrixProduct, (1, 24, 64)),
    CounterCase("einsum", "attention by einsum", EinsumAttention, (1, 24, 64)),
    CounterCase("attention", "scaled_dot_product_attention", ScaledAttention,
                (1, 24, 64)),
    CounterCase("lstm", "LSTM in both directions", Recurrent, (1, 20, 12)),
)  # fmt: skip

CASES = TWELVE + MORE


def made(case: CounterCase) -> nn.Module:
    """Make a case's module, the same each time.

    Args:
        case: Any.

    Returns:
        The module, in training or in inference as the case says.
    """
    torch.manual_seed(0)
    return case.build().train(case.training)
