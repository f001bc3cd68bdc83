"""Checkpoints: plain values, whole or not at all, and of this run or refused."""

from __future__ import annotations

import pickletools
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from tests.unit.training.small import Digits, small_net

from depthwise.errors import FormatError, TrainingError
from depthwise.training import TrainingSettings, train
from depthwise.training.checkpoint import Checkpoint, load, save
from depthwise.training.journal import EpochRow, append

ROW = EpochRow(1, 0.1, 0.5, 0.8, 0.6, 0.9)


def made(**changes) -> Checkpoint:
    whole = Checkpoint(
        settings=TrainingSettings(),
        data="abc",
        rows=(ROW,),
        weights={"w": torch.arange(3.0)},
        best={"w": torch.arange(3.0)},
        optimizer={"state": {}, "param_groups": []},
        average={},
        updates=0,
        threads=1,
        seconds=1.5,
        waited=0.5,
        layers="Linear(in_features=1, out_features=3)",
    )
    return replace(whole, **changes)


@pytest.fixture
def trained(digits, parts, settings, tmp_path):
    """A folder with a run of one epoch, and what it was told."""
    settings = replace(settings, epochs=1, ema_decay=0.9)
    train(small_net(), digits, parts, settings, folder=tmp_path, progress=False)
    return tmp_path, settings


def test_a_checkpoint_comes_back(tmp_path: Path) -> None:
    save(tmp_path / "c.pt", made())
    back = load(tmp_path / "c.pt")
    assert torch.equal(back.weights["w"], torch.arange(3.0))
    assert back.rows == (ROW,)
    assert back.settings == TrainingSettings()
    assert vars(back).keys() == vars(made()).keys()


def test_nothing_but_tensors_numbers_and_strings(trained) -> None:
    def walk(value) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                assert isinstance(key, str | int)
                walk(item)
        elif isinstance(value, list | tuple):
            for item in value:
                walk(item)
        else:
            assert value is None or isinstance(value, torch.Tensor | float | str | int)

    path = trained[0] / "checkpoint.pt"
    values = torch.load(path, weights_only=True)
    assert values["rows"]
    assert values["optimizer"]["state"]
    assert values["average"]
    walk(values)
    with zipfile.ZipFile(path) as archive:
        name = next(n for n in archive.namelist() if n.endswith("data.pkl"))
        operations = pickletools.genops(archive.read(name))
        named = {arg for op, arg, _ in operations if op.name == "GLOBAL"}
    assert named <= {
        "torch._utils _rebuild_tensor_v2",
        "torch FloatStorage",
        "torch LongStorage",
        "collections OrderedDict",
    }


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, 0.99])
def test_a_cut_checkpoint_is_refused(tmp_path: Path, keep: float) -> None:
    path = tmp_path / "checkpoint.pt"
    save(path, made())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else keep])
    with pytest.raises(FormatError, match="must be a whole checkpoint"):
        load(path)


@pytest.mark.parametrize("value", [[1], {"format": "other"}, {}, torch.zeros(2)])
def test_another_file_is_refused(tmp_path: Path, value) -> None:
    path = tmp_path / "checkpoint.pt"
    torch.save(value, path)
    with pytest.raises(FormatError, match=r"checkpoint\.pt must be a .*checkpoint"):
        load(path)


def test_code_in_a_checkpoint_does_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    path = tmp_path / "checkpoint.pt"
    torch.save({"format": "depthwise-checkpoint-1", "rows": Trap()}, path)
    with pytest.raises(FormatError, match="must be a whole checkpoint"):
        load(path)
    assert not (tmp_path / "ran").exists()


def test_a_checkpoint_of_something_else_is_refused(digits, parts, trained) -> None:
    folder, settings = trained
    log = (folder / "metrics.csv").read_bytes()

    def refused(net, data, plan, words):
        with pytest.raises(TrainingError, match=words):
            train(net, data, parts, plan, folder=folder, resume=True, progress=False)
        assert (folder / "metrics.csv").read_bytes() == log

    labels = digits.labels.copy()
    labels[parts.train[0]] = 1 - labels[parts.train[0]] % 2
    other = Digits(digits.inputs, labels)
    dim = Digits(digits.inputs / 2, digits.labels)
    longer = replace(settings, epochs=9)
    words = r"own network; got 4\.running_mean=nothing, checkpoint has .*=\[16\]"
    refused(small_net(norm="group"), digits, settings, words)
    words = r"own layers; got line 9=\(7\): Dropout\(p=0\.5.*has .*Dropout\(p=0\.2"
    refused(small_net(dropout=0.5), digits, settings, words)
    refused(small_net(), digits, longer, "settings; got epochs=9, checkpoint has .*=1")
    refused(small_net(), other, settings, "own data, split and preprocessing")
    refused(small_net(), dim, settings, "own data, split and preprocessing")


def test_settings_without_effect_may_change(digits, parts, trained) -> None:
    folder, settings = trained
    other = replace(settings, loader_threads=3)
    net = small_net()
    train(net, digits, parts, other, folder=folder, resume=True, progress=False)
    best = load(folder / "checkpoint.pt").best
    assert all(torch.equal(net.state_dict()[name], best[name]) for name in best)


def test_a_changed_log_is_refused_and_kept(digits, parts, trained) -> None:
    folder, settings = trained
    log = folder / "metrics.csv"
    log.write_text(log.read_text().replace("1,", "7,", 1))
    before = log.read_bytes()
    with pytest.raises(TrainingError, match="must be the beginning of this run's log"):
        train(
            small_net(),
            digits,
            parts,
            settings,
            folder=folder,
            resume=True,
            progress=False,
        )
    assert log.read_bytes() == before


@pytest.mark.parametrize("present", ["", "epoch,lea", "whole", "cut"])
def test_a_log_that_was_cut_off_is_completed(tmp_path: Path, present: str) -> None:
    path = tmp_path / "metrics.csv"
    append(path, [ROW, replace(ROW, epoch=2)])
    whole = path.read_text()
    path.write_text({"whole": whole, "cut": whole[:-3]}.get(present, present))
    append(path, [ROW, replace(ROW, epoch=2)])
    assert path.read_text() == whole


def test_a_full_disk_keeps_the_checkpoint_before(tmp_path: Path, cli_env) -> None:
    path = tmp_path / "checkpoint.pt"
    save(path, made())
    before = path.read_bytes()
    code = (
        "import sys, resource, signal, torch\n"
        "from pathlib import Path\n"
        "from dataclasses import replace\n"
        "from depthwise.training.checkpoint import load, save\n"
        "path = Path(sys.argv[1])\n"
        "large = replace(load(path), weights={'w': torch.zeros(100_000)})\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "save(path, large)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path],
        env=cli_env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TrainingError" in done.stderr
    assert "checkpoint.pt must be writable; got File too large" in done.stderr
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_what_a_killed_run_left_half_written_is_removed(digits, parts, trained) -> None:
    folder, settings = trained
    half = folder / ".checkpoint.pt.abcd"
    half.write_bytes(b"half")
    train(
        small_net(),
        digits,
        parts,
        settings,
        folder=folder,
        resume=True,
        progress=False,
    )
    assert not half.exists()
