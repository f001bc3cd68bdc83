"""Saved programs: the same Graph as a trace, and nothing that runs."""

import json
import shutil
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from depthwise.bridge import load_exported, trace
from depthwise.errors import (
    DepthwiseError,
    FormatError,
    UnsupportedOperatorError,
    UsageError,
)
from depthwise.execute import run

SHAPE = (2, 3, 8, 8)


class Net(nn.Module):
    """Writes in place through a view, holds a buffer and a number of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.act = nn.ReLU(inplace=True)
        self.register_buffer("scale", torch.arange(4.0).reshape(4, 1, 1))

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        y = self.norm(self.conv(x))
        view = y.view(x.shape[0], 4, -1)
        self.act(view)
        y += 1
        return {"scaled": y * self.scale, "view": view * torch.tensor([2.0])}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("exported") / "net.pt2"
    axes = ({0: torch.export.Dim("batch")},)
    program = torch.export.export(
        Net().eval(), (torch.zeros(SHAPE),), dynamic_shapes=axes
    )
    torch.export.save(program, path)
    return path


def test_a_saved_program_computes_what_the_module_does(saved: Path) -> None:
    torch.manual_seed(0)
    module = Net().eval()
    graph = load_exported(saved)
    assert (graph.name, graph.batch) == ("net", None)
    assert graph.parameters == trace(module, SHAPE).parameters
    x = torch.randn(5, 3, 8, 8)
    with torch.no_grad():
        wanted = module(x)
    (values,) = run(graph, [x.numpy()])
    for name, tensor in wanted.items():
        np.testing.assert_allclose(values[name], tensor.numpy(), 1e-5, 1e-5)


def test_another_input_is_refused(saved: Path) -> None:
    assert load_exported(saved, (7, 3, 8, 8)).batch is None
    with pytest.raises(UsageError, match=r"takes \[N,3,8,8\], got \[1,3,9,9\]"):
        load_exported(saved, (1, 3, 9, 9))


def test_lowered_programs_are_read_too(tmp_path: Path) -> None:
    layers = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 2))
    module = nn.Sequential(*layers).eval()
    example = torch.randn(SHAPE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of its own copies
        program = torch.export.export(module, (example,)).run_decompositions()
    torch.export.save(program, tmp_path / "core.pt2")
    graph = load_exported(tmp_path / "core.pt2", name="core")
    ops = [node.op for node in graph.nodes]
    assert ops == ["Conv", "BatchNormalization", "Flatten", "Gemm"]
    (values,) = run(graph, [example.numpy()])
    wanted = module(example).detach().numpy()
    np.testing.assert_allclose(values[graph.outputs[0]], wanted, 1e-5, 1e-5)


def rewrite(
    source: Path, target: Path, change: Callable[[str, bytes], bytes | None]
) -> None:
    """Copy an archive part by part; None leaves a part out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            data = change(entry.filename, old.read(entry))
            if data is not None:
                new.writestr(entry.filename, data)


def program_with(
    source: Path, target: Path, change: Callable[[Any], None], part: str = "model.json"
) -> None:
    def edit(name: str, data: bytes) -> bytes:
        if not name.endswith(part):
            return data
        program = json.loads(data)
        change(program)
        return json.dumps(program).encode()

    rewrite(source, target, edit)


def first_node(program: Any) -> Any:
    return program["graph_module"]["graph"]["nodes"][0]


def evil_size(program: Any) -> None:
    values = program["graph_module"]["graph"]["tensor_values"]
    size = next(s for v in values.values() for s in v["sizes"] if "as_expr" in s)
    size["as_expr"]["expr_str"] = "__import__('os').mkdir('owned')"


def evil_name(program: Any) -> None:
    inputs = program["graph_module"]["graph"]["inputs"]
    inputs[-1]["as_tensor"]["name"] = "x=__import__('os').mkdir('owned')"


def evil_spec(program: Any) -> None:
    call = program["graph_module"]["module_call_graph"][0]["signature"]
    call["in_spec"] = '[1, {"type": "os.mkdir", "context": "1", "children_spec": []}]'


EVIL: dict[str, Callable[[Any], None]] = {
    "a size": evil_size,
    "a name": evil_name,
    "arguments": evil_spec,
    "aten's operators": lambda p: first_node(p).update(target="torch.os.mkdir"),
    "counterpart": lambda p: first_node(p).update(
        target="torch.ops.aten.from_file.default"
    ),
    "list its nodes": lambda p: p.pop("graph_module"),
}


@pytest.mark.parametrize("rule", EVIL)
def test_programs_that_could_run_something_are_refused(
    rule: str, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program_with(saved, tmp_path / "evil.pt2", EVIL[rule])
    with pytest.raises((FormatError, UnsupportedOperatorError), match=rule):
        load_exported(tmp_path / "evil.pt2")
    assert not (tmp_path / "owned").exists()


def test_pickled_weights_are_refused(saved: Path, tmp_path: Path) -> None:
    def pickled(config: Any) -> None:
        next(iter(config["config"].values()))["use_pickle"] = True

    path = tmp_path / "pickled.pt2"
    program_with(saved, path, pickled, part="model_weights_config.json")
    with pytest.raises(FormatError, match="is pickled"):
        load_exported(path)


def test_pickled_samples_are_never_read(saved: Path, tmp_path: Path) -> None:
    def swap(name: str, data: bytes) -> bytes:
        evil = b"cos\nmkdir\n(S'owned'\ntR."
        return evil if "sample_inputs" in name else data

    rewrite(saved, tmp_path / "sample.pt2", swap)
    assert load_exported(tmp_path / "sample.pt2").outputs == ("scaled", "view")
    assert not Path("owned").exists()


def test_custom_objects_are_refused(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "custom.pt2"
    shutil.copy(saved, path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("net/data/constants/custom_obj_0", b"x")
    with pytest.raises(FormatError, match="programs and tensors only"):
        load_exported(path)


def test_damaged_files_are_one_sentence(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.pt2"
    path.write_bytes(saved.read_bytes()[:2000])
    with pytest.raises(FormatError, match="must be an archive"):
        load_exported(path)
    with pytest.raises(FormatError, match="must be an archive"):
        load_exported(tmp_path / "absent.pt2")

    def without_weights(name: str, data: bytes) -> bytes | None:
        return None if name.endswith("weight_0") else data

    rewrite(saved, path, without_weights)
    with pytest.raises(DepthwiseError, match="must be a program"):
        load_exported(path)
