"""Evaluating what no input decides: tables of positions, masks, ranges, zeros."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import fx

from depthwise.bridge.nodes import writes

_LARGEST = 2**24
"""Elements of a table: what is larger is computed when the graph runs."""


def fold(node: fx.Node, known: Mapping[fx.Node, torch.Tensor]) -> torch.Tensor | None:
    """Evaluate an operation whose operands are all known.

    Args:
        node: Any node.
        known: Tensors of nodes that are known already.

    Returns:
        The result; None where an operand or a size is open, or chance decides.
    """
    target, value = node.target, node.meta.get("val")
    if not isinstance(target, torch._ops.OpOverload) or writes(node):  # noqa: SLF001 - has no other name
        return None
    if not isinstance(value, torch.Tensor) or not _is_closed(value.shape):
        return None
    if value.numel() > _LARGEST:
        return None
    if torch.Tag.nondeterministic_seeded in target.tags:
        return None
    if not all(_is_known(operand, known) for operand in node.all_input_nodes):
        return None

    def concrete(operand: fx.Node) -> Any:
        return known[operand] if operand in known else int(operand.meta["val"])

    args = fx.map_arg(node.args, concrete)
    kwargs = fx.map_arg(node.kwargs, concrete)
    with torch.no_grad():
        result = target(*args, **kwargs)
    return result if isinstance(result, torch.Tensor) else None


def _is_known(operand: fx.Node, known: Mapping[fx.Node, torch.Tensor]) -> bool:
    value = operand.meta.get("val")
    if isinstance(value, int):
        return True
    if isinstance(value, torch.SymInt):
        return _is_closed([value])
    return operand in known


def _is_closed(sizes: Any) -> bool:
    return all(
        not isinstance(size, torch.SymInt) or size.node.expr.is_Integer
        for size in sizes
    )
