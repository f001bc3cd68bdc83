"""Operands for every row of the operator table: at least one case an operator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class TableCase:
    """One call: operands, None where an optional one is left out, and attributes."""

    op: str
    arrays: tuple[np.ndarray | None, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    outputs: int = 1

    def __str__(self) -> str:
        shapes = ",".join("-" if a is None else str(a.shape) for a in self.arrays)
        return f"{self.op}({shapes}){dict(self.attributes)}"


RNG = np.random.default_rng(2024)


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def positive(*shape: int) -> np.ndarray:
    return RNG.uniform(0.1, 2.0, shape).astype(np.float32)


def whole(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


def table_cases() -> Iterator[TableCase]:
    """Every case, row after row."""
    yield from _linear()
    yield from _norms()
    yield from _elementwise()
    yield from _pools()
    yield from _reductions()
    yield from _moves()
    yield from _picks()
    yield from _resizes()
    yield from _recurrent()


def _each(
    op: str, arrays: Iterable[Any], *attributes: Mapping[str, Any], outputs: int = 1
) -> Iterator[TableCase]:
    operands = tuple(arrays)
    for chosen in attributes or ({},):
        yield TableCase(op, operands, chosen, outputs)


def _linear() -> Iterator[TableCase]:
    x = real(2, 4, 7, 6)
    yield from _each("Conv", (x, real(6, 4, 3, 2), real(6)), {"strides": (2, 1)})
    yield from _each("Conv", (x, real(8, 1, 3, 3)), {"group": 4, "pads": (1, 0, 2, 1)})
    yield from _each("Conv", (real(2, 3, 9), real(5, 3, 4)), {"dilations": (2,)})
    yield from _each("Conv", (real(1, 2, 4, 5, 4), real(3, 2, 2, 3, 1)))
    for group in (1, 2):
        w = real(4, 3, 3, 2)
        yield from _each(
            "ConvTranspose",
            (x, w, real(3 * group)),
            {"group": group, "strides": (2, 3), "output_padding": (1, 2)},
            {"group": group, "pads": (1, 0, 1, 1), "dilations": (2, 1)},
        )
    a, b = real(3, 5), real(5, 4)
    yield from _each("Gemm", (a, b, real(4)), {}, {"alpha": 0.5, "beta": 2.0})
    yield from _each("Gemm", (a.T.copy(), b.T.copy()), {"transA": 1, "transB": 1})
    for left, right in (((2, 3, 4), (4, 5)), ((4,), (4, 5)), ((3, 4), (4,))):
        yield from _each("MatMul", (real(*left), real(*right)))
    yield from _each("Einsum", (real(2, 3, 4), real(4, 5)), {"equation": "...i,ij"})
    yield from _each("Einsum", (real(2, 3, 4),), {"equation": "bij->bj"})
    yield from _each(
        "Einsum", (real(2, 3, 4), real(2, 5, 4)), {"equation": "b i d, b j d -> b i j"}
    )


def _norms() -> Iterator[TableCase]:
    x = real(2, 6, 4, 5)
    statistics = (real(6), real(6), real(6), positive(6))
    yield from _each("BatchNormalization", (x, *statistics), {}, {"epsilon": 0.1})
    yield from _each("BatchNormalization", (real(3, 6), *statistics))
    scale, shift = real(6), real(6)
    yield from _each("InstanceNormalization", (x, scale, shift), {"epsilon": 1e-2})
    yield from _each("GroupNormalization", (x, scale, shift), {"num_groups": 3})
    yield from _each("LayerNormalization", (x, real(5), real(5)), {}, {"epsilon": 0.1})
    yield from _each("LayerNormalization", (x, real(6, 4, 5)), {"axis": 1})
    yield from _each("LRN", (x,), {"size": 3}, {"size": 5, "alpha": 0.3, "bias": 2.0})
    yield from _each("LpNormalization", (x,), {"axis": 1, "p": 1}, {})
    yield from _each("MeanVarianceNormalization", (x,), {})


def _elementwise() -> Iterator[TableCase]:
    x = np.concatenate([real(2, 3, 40).ravel() * 3, [0, -0.0, 20, -20]])
    x = x.astype(np.float32)
    bare = "Relu Sigmoid Tanh Softplus Softsign Mish HardSwish Neg Abs Exp Erf Floor"
    bare += " Ceil Round Sign Sin Cos Identity Dropout IsNaN"
    for op in bare.split():
        yield from _each(op, (x,))
    for op in ("Sqrt", "Log", "Reciprocal"):
        yield from _each(op, (positive(3, 4),))
    for op in ("LeakyRelu", "ThresholdedRelu", "Elu", "Celu"):
        yield from _each(op, (x,), {}, {"alpha": 0.7})
    yield from _each("Selu", (x,), {}, {"alpha": 1.5, "gamma": 0.5})
    yield from _each("HardSigmoid", (x,), {}, {"alpha": 0.3, "beta": 0.4})
    yield from _each("Shrink", (x,), {}, {"bias": 0.5, "lambd": 1.0})
    yield from _each("Gelu", (x,), {}, {"approximate": "tanh"})
    yield from _each("PRelu", (real(2, 3, 4), real(3, 1)))
    low, high = np.array(-1.0, np.float32), np.array(2.0, np.float32)
    yield from _each("Clip", (x, low, high))
    yield from _each("Clip", (x, None, high))
    yield from _each("IsInf", (np.array([1, np.inf, -np.inf], np.float32),))
    a, b = real(2, 1, 4), positive(3, 1)
    for op in ("Add", "Sub", "Mul", "Div", "Greater", "GreaterOrEqual", "Less"):
        yield from _each(op, (a, b))
    yield from _each("LessOrEqual", (a, b))
    yield from _each("Div", (whole(7, -7, 7, -7, 6), whole(2, 2, -2, -2, 3)))
    yield from _each("Mod", (whole(7, -7, 7, -7), whole(3, 3, -3, -3)), {}, {"fmod": 1})
    yield from _each("Pow", (positive(2, 3), real(3)))
    yield from _each("Pow", (positive(2, 3), whole(1, 2, 3)))
    for op in ("Min", "Max", "Sum", "Mean"):
        yield from _each(op, (a, b, real(4)))
    yield from _each("Equal", (whole(1, 2, 3), whole(1, 0, 3)))
    flags = (RNG.random((2, 3)) < 0.5, RNG.random(3) < 0.5)
    for op in ("And", "Or", "Xor"):
        yield from _each(op, flags)
    yield from _each("Not", flags[:1])
    yield from _each("Where", (flags[0], real(2, 3), real(1)))


def _pools() -> Iterator[TableCase]:
    x = real(2, 3, 9, 8)
    pool = {"kernel_shape": (3, 2), "strides": (2, 3)}
    for more in ({}, {"pads": (1, 0, 1, 1)}, {"ceil_mode": 1}, {"dilations": (2, 1)}):
        yield from _each("MaxPool", (x,), pool | more)
        yield from _each("AveragePool", (x,), pool | more)
        yield from _each("LpPool", (x,), pool | more)
    yield from _each("AveragePool", (x,), pool | {"auto_pad": "SAME_UPPER"})
    padded = pool | {"pads": (1, 1, 1, 1), "count_include_pad": 1}
    yield from _each("AveragePool", (x,), padded)
    yield from _each("MaxPool", (real(1, 2, 7),), {"kernel_shape": (3,)}, outputs=2)
    yield from _each("GlobalAveragePool", (x,))
    yield from _each("GlobalMaxPool", (x,))
    yield from _each("GlobalLpPool", (x,), {"p": 3})


def _reductions() -> Iterator[TableCase]:
    x = positive(2, 3, 4)
    ops = "Mean Sum Max Min Prod L1 L2 SumSquare LogSum LogSumExp"
    for op in (f"Reduce{name}" for name in ops.split()):
        yield from _each(op, (x, whole(-1, 1)), {"keepdims": 0}, {})
        yield from _each(op, (x,), {"noop_with_empty_axes": 1}, {"keepdims": 0})
    ties = np.array([[1, 3, 3], [2, 2, 0]], np.float32)
    for op in ("ArgMax", "ArgMin"):
        yield from _each(op, (ties,), {"axis": 1}, {"axis": 1, "select_last_index": 1})
    steps = ({}, {"exclusive": 1}, {"reverse": 1}, {"exclusive": 1, "reverse": 1})
    yield from _each("CumSum", (x, np.array(1)), *steps)
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        yield from _each(op, (real(2, 3, 4),), {}, {"axis": 1})


def _moves() -> Iterator[TableCase]:
    x = real(2, 3, 4, 1)
    yield from _each("Flatten", (x,), {}, {"axis": 0}, {"axis": -1}, {"axis": 4})
    yield from _each("Reshape", (x, whole(0, -1, 2)))
    yield from _each("Squeeze", (x, whole(-1)))
    yield from _each("Squeeze", (real(1, 3, 1),))
    yield from _each("Unsqueeze", (x, whole(0, -2)))
    yield from _each("Transpose", (x,), {}, {"perm": (0, 2, 3, 1)})
    yield from _each("Expand", (real(3, 1), whole(2, 1, 4)))
    yield from _each("Tile", (real(2, 3), whole(2, 3)))
    modes = ({"blocksize": 2}, {"blocksize": 2, "mode": "CRD"})
    yield from _each("DepthToSpace", (real(2, 8, 3, 2),), *modes)
    yield from _each("SpaceToDepth", (real(2, 3, 4, 6),), {"blocksize": 2})
    yield from _each("Concat", (x, real(2, 1, 4, 1)), {"axis": 1})
    pads, grown = whole(0, 0, 1, 2, 0, 0, 2, 0), real(1, 2, 4, 5)
    modes = ("constant", "reflect", "edge", "wrap")
    yield from _each("Pad", (grown, pads), *({"mode": mode} for mode in modes))
    fill = np.array(7, np.float32)
    yield from _each("Pad", (grown, whole(-1, 2), fill, whole(-1)))
    yield from _each("Shape", (x,), {}, {"start": 1, "end": -1})
    yield from _each("Size", (x,))
    yield from _each("Range", (np.array(2), np.array(9), np.array(3)))
    kinds = ({"to": 7}, {"to": 11}, {"to": 9})
    yield from _each("CastLike", (whole(1, 0), np.zeros(1, np.float32)))
    yield from _each("Cast", (np.array([1.7, -1.7, 0], np.float32),), *kinds)


def _picks() -> Iterator[TableCase]:
    x = real(5, 4, 6)
    yield from _each("Split", (x,), {"axis": -1, "num_outputs": 3}, outputs=3)
    yield from _each("Split", (x, whole(1, 3)), {"axis": 1}, outputs=2)
    yield from _each("Slice", (x, whole(1), whole(-1), whole(2)))
    yield from _each("Slice", (x, whole(-1), whole(-(2**40)), whole(0), whole(-2)))
    yield from _each("Gather", (x, whole(0, -1)), {"axis": 1})
    yield from _each("Gather", (x, np.array(2)), {})
    chosen = RNG.integers(0, 4, (5, 2, 6))
    yield from _each("GatherElements", (x, chosen), {"axis": 1})
    yield from _each("GatherND", (x, RNG.integers(0, 4, (3, 2))), {})
    yield from _each("GatherND", (x, RNG.integers(0, 4, (5, 1))), {"batch_dims": 1})
    yield from _each("Trilu", (x,), {}, {"upper": 0})
    yield from _scatters(x)
    yield from _each("Trilu", (x, np.array(-1)), {"upper": 0})


def _scatters(x: np.ndarray) -> Iterator[TableCase]:
    kinds = [{"reduction": word} for word in ("none", "add", "mul", "max", "min")]
    chosen = np.argsort(RNG.random((5, 4, 6)), 1)[:, :2]
    wide = [{"axis": 1, **kind} for kind in kinds]
    yield from _each("ScatterElements", (x, chosen, real(5, 2, 6)), *wide)
    places = np.array([[0, 1], [3, 2], [-1, -1]])
    yield from _each("ScatterND", (x, places, real(3, 6)), *kinds)
    ties = np.round(real(3, 8) * 2)
    ends = ({}, {"largest": 0}, {"axis": 0})
    yield from _each("TopK", (ties, whole(3)), *ends, outputs=2)


def _resizes() -> Iterator[TableCase]:
    x = real(1, 2, 4, 5)
    places = "half_pixel pytorch_half_pixel align_corners asymmetric"
    places += " half_pixel_symmetric"
    for mode in ("nearest", "linear", "cubic"):
        for where in places.split():
            both = {"mode": mode, "coordinate_transformation_mode": where}
            sizes = (x, None, None, whole(1, 2, 7, 3))
            yield from _each("Resize", sizes, both)
            scales = np.array([1, 1, 2, 0.6], np.float32)
            yield from _each("Resize", (x, None, scales), both)
        smaller = (x, None, np.array([0.6, 0.5], np.float32))
        squeezed = {"mode": mode, "axes": (2, 3), "antialias": int(mode != "nearest")}
        yield from _each("Resize", smaller, squeezed)
    half = (x, None, np.array([1, 1, 1.5, 1.5], np.float32))
    for rounding in ("floor", "ceil", "round_prefer_ceil"):
        yield from _each("Resize", half, {"nearest_mode": rounding})
    yield from _each("Resize", half, {"mode": "cubic", "exclude_outside": 1})
    region = np.array([0, 0, 0.2, -0.1, 1, 1, 0.9, 1.2], np.float32)
    crop = {"coordinate_transformation_mode": "tf_crop_and_resize", "mode": "linear"}
    wanted = (x, region, None, whole(1, 2, 6, 7))
    yield from _each("Resize", wanted, crop | {"extrapolation_value": 5.0})


def _recurrent() -> Iterator[TableCase]:
    steps, batch, features, hidden = 5, 3, 4, 2
    x = real(steps, batch, features)
    for op, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        for count, direction in ((1, "forward"), (2, "bidirectional"), (1, "reverse")):
            wide = gates * hidden
            weights = (real(count, wide, features), real(count, wide, hidden))
            bias = real(count, 2 * wide)
            outputs = 3 if op == "LSTM" else 2
            named = {"hidden_size": hidden, "direction": direction}
            state = real(count, batch, hidden)
            operands = (x, *weights, bias, None, state)
            yield from _each(op, operands, named, outputs=outputs)
    weights = (real(1, 6, features), real(1, 6, hidden), real(1, 12))
    early = {"hidden_size": hidden, "linear_before_reset": 1}
    yield from _each("GRU", (x, *weights), early, outputs=2)
    weights = (real(1, 8, features), real(1, 8, hidden), real(1, 16))
    peeping = (x, *weights, None, None, None, real(1, 6))
    yield from _each("LSTM", peeping, {"hidden_size": hidden}, outputs=3)
