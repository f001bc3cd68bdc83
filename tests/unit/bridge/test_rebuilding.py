"""A Graph rebuilt as a module: its names, its outputs, and a step of training."""

import copy
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from tests.unit.bridge.networks import samples
from torch import nn
from torch.nn import functional as F  # noqa: N812 - the field's name

from depthwise.bridge import module as rebuild
from depthwise.bridge import trace
from depthwise.execute import run
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify


class Block(nn.Module):
    """A bit of everything that holds parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(8, eps=1e-3, momentum=0.3),
            nn.ReLU(inplace=True),
        )
        self.mix = nn.ModuleDict({"a": nn.Conv2d(8, 8, 1), "b": nn.Conv2d(8, 8, 1)})
        self.mix["b"].weight = self.mix["a"].weight
        self.gate = nn.Parameter(torch.full((8, 1, 1), 0.5))
        self.register_buffer("offset", torch.linspace(0, 1, 8).reshape(8, 1, 1))
        self.bare = nn.BatchNorm2d(8, affine=False)
        self.up = nn.ConvTranspose2d(8, 4, 3, stride=2, output_padding=1)
        self.drop = nn.Dropout(0.0)
        self.norm = nn.GroupNorm(2, 4)
        self.tokens = nn.Linear(4, 6)
        self.layer_norm = nn.LayerNorm(6)
        self.head = nn.Linear(6, 5, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        x = x + self.mix["a"](x) + self.mix["b"](x)
        x = self.bare(x * self.gate + self.offset)
        x = self.norm(F.leaky_relu(self.up(x), 0.1))
        x = self.layer_norm(self.tokens(x.flatten(2).transpose(1, 2)))
        return self.head(self.drop(x.mean(1)))


def check_same_outputs(
    module: nn.Module, other: nn.Module, shape: Sequence[int]
) -> None:
    """Two modules give the same at batches 1, 3 and 32, in their current mode."""
    generator = torch.Generator().manual_seed(3)
    for batch in (1, 3, 32):
        x = torch.randn(batch, *shape, dtype=torch.float64, generator=generator)
        with torch.no_grad():
            wanted, got = module(x.clone()), other(x.clone())
        scale = float(wanted.abs().max())
        np.testing.assert_allclose(got.numpy(), wanted.numpy(), 1e-11, 1e-12 * scale)


def test_check_same_outputs_can_fail() -> None:
    with pytest.raises(AssertionError):
        check_same_outputs(nn.ReLU(), nn.Tanh(), (3,))


def seeded_block() -> nn.Module:
    torch.manual_seed(0)
    block = Block().double()
    for norm in (block.stem[1], block.bare):
        norm.running_mean.uniform_(-1, 1)
        norm.running_var.uniform_(0.5, 2)
    return block


def test_state_names_and_layers_are_the_original_s() -> None:
    block = seeded_block()
    rebuilt = rebuild(trace(block, (1, 3, 12, 12)))
    names = set(block.state_dict()) - {"mix.b.weight"}
    assert set(rebuilt.state_dict()) == names
    kinds = {name: type(part) for name, part in block.named_modules()}
    for name in ("stem.0", "stem.1", "up", "drop", "norm", "tokens", "head"):
        assert type(rebuilt.get_submodule(name)) is kinds[name]
    assert {n for n, _ in rebuilt.named_parameters()} == {
        n for n, _ in block.named_parameters()
    }
    assert not rebuilt.get_submodule("bare").affine


def test_outputs_are_the_same_in_eval_mode() -> None:
    block = seeded_block().eval()
    rebuilt = rebuild(trace(block, (1, 3, 12, 12))).eval()
    check_same_outputs(block, rebuilt, (3, 12, 12))


def step(module: nn.Module, x: torch.Tensor) -> dict[str, torch.Tensor]:
    module.train()
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    loss = (module(x) ** 2).sum()
    loss.backward()
    optimiser.step()
    return module.state_dict()


def test_a_step_of_training_is_the_same() -> None:
    block = seeded_block()
    rebuilt = rebuild(trace(block, (1, 3, 12, 12)))
    x = torch.randn(6, 3, 12, 12, dtype=torch.float64)
    before = copy.deepcopy(block.state_dict())
    wanted, got = step(block, x.clone()), step(rebuilt, x.clone())
    for name, tensor in got.items():
        scale = float(wanted[name].abs().max())
        np.testing.assert_allclose(tensor, wanted[name], 1e-10, 1e-12 * scale)
    moved = {n for n in before if not torch.equal(before[n], wanted[n])}
    assert {"stem.1.running_mean", "bare.running_var", "gate", "head.weight"} <= moved
    assert "offset" not in moved


def test_dropout_works_in_train_mode_only() -> None:
    rebuilt = rebuild(trace(nn.Sequential(nn.Dropout(0.5)), (1, 1000)))
    x = torch.ones(1, 1000)
    assert 300 < int((rebuilt.train()(x) == 0).sum()) < 700
    assert torch.equal(rebuilt.eval()(x), x)


def test_a_module_called_twice_stays_one_layer() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(4, 4, 3, padding=1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(F.relu(self.conv(x)))

    twice = Twice().double()
    rebuilt = rebuild(trace(twice, (1, 4, 9)))
    assert list(rebuilt.state_dict()) == ["conv.weight", "conv.bias"]
    assert str(rebuilt.code).count("self.conv(") == 2
    check_same_outputs(twice, rebuilt, (4, 9))


def test_names_of_onnx_files_become_paths() -> None:
    rng = np.random.default_rng(0)
    constants = {
        "onnx::Conv_12": rng.standard_normal((4, 3, 3, 3)).astype("float32"),
        "onnx::Conv_13": rng.standard_normal(4).astype("float32"),
    }
    x = Input("input.1", TensorType("float32", (Batch(), 3, 8, 8)))
    nodes = (
        Node("Conv", ("input.1", *constants), ("/a/0/y",), name="/a/0/Conv"),
        Node("Relu", ("/a/0/y",), ("out",), name="/a/1/Relu"),
    )
    graph = Graph("net", (x,), ("out",), nodes, constants, frozenset(constants))
    rebuilt = rebuild(verify(graph))
    assert list(rebuilt.state_dict()) == ["a.0.Conv.weight", "a.0.Conv.bias"]
    assert rebuilt(torch.zeros(2, 3, 8, 8)).shape == (2, 4, 6, 6)


def test_sizes_of_the_batch_and_several_results() -> None:
    class Token(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Parameter(torch.ones(1, 1, 4))

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            first = self.token.expand(x.size(0), -1, -1)
            return torch.cat([first, x], 1), torch.zeros(x.size(0) * 2, 3)

    rebuilt = rebuild(trace(Token(), (1, 5, 4)))
    joined, zeros = rebuilt(torch.zeros(7, 5, 4))
    assert joined.shape == (7, 6, 4)
    assert joined[:, 0].eq(1).all()
    assert zeros.shape == (14, 3)


@pytest.mark.parametrize("slopes", [1, 4])
def test_a_leaky_slope_a_channel_stays_one_operator(slopes: int) -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.PReLU(slopes), nn.Flatten(), nn.Linear(144, 4)
    ).append(nn.PReLU(slopes))
    first = trace(network.eval(), (2, 3, 8, 8))
    again = trace(rebuild(first).eval(), (2, 3, 8, 8))
    kinds = [
        [n.op for n in graph.nodes if n.op != "Reshape"] for graph in (first, again)
    ]
    assert kinds[0] == kinds[1]
    assert kinds[1].count("PRelu") == 2


def test_writes_and_norms_beside_an_open_batch() -> None:
    """As torch's exporter spells ``y[:, 2:4] = x`` and the norm of each sample."""
    x = Input("x", TensorType("float32", (Batch(), 2, 3)))
    y = Input("y", TensorType("float32", (Batch(), 4, 3)))
    turn = {"perm": (1, 0, 2)}
    nodes = (
        Node("Transpose", ("x",), ("a",), turn),
        Node("Transpose", ("y",), ("b",), turn),
        Node("ScatterND", ("b", "places", "a"), ("c",)),
        Node("Transpose", ("c",), ("d",), turn),
        Node("Shape", ("d",), ("n",), {"end": 1}),
        Node("Tile", ("scale", "n"), ("s",)),
        Node("Reshape", ("d", "row"), ("e",)),
        Node("BatchNormalization", ("e", "s", "s", "s", "s"), ("f",)),
    )
    constants = {
        "places": np.array([[2], [3]]),
        "scale": np.array([1, 2, 3, 4], "float32"),
        "row": np.array([1, -1, 3]),
    }
    graph = verify(Graph("written", (x, y), ("d", "f"), nodes, constants))
    module = rebuild(graph).eval()
    for batch in (1, 3):
        arrays = samples(graph, batch)
        wanted = next(run(graph, [arrays]))
        with torch.no_grad():
            got = module(*(torch.tensor(a) for a in arrays.values()))
        for name, tensor in zip(graph.outputs, got, strict=True):
            np.testing.assert_allclose(tensor, wanted[name], 1e-5, 1e-6)
