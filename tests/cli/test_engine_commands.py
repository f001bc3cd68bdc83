"""``depthwise run``, ``inspect``, ``warm`` and ``cache``: what they do and refuse."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.unit.engine.comparing import Sketch, reference
from tests.unit.formats.samples import small_network

from depthwise.formats import save_onnx


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a network, its input, and several files that are wrong."""
    folder = tmp_path_factory.mktemp("engine")
    graph = small_network()
    save_onnx(graph, folder / "net.onnx")
    shape = graph.bind(2).inputs[0].type.shape
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    np.save(folder / "x.npy", x)
    np.save(folder / "wide.npy", x.astype("float64"))
    np.save(folder / "flat.npy", x[0])
    np.save(folder / "empty.npy", x[:0])
    np.savez(folder / "named.npz", other=x)
    whole = (folder / "x.npy").read_bytes()
    (folder / "short.npy").write_bytes(whole[: len(whole) // 2])
    header = whole[:128].replace(b"(2,", b"(536870912,").replace(b"  ", b"", 4)
    (folder / "huge.npy").write_bytes(header)
    np.save(folder / "pickle.npy", np.array([{}], object), allow_pickle=True)
    (folder / "broken.onnx").write_bytes(b"\x3a\xff\xff")
    return folder


def test_run_writes_what_the_network_gives(run_cli, place: Path, tmp_path) -> None:
    graph = small_network()
    x = np.load(place / "x.npy")
    wanted = reference(graph, {graph.inputs[0].name: x})[graph.outputs[0]]
    words = ("run", place / "net.onnx", "--input", place / "x.npy", "--json")
    done = run_cli(*words, "-o", tmp_path / "y.npy", "--profile")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["samples"] == 2
    assert found["outputs"] == {graph.outputs[0]: list(wanted.shape)}
    assert found["steps"][0]["peak_gflops"] > 0
    np.testing.assert_allclose(np.load(tmp_path / "y.npy"), wanted, atol=1e-5)
    again = run_cli(*words, "-o", tmp_path / "y.npy")
    assert again.returncode == 1
    assert "which is there\nhint: add --overwrite" in again.stderr


def test_several_arrays_go_by_name(run_cli, tmp_path: Path) -> None:
    sketch = Sketch({"a": (4,), "b": (4,)})
    graph = sketch.graph(
        sketch.add("Add", "a", "b", out="file"), sketch.add("Relu", "a", out="r")
    )
    save_onnx(graph, tmp_path / "two.onnx")
    a, b = np.full((1, 4), 2, "float32"), np.full((1, 4), -5, "float32")
    np.savez(tmp_path / "x.npz", a=a, b=b)
    words = ("run", tmp_path / "two.onnx", "--input", tmp_path / "x.npz", "-o")
    done = run_cli(*words, tmp_path / "y.npz")
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "y.npz") as found:
        assert {n: found[n].tolist() for n in found} == {
            "file": [[-3.0] * 4],
            "r": [[2.0] * 4],
        }
    done = run_cli(*words, tmp_path / "y.npy")
    assert done.returncode == 2
    assert "one .npy holds one output" in done.stderr


@pytest.mark.parametrize(
    ("model", "array", "out", "code", "sentence"),
    [
        ("net.onnx", "wide.npy", "y.npy", 2, "must be float32; got float64"),
        ("net.onnx", "flat.npy", "y.npy", 2, "has 4 axes; got 3 sizes"),
        ("net.onnx", "empty.npy", "y.npy", 1, "are not empty; got shapes"),
        ("net.onnx", "short.npy", "y.npy", 1, "sound .npy or .npz; got"),
        ("net.onnx", "huge.npy", "y.npy", 1, "sound .npy or .npz; got"),
        ("net.onnx", "pickle.npy", "y.npy", 1, "sound .npy or .npz; got"),
        ("net.onnx", "absent.npy", "y.npy", 1, "sound .npy or .npz; got"),
        ("net.onnx", "broken.onnx", "y.npy", 1, "sound .npy or .npz; got"),
        ("net.onnx", "x.npy", "y.txt", 2, "results go to a .npy or .npz"),
        ("net.onnx", "x.npy", "x.npy/y.npy", 1, "must be writable"),
        ("broken.onnx", "x.npy", "y.npy", 1, "broken.onnx: "),
        ("absent.onnx", "x.npy", "y.npy", 1, "absent.onnx: "),
        ("sensornet", "x.npy", "y.npy", 2, "model must be a known name"),
    ],
)
def test_run_refuses_in_sentences(
    run_cli, place: Path, model: str, array: str, out: str, code: int, sentence: str
) -> None:
    done = run_cli("run", model, "--input", array, "-o", out, cwd=place)
    assert sentence in done.stderr
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert not (place / out).exists()


def test_inspect_goes_from_the_node_to_the_assembly(run_cli, place: Path) -> None:
    words = ("inspect", place / "net.onnx", "--json")
    done = run_cli(*words)
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert set(plan["memory"]) == {
        "arena_bytes",
        "limit_bytes",
        "predicted_bytes",
        "scratch_bytes",
        "weight_bytes",
    }
    convolution = next(step for step in plan["steps"] if step["macs"])
    assert "assembly" not in convolution
    done = run_cli(*words, "--node", convolution["nodes"][0], "--isa", "avx512")
    step = json.loads(done.stdout)["steps"][-1]
    assert step["loops"].startswith("for ")
    assert f"@{step['kernel']}(" in step["ir"]
    assert "%zmm" in step["assembly"]
    shown = run_cli(*words[:2], "--node", step["nodes"][0], "--stage", "loops")
    assert step["loops"] in shown.stdout
    assert "assembly" not in shown.stdout
    whole = run_cli(*words[:2])
    assert "(counted: " in whole.stdout
    assert convolution["kernel"] in whole.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--node", "absent"], "node must be a known name; got 'absent'"),
        (["--stage", "rtl"], "'rtl' is not one of"),
        (["--isa", "vax"], "'vax' is not one of"),
        (["--threads", "0"], "threads must be 1 or more; got 0"),
        (["--input", "1,2,3"], "has 4 axes; got 3 sizes"),
        (["--input", "0,2"], "--input must be two or more positive sizes"),
    ],
)
def test_inspect_refuses_in_sentences(run_cli, place: Path, words, sentence) -> None:
    done = run_cli("inspect", place / "net.onnx", *words)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_warm_fills_the_cache_and_clear_empties_it(
    run_cli, place: Path, tmp_path: Path, monkeypatch, cli_env
) -> None:
    monkeypatch.setitem(cli_env, "XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "depthwise" / "objects"
    done = run_cli("cache", "path")
    assert (done.returncode, done.stdout) == (0, f"{folder}\n")
    words = ("warm", place / "net.onnx", "--threads", "1", "--json")
    seen = [json.loads(run_cli(*words).stdout)["was_there"] for _ in range(2)]
    assert seen == [False, True]
    assert len(list(folder.iterdir())) == 1
    done = run_cli("cache", "clear", "--json")
    assert json.loads(done.stdout)["cleared"] == 1
    assert list(folder.iterdir()) == []
    assert "0 entries" in run_cli("cache", "clear").stdout


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["cache", "melt"], 2, "'melt' is not one of"),
        (["cache"], 2, "Missing argument"),
        (["warm", "absent.onnx"], 1, "absent.onnx: the file must be readable"),
        (["warm", "sensor_net", "--threads", "999"], 2, "must be 1 to 256; got 999"),
    ],
)
def test_warm_and_cache_refuse_in_sentences(run_cli, words, code, sentence) -> None:
    done = run_cli(*words)
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_says_how_much_the_engine_needs(run_cli) -> None:
    found = json.loads(run_cli("doctor", "--json").stdout)
    sizes = {p["name"]: p["megabytes"] for p in found["packages"]}
    wanted = sizes["numpy"] + sizes["llvmlite"]
    assert found["engine_megabytes"] == pytest.approx(wanted, abs=0.1)
    assert "The engine needs NumPy and llvmlite" in run_cli("doctor").stdout
