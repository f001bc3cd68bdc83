"""Questions to a node of a traced program."""

from __future__ import annotations

import torch
from torch import fx

_OWN = ("", "aten", "prims")
"""Libraries of torch whose operators mean what their names say."""


def op_name(node: fx.Node) -> str:
    """Name an operator without overload.

    Args:
        node: Any node.

    Returns:
        Such as "add_" for one of torch's own, with its library for another, such as
        "mine::add"; empty for what is no operator.
    """
    target = node.target
    if not isinstance(target, torch._ops.OpOverload):  # noqa: SLF001 - has no other name
        return ""
    library, _, name = str(target._schema.name).rpartition("::")  # noqa: SLF001 - the same
    return name if library in _OWN else f"{library}::{name}"


def writes(node: fx.Node) -> bool:
    """Tell whether an operator changes its first argument's elements in place.

    Args:
        node: Any node.

    Returns:
        True if its schema says so; operators that only rename axes in place do not.
    """
    target = node.target
    if not isinstance(target, torch._ops.OpOverload):  # noqa: SLF001 - has no other name
        return False
    if torch.Tag.inplace_view in target.tags:
        return False
    arguments = target._schema.arguments  # noqa: SLF001 - torch's own exporters use it
    info = arguments[0].alias_info if arguments else None
    return info is not None and bool(info.is_write)


def first_tensor(node: fx.Node) -> fx.Node | None:
    """Take a node's first operand.

    Args:
        node: Any node.

    Returns:
        The operand, or None where the first argument is no node.
    """
    first = node.args[0] if node.args else None
    return first if isinstance(first, fx.Node) else None
