"""Spelling an operator without a handler in simpler ones, as torch itself does."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx
from torch._decomp import decomposition_table
from torch._subclasses.fake_tensor import FakeTensor
from torch.fx.experimental.proxy_tensor import make_fx


def decompose(node: fx.Node) -> tuple[fx.GraphModule, list[fx.Node]] | None:
    """Trace what torch computes for one operation.

    Args:
        node: A call of an aten operator.

    Returns:
        The simpler operations, and which operand each placeholder of them stands for;
        None where torch has nothing simpler.
    """
    operands = [n for n in node.all_input_nodes if _is_tensor(n)]
    fakes = [n.meta["val"] for n in operands]
    if not fakes or not all(isinstance(fake, FakeTensor) for fake in fakes):
        return None
    target: Any = node.target

    def call(*tensors: torch.Tensor) -> Any:
        given = dict(zip(operands, tensors, strict=True))

        def take(operand: fx.Node) -> Any:
            return given.get(operand, operand.meta["val"])

        args = fx.map_arg(node.args, take)
        return target(*args, **fx.map_arg(node.kwargs, take))

    known = decomposition_table.get(target)
    table = {} if known is None else {target: known}
    try:
        with fakes[0].fake_mode, torch.no_grad():
            program = make_fx(call, decomposition_table=table)(*fakes)
    except RuntimeError:
        return None
    again = any(inner.target == target for inner in program.graph.nodes)
    return None if again else (program, operands)


def _is_tensor(node: fx.Node) -> bool:
    return isinstance(node.meta.get("val"), torch.Tensor)
