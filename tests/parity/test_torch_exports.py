"""What torch itself exports, with the names it gives, opset after opset."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.unit.formats.files import run_ours
from torch import Tensor, nn

from depthwise.formats import load_onnx
from depthwise.graph import Batch


class Block(nn.Module):
    """Depthwise convolution with squeeze-excite and a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.act = nn.Hardswish()
        self.se = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(width, 2, 1),
            nn.ReLU(),
            nn.Conv2d(2, width, 1),
            nn.Hardsigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.depthwise(x))
        return x + y * self.se(y)


class Network(nn.Module):
    """Blocks in nested sequences, resized, cropped and classified."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, 2, 1)
        pool = nn.MaxPool2d(2, ceil_mode=True)
        self.stages = nn.Sequential(Block(8), nn.Sequential(Block(8), pool))
        self.drop = nn.Dropout(0.2)
        self.fc = nn.Linear(8 * 7 * 7, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stages(self.stem(x))
        x = nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear")
        x = x[:, :, 1:8, :7]
        x = nn.functional.pad(x, (1, 1, 0, 0), mode="reflect")[..., 1:-1]
        return torch.softmax(self.fc(self.drop(x.reshape(x.shape[0], -1))), -1)


def export(module: nn.Module, path: Path, opset: int) -> Path:
    """Export with an open batch; the exporter's warnings are its own affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (torch.zeros(2, 3, 20, 20),),
            str(path),
            dynamo=False,
            opset_version=opset,
            input_names=["x"],
            dynamic_axes={"x": {0: "batch"}},
        )
    return path


@pytest.mark.parametrize("opset", [11, 12, 13, 15, 17, 18, 20])
def test_an_exported_network_computes_what_the_module_does(
    opset: int, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    module = Network().eval()
    graph = load_onnx(export(module, tmp_path / "a.onnx", opset))
    assert graph.types["x"].shape == (Batch(), 3, 20, 20)
    for batch in (1, 5):
        x = torch.randn(batch, 3, 20, 20)
        with torch.no_grad():
            expected = module(x).numpy()
        (found,) = run_ours(graph, {"x": x.numpy()})
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)
    operators = {node.op for node in graph.nodes}
    assert not operators & {"Shape", "Gather", "Constant", "Cast", "Unsqueeze"}


class Tokens(nn.Module):
    """A learned token before those of each picture, and halves of what was rotated."""

    def __init__(self) -> None:
        super().__init__()
        self.cut = nn.Conv2d(3, 8, 5, 5)
        self.token = nn.Parameter(torch.rand(1, 1, 8))
        self.mix = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cut(x).flatten(2).transpose(1, 2)
        half = x.shape[-1] // 2
        x = torch.cat((-x[..., half:], x[..., :half]), -1)
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), 1)
        x = self.mix(x, x, x, need_weights=False)[0]
        return x.view(x.shape[0], x.shape[1], 2, half).sum(2)[:, 0]


@pytest.mark.parametrize("opset", [14, 16, 18])
def test_tokens_before_an_open_batch(opset: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Tokens().eval()
    graph = load_onnx(export(module, tmp_path / "a.onnx", opset))
    for batch in (1, 5):
        x = torch.randn(batch, 3, 20, 20)
        with torch.no_grad():
            expected = module(x).numpy()
        (found,) = run_ours(graph, {"x": x.numpy()})
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)


def test_scopes_and_parameters_are_told_from_torchs_names(tmp_path: Path) -> None:
    module = Network().eval()
    graph = load_onnx(export(module, tmp_path / "a.onnx", 17))
    scopes = {node.scope for node in graph.nodes}
    paths = {name for name, _ in module.named_modules()}
    assert {"stages.1.0.depthwise", "stages.1.0.act", "stages.1.0.se.4"} <= scopes
    assert scopes <= paths
    assert graph.parameters == {name for name, _ in module.named_parameters()}
