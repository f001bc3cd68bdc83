"""Operators that no table spells, through torch's own exporter."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge import export_onnx, trace
from depthwise.errors import GraphError, UnsupportedOperatorError
from depthwise.execute import run
from depthwise.formats import load_onnx
from depthwise.jobs.open import open_model


class Scattering(nn.Module):
    """Scatters the largest of several, which only torch's exporter spells."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        places = y.argsort(3)[..., :2]
        return y.scatter_reduce(3, places, 2 * y[..., 1:3], "amax")


class Singular(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.linalg.svdvals(x)


def test_the_file_computes_what_the_module_does(tmp_path: Path) -> None:
    module = Scattering().eval()
    with pytest.raises(UnsupportedOperatorError):
        trace(module, (2, 3, 8, 8))
    export_onnx(module, (2, 3, 8, 8), tmp_path / "net.onnx")
    graph = load_onnx(tmp_path / "net.onnx")
    x = torch.randn(5, 3, 8, 8)
    (values,) = run(graph, [x.numpy()])
    wanted = module(x).detach().numpy()
    np.testing.assert_allclose(values[graph.outputs[0]], wanted, 1e-5, 1e-5)


def test_opening_a_module_falls_back() -> None:
    opened = open_model(Scattering().eval(), (1, 3, 8, 8))
    assert (opened.graph.name, opened.graph.batch) == ("Scattering", None)
    assert "conv.weight" in opened.graph.parameters


def test_what_torch_exports_wrongly_is_refused() -> None:
    class Divided(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.avg_pool2d(x, 3, 2, ceil_mode=True, divisor_override=2)

    with pytest.raises(UnsupportedOperatorError, match="avg_pool2d") as caught:
        open_model(Divided(), (2, 3, 8, 8))
    assert "computes something else" in caught.value.hint


def test_what_neither_can_names_the_operator(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedOperatorError, match="linalg_svdvals") as caught:
        open_model(Singular(), (2, 3, 3))
    assert "torch's own exporter does not help" in caught.value.hint
    with pytest.raises(GraphError, match="torch's ONNX exporter must") as refused:
        export_onnx(Singular(), (2, 3, 3), tmp_path / "net.onnx")
    assert str(refused.value).isprintable()
    assert not (tmp_path / "net.onnx").exists()
