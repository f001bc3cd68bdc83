"""Matrix products, and attention as it is spelled."""

from __future__ import annotations

import math

import numpy as np

from depthwise.bridge.aten.call import AtenCall, Handler
from depthwise.bridge.aten.movement import expand
from depthwise.bridge.nodes import op_name
from depthwise.bridge.symbols import dtype_of
from depthwise.graph import Attribute, Shape


def _linear(call: AtenCall) -> str:
    x, weight, bias = call.tensor("input"), call.tensor("weight"), call.tensor("bias")
    rank = len(call.shape("weight"))
    if len(call.shape("input")) == 2 and rank == 2:
        return call.emit("Gemm", [x, weight, bias], {"transB": 1})
    turned = weight if rank == 1 else call.emit("Transpose", [weight], {"perm": (1, 0)})
    product = call.emit("MatMul", [x, turned])
    return call.emit("Add", [product, bias]) if bias else product


def _matmul(second: str) -> Handler:
    def handler(call: AtenCall) -> str:
        return call.emit("MatMul", [call.tensor(), call.tensor(second)])

    return handler


def _addmm(call: AtenCall) -> str:
    """Add a product; a second matrix that was only just turned is read unturned."""
    attributes: dict[str, Attribute] = {}
    for name in ("alpha", "beta"):
        if call.plain(name) != 1:
            attributes[name] = float(call.plain(name))
    second = call.arguments["mat2"]
    matrix = call.tensor("mat2")
    if op_name(second) in {"t", "permute", "transpose"}:
        matrix = str(call.read(second.args[0]))
        attributes["transB"] = 1
    return call.emit("Gemm", [call.tensor("mat1"), matrix, call.tensor()], attributes)


def _baddbmm(call: AtenCall) -> str:
    product = call.emit("MatMul", [call.tensor("batch1"), call.tensor("batch2")])
    terms = []
    for value, name in ((product, "alpha"), (call.tensor(), "beta")):
        factor = call.plain(name)
        scaled = [value, call.number(factor)]
        terms.append(value if factor == 1 else call.emit("Mul", scaled))
    return call.emit("Add", terms)


def _attention(call: AtenCall) -> str:
    """Spell scaled dot product attention: softmax(q k^T s + mask) v."""
    query, key, value = call.tensor("query"), _heads(call, "key"), _heads(call, "value")
    width = call.size(-1, "query")
    given = call.plain("scale")
    scale = 1 / math.sqrt(width) if given is None else float(given)
    rank = len(call.shape("key"))
    order = (*range(rank - 2), rank - 1, rank - 2)
    turned = call.emit("Transpose", [key], {"perm": order})
    scores = call.emit("MatMul", [query, turned])
    scores = call.emit("Mul", [scores, call.number(scale)])
    scores = _masked(call, scores)
    weights = call.emit("Softmax", [scores], {"axis": -1})
    ratio = float(call.plain("dropout_p"))
    if ratio:
        share = call.tape.constant(np.array(ratio, "float32"))
        weights = call.emit("Dropout", [weights, share])
    return call.emit("MatMul", [weights, value])


def _heads(call: AtenCall, name: str) -> str:
    """Take keys or values; where groups of queries share them, once a query."""
    value, have = call.tensor(name), call.shape(name)
    wanted = call.shape("query")[-3:-2]
    if not call.plain("enable_gqa") or wanted == have[-3:-2]:
        return value
    heads, (row, width) = call.size(-3, name), have[-2:]
    times = call.size(-3, "query") // heads
    split: Shape = (*have[:-3], heads, 1, row, width)
    wide: Shape = (*have[:-3], heads, times, row, width)
    value = expand(call, call.reshape(value, split), split, wide)
    return call.reshape(value, (*have[:-3], heads * times, row, width))


def _distances(call: AtenCall) -> str:
    """Spell the distances between all rows of two tensors."""
    order = float(call.plain("p"))
    if order not in {1.0, 2.0}:
        raise call.unsupported(f"distances must be of order 1 or 2; got {order:g}")
    one = call.emit("Unsqueeze", [call.tensor("x1"), call.vector(-2)])
    other = call.emit("Unsqueeze", [call.tensor("x2"), call.vector(-3)])
    apart = call.emit("Sub", [one, other])
    op = "ReduceL1" if order == 1 else "ReduceL2"
    return call.emit(op, [apart, call.vector(-1)], {"keepdims": 0})


def _bilinear(call: AtenCall) -> str:
    """Spell nn.Bilinear: one product with the weights, one with the other input."""
    outputs, first, second = (call.size(axis, "weight") for axis in range(3))
    rows = call.emit("Transpose", [call.tensor("weight")], {"perm": (1, 0, 2)})
    matrix = call.reshape(rows, (first, outputs * second))
    mixed = call.emit("MatMul", [call.tensor("input1"), matrix])
    mixed = call.reshape(mixed, (*call.result_shape, second))
    column = call.emit("Unsqueeze", [call.tensor("input2"), call.vector(-1)])
    product = call.emit("MatMul", [mixed, column])
    product = call.emit("Squeeze", [product, call.vector(-1)])
    bias = call.tensor("bias")
    return call.emit("Add", [product, bias]) if bias else product


def _masked(call: AtenCall, scores: str) -> str:
    lowest = call.number(-math.inf)
    if call.plain("is_causal"):
        rows, columns = call.size(-2, "query"), call.size(-2, "key")
        seen = call.array(np.tri(rows, columns, dtype=np.bool_))
        return call.emit("Where", [seen, scores, lowest])
    mask = call.tensor("attn_mask")
    if not mask:
        return scores
    if dtype_of(call.fake("attn_mask").dtype) == "bool":
        return call.emit("Where", [mask, scores, lowest])
    return call.emit("Add", [scores, mask])


HANDLERS: dict[str, Handler] = {
    "linear": _linear,
    "matmul": _matmul("other"),
    "mm": _matmul("mat2"),
    "bmm": _matmul("mat2"),
    "mv": _matmul("vec"),
    "dot": _matmul("tensor"),
    "addmm": _addmm,
    "baddbmm": _baddbmm,
    "scaled_dot_product_attention": _attention,
    "cdist": _distances,
    "bilinear": _bilinear,
}
