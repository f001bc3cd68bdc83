"""What a run shows, logs and needs: stderr, TensorBoard, precision, Lightning."""

from __future__ import annotations

import importlib.util
import io
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from rich.console import Console
from tests.unit.training.small import small_net

from depthwise.errors import MissingDependencyError, TrainingError
from depthwise.training import EpochRow, TrainingSettings, accelerator, train
from depthwise.training.progress import Bar, Lines, Silence, reporter

if TYPE_CHECKING:
    from pathlib import Path

ROW = EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9)
SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
from tests.unit.training.small import read_digits, small_net, small_parts
from depthwise.training import TrainingSettings, train
train(small_net(), read_digits(Path(sys.argv[1])), small_parts(),
      TrainingSettings(epochs=2), folder=sys.argv[2])
"""


def test_a_run_says_one_line_an_epoch_and_nothing_else(
    tmp_path: Path, data_file, cli_env, repo_root
) -> None:
    digits = data_file("sklearn", "datasets/data/digits.csv.gz")
    env = {**cli_env, "PYTHONPATH": f"{repo_root / 'src'}:{repo_root}"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, digits, tmp_path / "run"],
        env=env,
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("epoch 1/2  loss ")
    assert second.startswith("epoch 2/2  loss ")
    assert "val acc" in second


def test_the_bar_shows_the_figures() -> None:
    console = Console(force_terminal=True, width=100, record=True, file=io.StringIO())
    bar = Bar(console, epochs=2, steps=4, title="separable")
    assert bar.due()
    assert not bar.due()
    bar.step(1, 2, 1.25, 0.5)
    bar.epoch(ROW)
    bar.step(2, 4, 0.75, 0.25)
    bar.close()
    text = console.export_text()
    assert "separable" in text
    assert "epoch 2/2  loss 0.750  acc 25.0%  val 90.0%" in text


def test_no_terminal_no_bar() -> None:
    assert isinstance(reporter(TrainingSettings(), 3, show=True), Lines)
    silent = reporter(TrainingSettings(), 3, show=False)
    assert isinstance(silent, Silence)
    assert not silent.due()


def test_tensorboard_holds_every_epoch(digits, parts, settings, tmp_path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    plan = replace(settings, tensorboard=True)
    result = train(small_net(), digits, parts, plan, folder=tmp_path, progress=False)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    found = [(e.step, e.value) for e in events.Scalars("validation/accuracy")]
    wanted = [(r.epoch, np.float32(r.validation_accuracy)) for r in result.rows]
    assert found == wanted


def test_bfloat16_learns_too(digits, parts, settings, tmp_path) -> None:
    plan = replace(settings, epochs=4, precision="bfloat16", accelerator="cpu")
    net = small_net()
    result = train(net, digits, parts, plan, folder=tmp_path, progress=False)
    assert result.precision == "bf16-mixed"
    assert result.best.validation_accuracy > 0.7
    assert {p.dtype for p in net.parameters()} == {torch.float32}
    exact = replace(plan, precision="float32")
    other = small_net()
    train(other, digits, parts, exact, folder=tmp_path / "32", progress=False)
    assert not torch.equal(other[0].weight, net[0].weight)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused(digits, parts, tmp_path) -> None:
    plan = TrainingSettings(epochs=1, accelerator="gpu")
    with pytest.raises(
        TrainingError, match="GPUs that torch sees; got 1, torch sees 0"
    ):
        train(small_net(), digits, parts, plan, folder=tmp_path, progress=False)
    assert not list(tmp_path.iterdir())


def test_mixed_precision_stays_exact_without_a_gpu() -> None:
    plan = TrainingSettings(precision="mixed", accelerator="cpu")
    assert accelerator.precision(plan) == "32-true"


@pytest.mark.parametrize(
    ("package", "plan"),
    [
        ("lightning", TrainingSettings(epochs=1)),
        ("tensorboard", TrainingSettings(epochs=1, tensorboard=True)),
    ],
)
def test_what_is_not_installed_is_named(
    digits, parts, tmp_path, monkeypatch, package, plan
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == package else find(name, *rest),
    )
    with pytest.raises(MissingDependencyError) as caught:
        train(small_net(), digits, parts, plan, folder=tmp_path, progress=False)
    assert caught.value.hint.startswith("pip install")
    assert not list(tmp_path.iterdir())


def test_max_norms_hold_after_every_step(digits, parts, settings, tmp_path) -> None:
    from depthwise.nn import DepthwiseConv2d

    net = torch.nn.Sequential(
        DepthwiseConv2d(1, 3, depth_multiplier=8, max_norm=0.25),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(288, 10),
    )
    train(net, digits, parts, settings, folder=tmp_path, progress=False)
    lengths = net[0].weight.flatten(1).norm(dim=1)
    assert lengths.max() <= 0.25 + 1e-6
    assert (lengths > 0.24).any()
