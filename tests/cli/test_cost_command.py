"""``depthwise cost`` against the figures of the MobileNet paper, exactly recounted."""

import json

import pytest

from depthwise.costing import count
from depthwise.jobs.open import open_model, parse_options, parse_shape


def test_json_of_mobilenet_v1(run_cli):
    done = run_cli("cost", "mobilenet_v1", "--input", "1,3,224,224", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["macs"] == 568740352
    assert report["flops"] == 2 * report["macs"]
    assert report["params"] == 4231976
    assert report["by_kind"]["depthwise"]["macs"] == 17385984
    assert sum(kind["macs"] for kind in report["by_kind"].values()) == report["macs"]
    first = report["layers"][0]
    assert first["op"] == "Conv"
    assert first["kind"] == "dense"
    assert first["macs"] == 10838016
    assert first["params"] == 864
    assert first["output_shape"] == [1, 32, 112, 112]


@pytest.mark.parametrize(
    ("width", "size", "conv", "millions"),
    [
        ("0.75", 224, "separable", 325.400),
        ("0.5", 224, "separable", 149.497),
        ("0.25", 224, "separable", 41.030),
        ("1.0", 192, "separable", 418.122),
        ("1.0", 160, "separable", 290.675),
        ("1.0", 128, "separable", 186.401),
        ("1.0", 224, "dense", 4867.293),
    ],
)
def test_widths_resolutions_and_the_dense_twin(width, size, conv, millions):
    options = parse_options([f"width_multiplier={width}"])
    opened = open_model("mobilenet_v1", (1, 3, size, size), conv=conv, options=options)
    assert round(count(opened.graph).macs / 1e6, 3) == millions


def test_the_table_for_people(run_cli):
    done = run_cli("cost", "mobilenet_v1", "--input", "1,3,224,224")
    assert done.returncode == 0, done.stderr
    assert "568.7 M" in done.stdout
    assert "depthwise" in done.stdout


def test_what_dense_layers_would_cost_taken_apart(run_cli):
    arguments = ["cost", "mobilenet_v1", "--conv", "dense", "--input", "1,3,64,64"]
    done = run_cli(*arguments, "--what-if", "--no-layers", "--batch", "2")
    assert done.returncode == 0, done.stderr
    assert "pays up to rank" in done.stdout
    assert "most bytes of activations alive at once" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["mobilnet_v1"], 2, "model must be a known name; got 'mobilnet_v1'"),
        (["mobilnet_v1"], 2, "did you mean mobilenet_v1"),
        (["mobilenet_v1", "--input", "1,3,abc"], 2, "--input must be two or more"),
        (["mobilenet_v1", "--input", "0,3,224,224"], 2, "--input must be two or more"),
        (["mobilenet_v1", "--input", "1,3"], 2, "input"),
        (["mobilenet_v1", "--conv", "wide"], 2, "conv must be"),
        (["mobilenet_v1", "-O", "alpha"], 2, "an option is name=value; got 'alpha'"),
        (["mobilenet_v1", "-O", "depths=3"], 2, "option of mobilenet_v1 must be"),
        (["nowhere/x.onnx"], 1, "nowhere/x.onnx"),
        (["nowhere/folder"], 2, "it is not there"),
    ],
)
def test_wrong_use_is_one_sentence(run_cli, arguments, code, sentence):
    done = run_cli("cost", *arguments)
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_shapes_are_read():
    assert parse_shape("1,3,224,224") == (1, 3, 224, 224)
    assert parse_shape("2x6x128") == (2, 6, 128)
    assert parse_shape(None) is None


def test_options_are_read():
    words = ["a=1", "b=0.5", "c=true", "d=relu6"]
    assert parse_options(words) == {"a": 1, "b": 0.5, "c": True, "d": "relu6"}


def test_a_sweep_as_json(run_cli):
    arguments = ["cost", "mobilenet_v1", "--sweep", "--widths", "0.25", "--json"]
    done = run_cli(*arguments, "--sizes", "224,160", "--input", "1,3,224,224")
    assert done.returncode == 0, done.stderr
    variants = json.loads(done.stdout)["variants"]
    assert [one["macs"] for one in variants] == [41030272, 21059200]
    assert [one["top1"] for one in variants] == [49.8, 45.5]


def test_the_roofline_says_why_fewer_macs_are_not_faster(run_cli):
    done = run_cli("cost", "sensor_net", "--roofline")
    assert done.returncode == 0, done.stderr
    assert "Fewer MACs, why not faster?" in done.stdout
    assert "operations a byte to reach the peak" in done.stdout
    done = run_cli("cost", "sensor_net", "ds_cnn", "--roofline", "--json")
    assert [each["name"] for each in json.loads(done.stdout)] == [
        "sensor_net",
        "ds_cnn",
    ]


def test_two_networks_stand_side_by_side(run_cli, tmp_path):
    page = tmp_path / "cost.html"
    names = ("sensor_net", "ds_cnn")
    done = run_cli("cost", *names, "--no-layers")
    assert done.returncode == 0, done.stderr
    assert "side by side" in done.stdout
    told = json.loads(run_cli("cost", *names, "--json").stdout)
    assert [each["name"] for each in told] == list(names)
    done = run_cli("cost", *names, "--html", str(page))
    assert done.returncode == 0, done.stderr
    assert page.stat().st_size > 1e6
