"""Geometry that does not fit is refused before anything runs, with both values."""

import numpy as np
import pytest
from tests.parity.one_node import compute

from depthwise.errors import DepthwiseError, GraphError
from depthwise.graph import OPERATORS, Node
from depthwise.graph.operators import operator_of


def zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)


def whole(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


IMAGE = zeros(1, 4, 6, 6)
KERNEL = zeros(4, 4, 3, 3)
REFUSED = [
    ("Conv", (IMAGE, zeros(4, 3, 3, 3)), {}, "got 4 and 1 x 3"),
    ("Conv", (IMAGE, zeros(3, 2, 3, 3)), {"group": 2}, "group=2, 3"),
    ("Conv", (IMAGE, zeros(4, 4, 3)), {}, "same rank, 3 or more; got 4 and 3"),
    ("Conv", (IMAGE, KERNEL, zeros(3)), {}, "one element a channel; got (3,), 4"),
    ("Conv", (IMAGE, KERNEL), {"kernel_shape": (3, 1)}, "(3, 1) and (3, 3)"),
    ("Conv", (IMAGE, KERNEL), {"strides": (1,)}, "need 2 axes"),
    ("Conv", (IMAGE, KERNEL), {"strides": (0, 1)}, "must be 1 or more"),
    ("Conv", (IMAGE, KERNEL), {"dilations": (3, 3)}, "hold the kernel; got 6 < 7"),
    ("Conv", (IMAGE, KERNEL), {"auto_pad": "SAME"}, "got 'SAME'"),
    ("ConvTranspose", (IMAGE, zeros(3, 2, 1, 1)), {}, "got 4, 3 and group=1"),
    ("ConvTranspose", (IMAGE, zeros(4, 2, 1, 1)), {"pads": (3, 0, 3, 0)}, "not be em"),
    ("ConvTranspose", (IMAGE, zeros(4, 2, 1, 1)), {"strides": (1,)}, "2 axes each"),
    ("ConvTranspose", (IMAGE, zeros(4, 2, 1, 1), zeros(4)), {}, "got (4,), 2"),
    ("Gemm", (zeros(2, 3), zeros(2, 3)), {}, "equal inner sizes; got 3 and 2"),
    ("Gemm", (zeros(2, 3, 1), zeros(2, 3)), {}, "takes matrices; got 3 and 2 axes"),
    ("MatMul", (zeros(2, 3), zeros(2, 3)), {}, "equal inner sizes; got 3 and 2"),
    ("MatMul", (zeros(), zeros(2, 3)), {}, "got a scalar"),
    ("Einsum", (zeros(2, 3),), {"equation": "i,j->ij"}, "a term an operand"),
    ("Einsum", (zeros(2, 3),), {"equation": "ijk->i"}, "fit their operands"),
    ("Einsum", (zeros(2, 3),), {"equation": "ij->k"}, "be in a term; got ['k']"),
    ("Einsum", (zeros(2), zeros(3)), {"equation": "i,i->i"}, "must broadcast"),
    ("BatchNormalization", (IMAGE, *[zeros(3)] * 4), {}, "got (3,), 4 channels"),
    ("GroupNormalization", (IMAGE, *[zeros(4)] * 2), {"num_groups": 3}, "got 3 and 4"),
    ("LayerNormalization", (IMAGE, zeros(6, 6)), {}, "cover the last axes"),
    ("PRelu", (zeros(3), zeros(2, 3)), {}, "must broadcast to the input"),
    ("LRN", (IMAGE,), {"size": 0}, "got 4 axes, size=0"),
    ("LpNormalization", (IMAGE,), {"p": 3}, "p of 1 or 2; got 3"),
    ("MeanVarianceNormalization", (zeros(2),), {}, "got axis 2, rank 1"),
    ("Expand", (zeros(1), whole(-2)), {}, "no negative sizes; got (-2,)"),
    ("Tile", (zeros(2), whole(-1)), {}, "0 times or more; got (-1,)"),
    ("Conv", (IMAGE, KERNEL), {"pads": (-7, 0, 9, 0)}, "leave an element"),
    ("Clip", (zeros(3), zeros(3)), {}, "scalars; got (3,)"),
    ("MaxPool", (IMAGE,), {}, "needs kernel_shape"),
    ("AveragePool", (zeros(2, 3),), {"kernel_shape": (1,)}, "3 axes or more"),
    ("GlobalAveragePool", (zeros(2, 3),), {}, "takes 3 axes or more; got 2"),
    ("Add", (zeros(2), zeros(3)), {}, "must broadcast; got [2] and [3]"),
    ("Softmax", (zeros(2, 3),), {"axis": 2}, "got axis 2, rank 2"),
    ("ReduceSum", (zeros(2, 3), whole(0, -2)), {}, "axes must differ; got (0, 0)"),
    ("Reshape", (zeros(2, 3), whole(4, -1)), {}, "without remainder; got 6 / 4"),
    ("Reshape", (zeros(2, 3), whole(-1, -1)), {}, "infers at most one axis"),
    ("Reshape", (zeros(2, 3), whole(7)), {}, "number of elements; got 6 -> 7"),
    ("Squeeze", (zeros(2, 3), whole(0)), {}, "hold one element; got 2"),
    ("Transpose", (zeros(2, 3),), {"perm": (0, 0)}, "each of 2 axes once"),
    ("Expand", (zeros(2, 3), whole(2, 4)), {}, "must broadcast"),
    ("Tile", (zeros(2, 3), whole(2)), {}, "needs 2 repeats; got 1"),
    ("DepthToSpace", (IMAGE,), {"blocksize": 3}, "got 4 and 3x3"),
    ("SpaceToDepth", (IMAGE,), {"blocksize": 4}, "got 6, 6, 4"),
    ("Concat", (zeros(2, 3), zeros(3, 3)), {"axis": 1}, "equal other axes"),
    ("Concat", (zeros(2, 3), zeros(2, 3)), {}, "axis of Concat is an integer"),
    ("Split", (zeros(4), whole(1, 2)), {}, "fill the axis; got (1, 2) of 4"),
    ("Slice", (zeros(4), whole(0), whole(2), whole(0), whole(0)), {}, "not be 0"),
    ("Slice", (zeros(4), whole(0), whole(2, 2)), {}, "equally many"),
    ("Gather", (zeros(4), whole(4)), {}, "within 4; got 4"),
    ("GatherElements", (zeros(4), zeros(1, 1).astype(int)), {}, "as many axes"),
    ("GatherND", (zeros(4), zeros(2, 2).astype(int)), {}, "fit the data"),
    ("Trilu", (zeros(4),), {}, "needs 2 axes; got 1"),
    ("Pad", (zeros(4), whole(1)), {}, "two numbers an axis; got 1 for 1"),
    ("Pad", (zeros(4), whole(4, 0)), {"mode": "reflect"}, "smaller than the axis"),
    ("Pad", (zeros(4), whole(-3, -2)), {}, "crop more than there is"),
    ("Pad", (zeros(4), whole(1, 1)), {"mode": "mirror"}, "got 'mirror'"),
    ("Resize", (IMAGE,), {}, "either scales or sizes"),
    ("Resize", (IMAGE, None, zeros(4)), {}, "must be positive; got 0.0"),
    ("Resize", (IMAGE, None, None, whole(2, 2)), {}, "a number an axis; got 2 for 4"),
    ("Range", (whole(0)[0:1], whole(3), whole(0)), {}, "step of a range must not be 0"),
    ("Cast", (zeros(2),), {"to": 16}, "got number 16"),
    ("LSTM", (zeros(3, 2, 4), zeros(1, 8, 4), zeros(1, 7, 2)), {}, "must be (1, 8, 4)"),
    (
        "GRU",
        (zeros(3, 2, 4), zeros(1, 6, 4), zeros(1, 6, 2)),
        {"activations": ("Affine", "Tanh")},
        "got 'Affine'",
    ),
]


@pytest.mark.parametrize(
    ("op", "arrays", "attributes", "message"),
    REFUSED,
    ids=[f"{row[0]}-{index}" for index, row in enumerate(REFUSED)],
)
def test_what_does_not_fit_is_refused(
    op: str, arrays: tuple, attributes: dict, message: str
) -> None:
    with pytest.raises(DepthwiseError) as error:
        compute(op, arrays, attributes)
    assert message in str(error.value)


@pytest.mark.parametrize("value", [1.5, "two", (1, 2)])
def test_attributes_have_one_type(value: object) -> None:
    with pytest.raises(GraphError, match="attribute axis of Softmax is an integer"):
        compute("Softmax", [zeros(2, 3)], {"axis": value})


@pytest.mark.parametrize(
    ("op", "name"),
    [(op, name) for op, row in OPERATORS.items() for name in row.choices],
)
def test_only_known_words_are_taken(op: str, name: str) -> None:
    node = Node(op, ("x",) * OPERATORS[op].inputs[0], ("y",), {name: "other"})
    with pytest.raises(GraphError, match=f"{name} of {op} must be one of .* 'other'"):
        operator_of(node)
    assert OPERATORS[op].attributes[name] in OPERATORS[op].choices[name]
