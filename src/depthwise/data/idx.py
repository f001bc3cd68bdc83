"""IDX files, the format of MNIST and its relatives.

A big-endian header ``00 00 TYPE NDIM``, then ``NDIM`` sizes of 4 bytes, then values.
"""

from __future__ import annotations

import gzip
import math
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

from depthwise.data.arrays import named_labels
from depthwise.data.dataset import Dataset
from depthwise.data.rules import ReadReport
from depthwise.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from depthwise.data.dataset import Array

TYPES: Final = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
PREFIXES: Final = {"train": "train", "t10k": "test", "test": "test"}
GZIP_MAGIC: Final = b"\x1f\x8b"


def read_idx(path: Path) -> Array:
    """Read one IDX file, compressed or not.

    Args:
        path: The file.

    Returns:
        The array it holds.

    Raises:
        FormatError: If it is no IDX file, or not a whole one.
    """
    try:
        content = path.read_bytes()
        if content.startswith(GZIP_MAGIC):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(f"{path} must be a whole file; got {error}") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in TYPES:
        raise FormatError(
            f"{path} must begin with the header of an IDX file;"
            f" got {content[:4].hex(' ') or 'nothing'}"
        )
    dtype, ndim = np.dtype(TYPES[content[2]]), content[3]
    start = 4 + 4 * ndim
    sizes = content[4 : min(start, len(content)) // 4 * 4]
    shape = tuple(np.frombuffer(sizes, ">u4").tolist())
    expected = start + math.prod(shape) * dtype.itemsize
    if len(shape) != ndim or len(content) != expected:
        raise FormatError(
            f"{path} must hold the {list(shape)} values its header announces,"
            f" {expected} bytes; got {len(content)}"
        )
    values = np.frombuffer(content, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="))


def labels_beside(path: Path) -> Path:
    """Name the file of labels that belongs to a file of images.

    Args:
        path: Such as ``train-images-idx3-ubyte.gz``.

    Returns:
        Such as ``train-labels-idx1-ubyte.gz``.

    Raises:
        FormatError: If there is no such file.
    """
    name = path.name.replace("images", "labels").replace("idx3", "idx1")
    labels = path.with_name(name)
    if labels == path or not labels.is_file():
        raise FormatError(
            f"images in {path} need a file of labels beside them; got no {name}",
            "name the two …-images-idx3-ubyte and …-labels-idx1-ubyte",
        )
    return labels


def find_idx_images(folder: Path) -> tuple[list[Path], tuple[str, ...]]:
    """Find the files of images in a folder, and the parts that their names state.

    Args:
        folder: Where they lie.

    Returns:
        The files, and "train" or "test" for each, or nothing where a name says neither.
    """
    paths = sorted(folder.glob("*-images*idx3-ubyte*"))
    words = [PREFIXES.get(path.name.split("-")[0], "") for path in paths]
    return paths, tuple(words) if all(words) else ()


def read_idx_images(
    paths: Sequence[Path],
    *,
    name: str,
    parts: Sequence[str] = (),
    classes: tuple[str, ...] = (),
) -> Dataset:
    """Read files of images with the files of labels beside them.

    Args:
        paths: Files of images, each ``[n, H, W]``.
        name: What to call the dataset.
        parts: "train", "validation" or "test" for each file, or nothing.
        classes: Names of the classes; the numbers if empty.

    Returns:
        uint8 images ``[n, 1, H, W]``.

    Raises:
        FormatError: If a file is damaged, or images and labels do not match.
    """
    images, labels = [], []
    for path in paths:
        beside = labels_beside(path)
        pixels, numbers = read_idx(path), read_idx(beside)
        if pixels.ndim != 3 or numbers.shape != pixels.shape[:1]:
            raise FormatError(
                f"{beside} must hold one label for each image of {path.name};"
                f" got {list(numbers.shape)} for {list(pixels.shape)}"
            )
        images.append(pixels[:, None])
        labels.append(numbers.astype(np.int64))
    together, known = named_labels(
        np.concatenate(labels), np.array(classes) if classes else None, paths[0]
    )
    counts = [len(rows) for rows in labels]
    return Dataset(
        np.concatenate(images),
        together,
        classes=known,
        channels=("grey",),
        name=name,
        parts=np.repeat(list(parts), counts) if parts else None,
        report=ReadReport(read=len(together)),
    )
