"""What to trace with: tensors or shapes, one or many, in the module's own dtype."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.utils import _pytree as pytree

from depthwise.errors import UsageError

Example: TypeAlias = "torch.Tensor | Sequence[Any] | Mapping[str, Any]"

_OPEN = (nn.UninitializedParameter, nn.UninitializedBuffer)

TRACED_BATCH = 5
"""Samples to trace with: a size that channels and kernels seldom have."""


@dataclass(frozen=True)
class Arguments:
    """Arguments of a forward call.

    Args:
        args: By position.
        kwargs: By name.
        batch: Samples that the tensors hold; 0 where no tensor has axes.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    batch: int

    def carries_batch(self, leaf: object) -> bool:
        """Tell whether the first axis of an argument is the batch.

        Args:
            leaf: Anything within the arguments.

        Returns:
            True for tensors that hold as many rows as the first one.
        """
        if not isinstance(leaf, torch.Tensor) or not leaf.ndim:
            return False
        return leaf.shape[0] == self.batch

    def with_batch(self, batch: int) -> Arguments:
        """Stand in for the same arguments at another batch size.

        Args:
            batch: Samples.

        Returns:
            Arguments of zeros where the batch is carried, else as they were.
        """

        def resize(leaf: object) -> object:
            if not isinstance(leaf, torch.Tensor) or not self.carries_batch(leaf):
                return leaf
            return leaf.new_zeros((batch, *leaf.shape[1:]))

        args, kwargs = pytree.tree_map(resize, (self.args, self.kwargs))
        return replace(self, args=args, kwargs=kwargs, batch=batch)


def arguments_of(module: nn.Module, example: Example) -> Arguments:
    """Read what the user gave as an example.

    Args:
        module: The module, for the element type that a bare shape stands for.
        example: A tensor, a shape with its batch, a sequence of these by position,
            or a mapping by name.

    Returns:
        Arguments for the module's forward.

    Raises:
        UsageError: If it is nothing of this kind.

    Example:
        >>> arguments_of(nn.ReLU(), (1, 3, 8)).args[0].shape
        torch.Size([1, 3, 8])
    """
    check_module(module)
    dtype = next(
        (p.dtype for p in module.parameters() if p.is_floating_point()),
        torch.float32,
    )
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = {}
    if isinstance(example, Mapping):
        kwargs = {name: _fill(one, dtype) for name, one in example.items()}
    elif isinstance(example, torch.Tensor) or _is_shape(example):
        args = (_fill(example, dtype),)
    elif isinstance(example, Sequence) and not isinstance(example, str):
        args = tuple(_fill(one, dtype) for one in example)
    else:
        raise _no_example(example)
    leaves = pytree.tree_leaves((args, kwargs))
    sizes = [t.shape[0] for t in leaves if isinstance(t, torch.Tensor) and t.ndim]
    return Arguments(args, kwargs, sizes[0] if sizes else 0)


def check_module(module: object) -> None:
    """Check that something is a module whose tensors are there.

    Args:
        module: What the user gave.

    Raises:
        UsageError: If it is no module of torch, or holds tensors without elements.
    """
    if not isinstance(module, nn.Module):
        msg = f"what is traced must be a torch module; got {type(module).__name__}"
        raise UsageError(msg, "a function goes into the forward of a module")
    for name, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            where = f" at {name!r}" if name else ""
            kind = f"{type(part).__name__} of TorchScript{where}"
            msg = f"a module must be Python code; got {kind}"
            raise UsageError(msg, "trace the module that it was made from")
    named = [*module.named_parameters(), *module.named_buffers()]
    for name, tensor in named:
        if isinstance(tensor, _OPEN):
            msg = f"parameters must have a size; got {name!r}, which is still open"
            raise UsageError(msg, "call the module once on a batch of your data")
        if tensor.is_meta:
            msg = f"parameters must have elements; got {name!r} on the meta device"
            raise UsageError(msg, "module.to_empty(device='cpu'), then load weights")


def _is_shape(value: object) -> bool:
    is_row = isinstance(value, Sequence) and not isinstance(value, str) and len(value)
    return bool(is_row) and all(type(v) is int for v in value)  # type: ignore[attr-defined]


def _fill(value: object, dtype: torch.dtype) -> Any:
    if value is None or isinstance(value, torch.Tensor | int | float | bool):
        return value
    if _is_shape(value):
        if min(value) < 1:  # type: ignore[call-overload]
            raise UsageError(f"a shape must hold sizes of 1 or more; got {value}")
        return torch.zeros(tuple(value), dtype=dtype)  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        return {name: _fill(one, dtype) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(_fill(one, dtype) for one in value)
    raise _no_example(value)


def _no_example(value: object) -> UsageError:
    msg = f"an example must be tensors or shapes; got {type(value).__name__}"
    return UsageError(msg, "a tensor, or a shape such as (1, 3, 224, 224)")
