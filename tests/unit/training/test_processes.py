"""Two processes against one: the same global batch gives the same weights."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tests.unit.training.processes import CASES, main
from tests.unit.training.small import small_net

from depthwise.errors import TrainingError
from depthwise.training import EpochEnd, train

if TYPE_CHECKING:
    from pathlib import Path

ROUNDING = 1e-5  # relative; 20 steps of float32 sums in another order


def run_torchrun(digits: Path, folder: Path, env: dict[str, str], root: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone"),
            *("--nproc-per-node", "2", "-m", "tests.unit.training.processes"),
            *(digits, folder),
        ],
        env={**env, "PYTHONPATH": f"{root / 'src'}:{root}"},
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def both(tmp_path_factory, data_file, cli_env, repo_root):
    digits = data_file("sklearn", "datasets/data/digits.csv.gz")
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    run_torchrun(digits, two, cli_env, repo_root)
    main(digits, one)
    return one, two


@pytest.mark.parametrize("name", ["group norm", "frozen batch norm"])
def test_equal_up_to_rounding(both, name: str) -> None:
    one, two = (np.load(folder / f"{name}.npz") for folder in both)
    for key in one.files:
        scale = np.abs(one[key]).max()
        assert np.abs(one[key] - two[key]).max() <= ROUNDING * max(scale, 1), key
    start = small_net(norm=CASES[name][1], dropout=0.0).state_dict()
    assert np.abs(one["0.weight"] - start["0.weight"].numpy()).max() > 1e-3


def test_batch_norm_of_slices_is_close(both) -> None:
    one, two = (np.load(folder / "batch norm.npz") for folder in both)
    assert abs(one["accuracy"] - two["accuracy"]) <= 0.05
    assert np.abs(one["0.weight"] - two["0.weight"]).max() > 1e-4


def test_the_logs_of_several_processes_are_whole(both) -> None:
    lines = (both[1] / "group norm/metrics.csv").read_text().splitlines()
    assert len(lines) == 3


def test_ddp_of_one_process_is_plain(digits, parts, settings, tmp_path) -> None:
    plan = replace(settings, epochs=1, strategy="ddp")
    train(small_net(), digits, parts, plan, folder=tmp_path, progress=False)
    assert not torch.distributed.is_initialized()


def fail(end: EpochEnd) -> None:
    raise ZeroDivisionError(f"in epoch {end.row.epoch}")


@pytest.mark.slow
def test_a_process_that_fails_ends_all(digits, parts, settings, tmp_path) -> None:
    before = dict(os.environ)
    plan = replace(settings, devices=2)
    with pytest.raises(TrainingError, match=r"one ended with: Zero.* in epoch 1"):
        train(
            *(small_net(), digits, parts, plan),
            folder=tmp_path,
            progress=False,
            callbacks=[fail],
        )
    assert dict(os.environ) == before


@pytest.mark.slow
def test_processes_that_train_starts_itself(
    both, digits, parts, tmp_path, capfd
) -> None:
    settings, norm = CASES["group norm"]
    net = small_net(norm=norm, dropout=0.0)
    two = replace(settings, devices=2, strategy="ddp")
    result = train(net, digits, parts, two, folder=tmp_path, progress=False)
    assert result.processes == 2
    assert capfd.readouterr() == ("", "")
    torchrun = np.load(both[1] / "group norm.npz")
    for key, value in net.state_dict().items():
        assert np.array_equal(value.numpy(), torchrun[key]), key
