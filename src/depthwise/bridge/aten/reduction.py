"""Reductions over axes."""

from __future__ import annotations

from dataclasses import replace

from depthwise.bridge.aten.call import AtenCall, Handler, Value, positive
from depthwise.bridge.aten.elementwise import operand
from depthwise.graph import Attribute


def axes_of(call: AtenCall) -> tuple[int, ...]:
    """Read the argument "dim" of a reduction.

    Args:
        call: The call.

    Returns:
        Axes from the front, in order; all of them where none is named.
    """
    rank = len(call.shape())
    named = call.plain("dim") if "dim" in call.arguments else None
    if named is None or named == ():
        return tuple(range(rank))
    row = named if isinstance(named, tuple) else (named,)
    return tuple(sorted(positive(axis, rank) for axis in row))


def _keeps(call: AtenCall) -> bool:
    return bool(call.plain("keepdim")) if "keepdim" in call.arguments else False


def _mean(call: AtenCall) -> str:
    """Average; over all spatial axes it is a global average pool."""
    axes, rank = axes_of(call), len(call.shape())
    if rank > 2 and axes == tuple(range(2, rank)):
        pooled = call.emit("GlobalAveragePool", [operand(call, "self")])
        return pooled if _keeps(call) else call.emit("Flatten", [pooled])
    return _reduce(call, "ReduceMean")


def _reduce(call: AtenCall, op: str) -> str:
    attributes = {} if _keeps(call) else {"keepdims": 0}
    operands = [operand(call, "self"), call.vector(*axes_of(call))]
    return call.emit(op, operands, attributes)


def _of(op: str) -> Handler:
    def handler(call: AtenCall) -> str:
        return _reduce(call, op)

    return handler


def _extreme(kind: str) -> Handler:
    """Take an extreme: of everything, of two tensors, or with its place."""

    def handler(call: AtenCall) -> Value:
        if "other" in call.arguments:
            return call.emit(kind, [operand(call, "self"), operand(call, "other")])
        value = _reduce(call, f"Reduce{kind}")
        return (value, _place(call, f"Arg{kind}")) if "dim" in call.arguments else value

    return handler


def _place(call: AtenCall, op: str) -> str:
    (axis,) = axes_of(call)
    attributes: dict[str, Attribute] = {"axis": axis, "keepdims": int(_keeps(call))}
    return call.emit(op, [call.tensor()], attributes)


def _arg(op: str) -> Handler:
    def handler(call: AtenCall) -> str:
        if call.plain("dim") is not None:
            return _place(call, op)
        flat = call.emit("Flatten", [call.tensor()], {"axis": 0})
        return call.emit(op, [flat], {"axis": 1, "keepdims": 0})

    return handler


def _variance(call: AtenCall) -> str:
    """Spell variance, or its root, with torch's correction of the divisor."""
    x, axes = operand(call, "self"), call.vector(*axes_of(call))
    count = 1
    for axis in axes_of(call):
        count *= call.size(axis)
    centred = call.emit("Sub", [x, call.emit("ReduceMean", [x, axes])])
    attributes = {} if _keeps(call) else {"keepdims": 0}
    total = call.emit("ReduceSumSquare", [centred, axes], attributes)
    result = call.emit("Div", [total, call.number(count - _correction(call))])
    return call.emit("Sqrt", [result]) if call.op == "std" else result


def _with_mean(call: AtenCall) -> Value:
    """Spell var_mean and std_mean: two results."""
    first = replace(call, op=call.op.removesuffix("_mean"))
    return (_variance(first), _reduce(call, "ReduceMean"))


def _correction(call: AtenCall) -> float:
    if "unbiased" in call.arguments:
        return float(bool(call.plain("unbiased")))
    given = call.plain("correction")
    return 1.0 if given is None else float(given)


def _norm(call: AtenCall) -> str:
    order = call.plain("ord") if "ord" in call.arguments else call.plain("p")
    order = 2 if order is None else order
    if order not in {1, 2}:
        raise call.unsupported(f"a norm must be of order 1 or 2; got {order}")
    return _reduce(call, "ReduceL1" if order == 1 else "ReduceL2")


def _running_sum(call: AtenCall) -> str:
    axis = call.scalar(call.integer("dim"))
    return call.emit("CumSum", [operand(call, "self"), axis])


HANDLERS: dict[str, Handler] = {
    "mean": _mean,
    "sum": _of("ReduceSum"),
    "prod": _of("ReduceProd"),
    "amax": _of("ReduceMax"),
    "amin": _of("ReduceMin"),
    "logsumexp": _of("ReduceLogSumExp"),
    "max": _extreme("Max"),
    "min": _extreme("Min"),
    "argmax": _arg("ArgMax"),
    "argmin": _arg("ArgMin"),
    "var": _variance,
    "std": _variance,
    "var_mean": _with_mean,
    "std_mean": _with_mean,
    "norm": _norm,
    "linalg_vector_norm": _norm,
    "cumsum": _running_sum,
}
