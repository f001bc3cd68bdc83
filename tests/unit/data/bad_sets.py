"""Arrays and series, each with one thing spoilt."""

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
    Case("channels of two lengths", "table-ragged", ts("1,2:3,4,5:up\n"), "ts:9", 4),
    Case("missing value", "value-missing", ts("1,?,3:4,5,6:up\n"), "ts:9", 4),
    Case("label of no class", "label-missing", ts("1,2,3:4,5,6:left\n"), "left", 4),
    Case("word in a series", "table-text", ts("1,two,3:4,5,6:up\n"), "two", 4),
]
