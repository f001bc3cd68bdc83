"""``depthwise diagnose``, ``prune`` and ``revive`` on planted channels and data."""

import json
from dataclasses import replace

import numpy as np
import pytest
from tests.building import Builder
from tests.unit.diagnosis.test_pruning import constant_of, silence

from depthwise.formats import load_onnx, save_onnx


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A classifier with dead, unread and (on these data) silent channels."""
    folder = tmp_path_factory.mktemp("planted")
    b = Builder(3, 32, dtype="float32")
    norm = b.norm(b.conv("x", 8, 3))
    silence(b, norm, (1, 6), -1.0)
    constant_of(b, norm, 2)[3] = -1e4
    pooled = b.add("GlobalAveragePool", (b.add("Relu", (norm,)),))
    flat = b.add("Flatten", (pooled,))
    weight, bias = b.normal(4, 8), b.normal(4)
    b.constants[weight][:, 7] = 0
    graph = b.graph(b.add("Gemm", (flat, weight, bias), {"transB": 1}))
    fixed = {name for n in graph.nodes for name in n.inputs[3:5]}
    trained = frozenset(graph.constants) - fixed
    save_onnx(replace(graph, parameters=trained), folder / "planted.onnx")
    x = b.rng.standard_normal((80, 3, 32)).astype("float32")
    np.savez(folder / "toy.npz", inputs=x, labels=np.arange(80) % 4)
    return folder


def test_weights_alone_prove_what_was_planted(run_cli, place):
    done = run_cli("diagnose", str(place / "planted.onnx"), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["samples"] == 0
    assert told["faults"]["dead"] == 2
    assert told["faults"]["ignored"] == 1
    (layer,) = told["layers"]
    found = {f["fault"]: f["channels"] for f in layer["findings"]}
    assert found == {"dead": [1, 6], "ignored": [7]}


def test_a_broken_rule_is_exit_code_one(run_cli, place):
    model, data = str(place / "planted.onnx"), str(place / "toy.npz")
    done = run_cli("diagnose", model, data, "--fail-on", "dead>30%,duplicate>50%")
    assert done.returncode == 1
    assert "rule broken: dead: 37.5 % of channels, at most 30 %" in done.stderr
    assert "prune it, or revive it" in done.stdout
    kept = run_cli("diagnose", model, data, "--fail-on", "dead>40%")
    assert kept.returncode == 0, kept.stderr


def test_sensors_are_told_of_with_their_contribution(run_cli, place):
    model, data = str(place / "planted.onnx"), str(place / "toy.npz")
    done = run_cli("diagnose", model, data)
    assert done.returncode == 0, done.stderr
    assert "accuracy lost without a sensor" in done.stdout
    assert "how filters mix the channels" in done.stdout
    told = json.loads(run_cli("diagnose", model, data, "--json").stdout)["sensors"]
    ways = [entry["way"] for entry in told["contributions"]]
    assert ways == ["mean", "permuted", "frozen"] * 3
    assert [layer["layer"] for layer in told["mixing"]] == ["conv.n0"]


def test_prune_removes_the_proven_and_with_data_the_observed(run_cli, place, tmp_path):
    model, data = str(place / "planted.onnx"), str(place / "toy.npz")
    for extra, gone in (([], [1, 6, 7]), (["--observed"], [1, 3, 6, 7])):
        out = tmp_path / f"smaller{len(extra)}.onnx"
        done = run_cli("prune", model, data, "-o", str(out), "--json", *extra)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["removed"] == {"conv.n0": gone}
        assert told["macs"]["after"] < told["macs"]["before"]
        assert told["accuracy"]["after"] == told["accuracy"]["before"]
        assert told["error"] < 1e-12 or extra
        assert load_onnx(out).constants["c0"].shape == (8 - len(gone), 3, 3)


def test_what_went_and_what_nothing_became_of_is_told(run_cli, place, tmp_path):
    first, second = str(tmp_path / "a.onnx"), str(tmp_path / "b.onnx")
    done = run_cli("prune", str(place / "planted.onnx"), "-o", first)
    assert done.returncode == 0, done.stderr
    assert "removed" in done.stdout
    assert "1, 6, 7" in done.stdout
    again = run_cli("revive", first, "-o", second)
    assert again.returncode == 0, again.stderr
    assert "no channel was revived" in again.stdout
    assert "channels  " not in again.stdout


def test_what_is_revived_is_trained_on(run_cli, place, tmp_path):
    model, data = str(place / "planted.onnx"), str(place / "toy.npz")
    again, out = str(tmp_path / "again.onnx"), str(tmp_path / "run")
    done = run_cli("revive", model, data, "-o", again, "--observed", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["revived"] == {"conv.n0": [1, 3, 6, 7]}
    assert told["accuracy"]["after"] == told["accuracy"]["before"]
    done = run_cli("train", data, "-o", out, "--model", again, "--epochs", "1")
    assert done.returncode == 0, done.stderr
    told = json.loads(run_cli("diagnose", f"{out}/model", data, "--json").stdout)
    assert told["faults"]["dead"] == told["faults"]["ignored"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["diagnose", "{m}", "--fail-on", "dead"], 2, "FAULT>SHARE% rules; got 'dead'"),
        (["diagnose", "{m}", "--fail-on", "ded>5%"], 2, "got 'ded>5%'"),
        (["diagnose", "{m}", "--fail-on", "rare>1%"], 2, "on data alone; got no DATA"),
        (["diagnose", "{m}", "--fail-on", "dead>1%,dead>2%"], 2, "got two for dead"),
        (["diagnose", "{m}", "nowhere.npz"], 2, "got 'nowhere.npz'"),
        (["prune", "{m}", "-o", "x.onnx", "--observed"], 2, "needs data"),
        (["prune", "{m}", "-o", "{m}"], 1, "must be new"),
        (["revive", "{m}", "-o", "x.onnx", "--observed"], 2, "needs data"),
    ],
)
def test_wrong_input_is_one_sentence(run_cli, place, arguments, code, sentence):
    model = str(place / "planted.onnx")
    done = run_cli(*[word.replace("{m}", model) for word in arguments])
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


def test_a_module_keeps_its_class_and_names():
    import torch
    from torch import nn

    import depthwise

    module = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 1)
    ).eval()
    with torch.no_grad():
        module[1].weight[2] = 0
        module[1].bias[2] = -1
    result = depthwise.prune(module, input_shape=(1, 3, 8, 8))
    assert type(result.model) is nn.Sequential
    assert list(result.model.state_dict()) == list(module.state_dict())
    assert result.model[0].out_channels == 7
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(result.model(x), module(x), rtol=1e-5, atol=1e-5)
