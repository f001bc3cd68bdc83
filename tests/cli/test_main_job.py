"""The main job end to end on real recordings, small: twin, train, predict."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from depthwise.formats import load_folder

PEOPLE = ("1", "2", "3")


@pytest.fixture(scope="module")
def watch_npz(tmp_path_factory):
    """Every sixth window of three people, as a file of arrays."""
    from depthwise.data import open_data

    data = open_data("watch")
    some = data.take(np.flatnonzero(np.isin(data.groups, PEOPLE))[::6])
    path = tmp_path_factory.mktemp("data") / "watch.npz"
    np.savez(
        path,
        inputs=some.inputs,
        labels=some.labels,
        groups=some.groups,
        recordings=some.recordings,
        classes=np.array(some.classes),
        channels=np.array(some.channels),
    )
    return path


@pytest.fixture(scope="module")
def experiment(run_cli, watch_npz, tmp_path_factory):
    out = tmp_path_factory.mktemp("twin") / "out"
    words = ("--epochs", "2", "--folds", "3", "--json")
    done = run_cli("twin", watch_npz, "-o", out, *words)
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def test_the_summary_says_everything(experiment):
    out, summary = experiment
    assert json.loads((out / "summary.json").read_text()) == summary
    assert list(summary["variants"]) == ["dense", "separable"]
    for variant in summary["variants"].values():
        assert len(variant["runs"]) == 3
        assert 0 <= variant["accuracy_windows"] <= 1
        assert 0 <= variant["accuracy_recordings"] <= 1
        assert variant["model_bytes"] > 4 * variant["params"]
        assert variant["latency_us"] > 0
        assert variant["engine_latency_us"] > 0
        assert 0 <= variant["dead_channels"] < variant["channels"]
        assert 0 < variant["mean_absolute_correlation"] < 1
        assert len(variant["runs"][0]["history"]) == 2
        windows = np.sum([run["confusion"] for run in variant["runs"]])
        assert windows == summary["data"]["samples"]


def test_the_twins_are_compared(experiment):
    _, summary = experiment
    compared = summary["comparisons"]["separable"]
    dense, separable = summary["variants"].values()
    assert compared["theoretical_saving"] == dense["macs"] / separable["macs"]
    assert compared["theoretical_saving"] >= 4
    assert compared["realised_saving"] > 0
    assert compared["engine_realised_saving"] > 0
    difference = compared["difference_windows"]
    assert difference["low"] < difference["value"] < difference["high"]


def test_no_person_is_in_two_parts(experiment):
    _, summary = experiment
    tested = []
    for parts in summary["folds"].values():
        groups = [set(part["groups"]) for part in parts.values()]
        assert set.union(*groups) == set(PEOPLE)
        assert sum(map(len, groups)) == len(PEOPLE)
        tested += parts["test"]["groups"]
    assert sorted(tested) == list(PEOPLE)


def test_the_report_is_one_page(experiment):
    out, _ = experiment
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "Learning curves" in page
    assert "Confusion matrices" in page
    assert "Channel correlation" in page


def test_the_model_folder_predicts_what_was_scored(run_cli, experiment, watch_npz):
    _, summary = experiment
    run = summary["variants"]["separable"]["runs"][0]
    done = run_cli("predict", f"{run['folder']}/model", watch_npz, "--labels")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert len(rows) == summary["data"]["samples"]
    tested = json.loads(Path(run["folder"], "split.json").read_text())["test"]
    right = [rows[i]["label"] == rows[i]["truth"] for i in tested]
    assert np.mean(right) == pytest.approx(run["accuracy_windows"])


def test_a_stream_gets_a_label_every_hop(experiment, cli_env):
    out, _ = experiment
    model = out / "fold-1" / "seed-0" / "separable" / "model"
    channels = load_folder(model).preprocess["channels"]
    rng = np.random.default_rng(0)
    rows = [",".join(f"{v:.3f}" for v in rng.normal(size=6)) for _ in range(200)]
    done = subprocess.run(
        [sys.executable, "-m", "depthwise", "predict", model, "-", "--hop", "36"],
        input="\n".join([",".join(channels), *rows]),
        env=cli_env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["source"] for row in found] == ["128", "164", "200"]
    assert all(0 < float(row["probability"]) <= 1 for row in found)


def test_a_model_folder_says_what_it_is(experiment):
    out, _ = experiment
    model = out / "fold-1" / "seed-0" / "separable" / "model"
    names = {path.name for path in model.iterdir()}
    papers = {"preprocess.json", "classes.json", "training.json", "registry.json"}
    assert names == {"model.onnx"} | papers
    folder = load_folder(model)
    assert folder.registry["name"] == "sensor_net"
    assert folder.registry["config"]["conv"] == "separable"
    assert len(folder.classes["names"]) == 7


def test_nothing_is_overwritten(run_cli, experiment, watch_npz):
    out, _ = experiment
    before = sorted((p, p.stat().st_mtime_ns) for p in out.rglob("*"))
    done = run_cli("twin", watch_npz, "-o", out, "--epochs", "2")
    assert done.returncode == 1
    assert "must not overwrite" in done.stderr
    assert sorted((p, p.stat().st_mtime_ns) for p in out.rglob("*")) == before


def test_train_writes_a_model_folder(run_cli, watch_npz, tmp_path):
    out = tmp_path / "run"
    words = ("--epochs", "1", "--test", "3", "--json")
    done = run_cli("train", watch_npz, "-o", out, *words)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["test"]["windows"]["examples"] == 40
    assert load_folder(out / "model").training["settings"]["epochs"] == 1
    cost = run_cli("cost", out / "model", "--json")
    assert json.loads(cost.stdout)["name"] == "sensor_net"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["train", "nowhere", "-o", "out"], 2, "nowhere"),
        (["train", "empty", "-o", "out"], 1, "empty"),
        (["train", "DATA", "-o", "out", "--model", "sensornet"], 2, "sensor_net"),
        (["train", "DATA", "-o", "out", "--test", "99"], 2, "group must be a known"),
        (["train", "DATA", "-o", "out", "--epochs", "0"], 2, "epochs must be"),
        (["train", "DATA", "-o", "out", "--model", "ds_cnn"], 2, "the data's samples"),
        (["train", "DATA", "-o", "out", "--flip", "1"], 2, "flip must be 0 for series"),
        (["twin", "DATA", "--convs", "dense,dense"], 2, "each once"),
        (["twin", "DATA", "--convs", "dense,wide"], 2, "conv must be"),
        (["twin", "DATA", "--folds", "9"], 2, "folds must be"),
        (["predict", "mobilenet_v1", "DATA"], 2, "needs a model folder"),
        (["predict", "nowhere/model", "DATA"], 2, "not there"),
    ],
)
def test_wrong_use_is_one_sentence(
    run_cli, watch_npz, tmp_path, arguments, code, sentence
):
    (tmp_path / "empty").mkdir()
    words = [str(watch_npz) if word == "DATA" else word for word in arguments]
    done = run_cli(*words, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [("nan", "NaN"), ("channels", "channels"), ("one class", "class")],
)
def test_bad_data_is_named(run_cli, watch_npz, tmp_path, change, sentence):
    arrays = dict(np.load(watch_npz))
    if change == "nan":
        arrays["inputs"][3, 1, 5] = np.nan
    elif change == "channels":
        arrays["inputs"] = arrays["inputs"][:, :5]
    else:
        arrays["labels"] = np.zeros_like(arrays["labels"])
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    done = run_cli("train", path, "-o", tmp_path / "out", "--epochs", "1")
    assert done.returncode in {1, 2}, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_constant_sensor_trains(run_cli, watch_npz, tmp_path):
    arrays = dict(np.load(watch_npz))
    arrays["inputs"][:, 2] = 7.5
    np.savez(tmp_path / "flat.npz", **arrays)
    out = tmp_path / "out"
    done = run_cli("train", tmp_path / "flat.npz", "-o", out, "--epochs", "1")
    assert done.returncode == 0, done.stderr
    assert load_folder(out / "model").preprocess["std"][2] == 1.0


def test_a_model_folder_runs_without_torch(experiment, cli_env):
    from depthwise.bridge import run as run_in_torch

    out, _ = experiment
    model = out / "fold-1" / "seed-0" / "separable" / "model"
    graph = load_folder(model).graph
    batch = np.random.default_rng(0).normal(size=(3, 6, 128)).astype("float32")
    (expected,) = run_in_torch(graph, [batch])
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np\n"
        "from depthwise.engine import compile_graph\n"
        "from depthwise.execute import run\n"
        "from depthwise.formats import load_folder\n"
        f"graph = load_folder({str(model)!r}).graph\n"
        "batch = np.random.default_rng(0).normal(size=(3, 6, 128)).astype('float32')\n"
        "(values,) = run(graph, [batch])\n"
        "compiled = compile_graph(graph, cache=None).run(batch)\n"
        "name = graph.outputs[0]\n"
        "both = {'numpy': values[name], 'engine': compiled[name]}\n"
        f"np.savez({str(out / 'both.npz')!r}, **both)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=cli_env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reference = expected[graph.outputs[0]]
    for values in np.load(out / "both.npz").values():
        # 1e-5 of the largest logit: ten layers of float32 rounding, each within bound.
        np.testing.assert_allclose(
            values, reference, rtol=0, atol=1e-5 * np.abs(reference).max()
        )
