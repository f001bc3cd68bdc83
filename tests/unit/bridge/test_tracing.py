"""What a trace says of a module, and that it computes the same."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

from depthwise.bridge import run as run_torch
from depthwise.bridge import trace
from depthwise.errors import GraphError, UnsupportedOperatorError, UsageError
from depthwise.execute import run as run_numpy
from depthwise.graph import Batch


def small_net() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8, eps=1e-3, momentum=0.2),
        nn.ReLU6(inplace=True),
        nn.Conv2d(8, 8, (3, 4), padding="same", groups=8),
        nn.Hardswish(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(8, 4),
    )


def test_names_scopes_and_shapes_are_the_module_s_own():
    graph = trace(small_net(), (1, 3, 9, 9), name="small")
    assert graph.name == "small"
    assert [node.op for node in graph.nodes] == [
        "Conv",
        "BatchNormalization",
        "Clip",
        "Conv",
        "HardSwish",
        "GlobalAveragePool",
        "Flatten",
        "Dropout",
        "Gemm",
    ]
    assert [node.scope for node in graph.nodes] == list("012345678")
    assert graph.output_shapes() == ((Batch(), 4),)
    assert graph.nodes[3].attributes["pads"] == (1, 1, 1, 2)
    assert graph.nodes[1].attributes == {"epsilon": 1e-3, "momentum": 0.8}
    assert graph.nodes[1].inputs[1:] == (
        "1.weight",
        "1.bias",
        "1.running_mean",
        "1.running_var",
    )


def test_parameters_are_those_that_training_changes():
    module = small_net()
    graph = trace(module, (1, 3, 9, 9))
    assert graph.parameters == {name for name, _ in module.named_parameters()}
    assert "1.num_batches_tracked" not in graph.constants


def test_dropout_keeps_its_ratio():
    graph = trace(nn.Sequential(nn.Dropout(0.25)), (1, 4))
    (node,) = graph.nodes
    assert node.op == "Dropout"
    assert graph.constants[node.inputs[1]] == 0.25


def test_modes_and_parameters_are_left_alone():
    module = small_net().train()
    module[1].eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    graph = trace(module, (2, 3, 9, 9))
    assert [part.training for part in module] == [i != 1 for i in range(9)]
    after = module.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    with torch.no_grad():
        module[8].weight.zero_()
    assert np.any(graph.constants["8.weight"])


@pytest.mark.parametrize("batch", [1, 3, 32])
def test_both_executors_give_what_the_module_gives(batch):
    module = small_net().eval().double()
    graph = trace(module, (1, 3, 9, 9))
    x = torch.randn(batch, 3, 9, 9, dtype=torch.float64)
    wanted = module(x).detach().numpy()
    for run in (run_numpy, run_torch):
        (values,) = run(graph, [x.numpy()], dtype="float64")
        np.testing.assert_allclose(values[graph.outputs[0]], wanted, 1e-12, 1e-13)


class InPlace(nn.Module):
    """Writes through views, reads the base and sibling views afterwards."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(4, 4, 1)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.conv(x)
        rows = y.view(-1, 4, 2, 3)
        turned = rows.transpose(1, 2)
        self.act(turned)
        y += 1
        rows.mul_(2)
        return y, rows - x.view(-1, 4, 2, 3), turned * 3


def test_writes_reach_the_base_and_every_view():
    module = InPlace().eval().double()
    graph = trace(module, (1, 4, 6))
    x = torch.randn(3, 4, 6, dtype=torch.float64)
    with torch.no_grad():
        wanted = module(x)
    (values,) = run_numpy(graph, [x.numpy()], dtype="float64")
    for name, tensor in zip(graph.outputs, wanted, strict=True):
        np.testing.assert_allclose(values[name], tensor.numpy(), 1e-12, 1e-13)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(3, 3)
        self.twin = nn.Linear(3, 3, bias=False)
        self.twin.weight = self.mix.weight

    def forward(self, x):
        return {"logits": self.twin(self.mix(self.mix(x))), "input": x}


def test_shared_weights_are_one_constant_and_dictionaries_name_outputs():
    graph = trace(Shared(), (1, 3))
    assert set(graph.constants) == {"mix.weight", "mix.bias"}
    assert [node.inputs[1] for node in graph.nodes[:3]] == ["mix.weight"] * 3
    assert [node.name for node in graph.nodes[:3]] == ["mix", "mix.gemm", "twin"]
    assert graph.outputs == ("logits", "input")


def test_a_fixed_batch_is_accepted_and_said(caplog):
    class Fixed(nn.Module):
        def forward(self, x):
            return x.reshape(2, 6) * 2

    with caplog.at_level(logging.WARNING, "depthwise.bridge"):
        graph = trace(Fixed(), (4, 3))
    assert graph.batch == 4
    assert graph.output_shapes() == ((2, 6),)
    assert "fixes its batch to 4" in caplog.text


def test_an_operator_without_counterpart_is_named():
    class Spectrum(nn.Module):
        def forward(self, x):
            return torch.linalg.svdvals(x)

    with pytest.raises(UnsupportedOperatorError, match="svdvals at 1") as caught:
        trace(nn.Sequential(nn.ReLU(), Spectrum()), (2, 3, 3))
    assert "bridge.export_onnx" in caught.value.hint


def test_a_module_that_fails_on_its_example_is_a_graph_error():
    with pytest.raises(GraphError, match="must run on its example"):
        trace(nn.Conv2d(3, 8, 3), (1, 4, 9, 9))


def test_progress_counts_up_to_its_total():
    seen: list[tuple[int, int]] = []
    trace(small_net(), (1, 3, 9, 9), progress=lambda *step: seen.append(step))
    done = [step[0] for step in seen]
    assert done == sorted(set(done))
    assert seen[-1] == (20, 20)


class Nested(nn.Module):
    """Takes a dictionary and a pair, gives a tuple with a dictionary; counts calls."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(3, 2)
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, parts, pair=None):
        self.calls += 1
        mixed = self.mix(parts["image"]) + parts["sensor"].sum(1, keepdim=True)
        if pair is not None:
            mixed = mixed * pair[0] - pair[1]
        return mixed, {"counted": mixed * self.calls, "rest": [parts["image"]]}


def test_nested_inputs_and_outputs_are_flattened_by_name(caplog):
    module = Nested()
    shapes = {"image": (1, 3), "sensor": (1, 4)}
    with caplog.at_level(logging.WARNING, "depthwise.bridge"):
        graph = trace(module, (shapes, ((1, 2), (1, 2))))
    assert "changes calls" in caplog.text
    names = ["parts_image", "parts_sensor", "pair_0", "pair_1"]
    assert [i.name for i in graph.inputs] == names
    assert graph.outputs[1:] == ("1_counted", "1_rest_0")
    named = trace(module, {"parts": shapes, "pair": [(1, 2), (1, 2)]})
    assert [i.name for i in named.inputs] == names
    assert module.calls.item() == 0
    given = {i.name: np.ones((3, *i.type.shape[1:]), "float32") for i in graph.inputs}
    (values,) = run_numpy(graph, [given])
    parts = {"image": torch.ones(3, 3), "sensor": torch.ones(3, 4)}
    wanted, rest = module(parts, (torch.ones(3, 2), torch.ones(3, 2)))
    np.testing.assert_allclose(values[graph.outputs[0]], wanted.detach(), 1e-6)
    np.testing.assert_allclose(values["1_counted"], rest["counted"].detach(), 1e-6)


@pytest.mark.parametrize("example", ["image", (1, 0, 3), 7, [None, "x"]])
def test_what_is_no_example_is_refused(example):
    with pytest.raises(UsageError):
        trace(nn.ReLU(), example)
