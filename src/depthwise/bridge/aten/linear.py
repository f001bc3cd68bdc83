"""Matrix products."""

from __future__ import annotations

from depthwise.bridge.aten.call import AtenCall, Handler


def _linear(call: AtenCall) -> str:
    x, weight, bias = call.tensor("input"), call.tensor("weight"), call.tensor("bias")
    if len(call.shape("input")) == 2 and len(call.shape("weight")) == 2:
        return call.emit("Gemm", [x, weight, bias], {"transB": 1})
    rank = len(call.shape("weight"))
    perm = (1, 0) if rank == 2 else (0,)
    turned = call.emit("Transpose", [weight], {"perm": perm})
    product = call.emit("MatMul", [x, turned])
    return call.emit("Add", [product, bias]) if bias else product


def _matmul(call: AtenCall) -> str:
    second = "other" if "other" in call.arguments else "mat2"
    second = second if second in call.arguments else "vec"
    return call.emit("MatMul", [call.tensor(), call.tensor(second)])


def _addmm(call: AtenCall) -> str:
    alpha, beta = float(call.plain("alpha")), float(call.plain("beta"))
    operands = [call.tensor("mat1"), call.tensor("mat2"), call.tensor()]
    return call.emit("Gemm", operands, {"alpha": alpha, "beta": beta})


HANDLERS: dict[str, Handler] = {
    "linear": _linear,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "mv": _matmul,
    "dot": lambda call: call.emit("MatMul", [call.tensor(), call.tensor("tensor")]),
    "addmm": _addmm,
}
