"""Arrays and series, each with one thing spoilt."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tests.unit.data.cases import Case

TS = """@problemName toy
@timeStamps false
@classLabel true up down
@data
1,2,3:4,5,6:up
3,2,1:6,5,4:down
2,3,4:5,6,7:up
4,3,2:7,6,5:down
"""


def npz(**changes: object) -> Callable[[Path], Path]:
    def build(root: Path) -> Path:
        arrays = {
            "inputs": np.random.default_rng(0).normal(size=(6, 2, 8)),
            "labels": np.array([0, 1] * 3),
            **changes,
        }
        np.savez(root / "toy.npz", **arrays)
        return root / "toy.npz"

    return build


def broken(value: float) -> np.ndarray:
    inputs = np.zeros((6, 2, 8))
    inputs[4, 1, 3] = value
    return inputs


def copied() -> Callable[[Path], Path]:
    inputs = np.random.default_rng(0).normal(size=(6, 2, 8))
    inputs[5] = inputs[1]
    return npz(inputs=inputs, parts=["train"] * 4 + ["test"] * 2)


def idx(part: str, pixels: np.ndarray, root: Path) -> None:
    count, kind = len(pixels), {"u": 8, "f": 13}[pixels.dtype.kind]
    head = struct.pack(">BBBBIII", 0, 0, kind, 3, *pixels.shape)
    big = pixels.astype(pixels.dtype.newbyteorder(">"))
    (root / f"{part}-images-idx3-ubyte").write_bytes(head + big.tobytes())
    labels = struct.pack(">BBBBI", 0, 0, 8, 1, count) + bytes([0, 1] * (count // 2))
    (root / f"{part}-labels-idx1-ubyte").write_bytes(labels)


def idx_with_nan(root: Path) -> Path:
    pixels = np.random.default_rng(0).random((6, 4, 4), np.float32)
    pixels[4, 1, 2] = np.nan
    idx("train", pixels, root)
    return root


def idx_in_two_parts(root: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (10, 4, 4), np.uint8)
    idx("train", pixels[:6], root)
    idx("t10k", np.concatenate([pixels[6:], pixels[2:4]]), root)
    return root


def ts(extra: str) -> Callable[[Path], Path]:
    def build(root: Path) -> Path:
        (root / "toy.ts").write_text(TS + extra)
        return root / "toy.ts"

    return build


SET_CASES = [
    Case("NaN in an array", "sample-broken", npz(inputs=broken(np.nan)), "sample 4", 5),
    Case("infinity in an array", "sample-broken", npz(inputs=broken(-np.inf)), "4", 5),
    Case(
        "class with one array",
        "class-single",
        npz(labels=np.array([0, 0, 1, 1, 1, 2])),
        "'2'",
        6,
    ),
    Case("array in two parts", "duplicate-across", copied(), "sample 1", 5),
    Case(
        "array beyond 32 bits",
        "sample-broken",
        npz(inputs=broken(1e300)),
        "sample 4",
        5,
    ),
    Case("NaN in IDX", "sample-broken", idx_with_nan, "sample 4", 5),
    Case("IDX in two parts", "duplicate-across", idx_in_two_parts, "sample 8", 10, 2),
    Case(
        "channels last",
        "axes-order",
        npz(inputs=np.random.default_rng(0).random((6, 9, 8, 3))),
        "[9, 8, 3]",
        6,
    ),
    Case("channels of two lengths", "table-ragged", ts("1,2:3,4,5:up\n"), "ts:9", 4),
    Case("missing value", "value-missing", ts("1,?,3:4,5,6:up\n"), "ts:9", 4),
    Case("label of no class", "label-missing", ts("1,2,3:4,5,6:left\n"), "left", 4),
    Case("word in a series", "table-text", ts("1,two,3:4,5,6:up\n"), "two", 4),
]
