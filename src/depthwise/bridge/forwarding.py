"""What a forward pass does beside arithmetic on tensors, so that traces can follow."""

from __future__ import annotations

import contextlib
import dataclasses
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

_DATA: Any = torch.Tensor.data
_GET_DATA, _SET_DATA = _DATA.__get__, _DATA.__set__
_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "item": lambda number: number,
    "__int__": int,
    "__float__": float,
    "__bool__": bool,
    "__index__": operator.index,
}
"""How a tensor of one element becomes a number."""


class Following(TorchFunctionMode):
    """Follows ``.data``, and reads numbers that the module itself holds.

    Args:
        module: The module, as it is before it is traced.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self._module = module
        single = ((n, x) for n, x in _named(module) if x.numel() == 1)
        self._numbers = {name: x.detach().item() for name, x in single}

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call what torch was asked to call, or what it means.

        Args:
            func: The function or method of torch.
            types: Classes of its operands.
            args: By position.
            kwargs: By name.

        Returns:
            Its result.
        """
        if func == _GET_DATA:
            return args[0].detach()
        if func == _SET_DATA and args[0].shape == args[1].shape:
            if not _is_same_memory(*args):
                with torch.no_grad():
                    args[0].copy_(args[1])
            return None
        number = _NUMBERS.get(getattr(func, "__name__", ""))
        found = self._find(args[0]) if number else None
        if number and found is not None:
            return number(found)
        return func(*args, **(kwargs or {}))

    def _find(self, tensor: torch.Tensor) -> Any:
        """Find the number in a traced tensor, if nothing has written to it."""
        pairs = _named(self._module)
        name = next((name for name, one in pairs if one is tensor), None)
        is_changed = name is not None and tensor._version > 0  # noqa: SLF001 - torch's own count
        return None if name is None or is_changed else self._numbers.get(name)


def _is_same_memory(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Tell whether setting one to the other changes nothing, as after ``data *= 2``."""
    storages = [x.untyped_storage()._cdata for x in (one, other)]  # noqa: SLF001 - its only identity
    is_laid_alike = one.stride() == other.stride()
    starts = (one.storage_offset(), other.storage_offset())
    return storages[0] == storages[1] and is_laid_alike and starts[0] == starts[1]


def _named(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def plain_results(results: Any) -> Any:
    """Write results of any class as the mappings that they are.

    Args:
        results: What a module returned.

    Returns:
        The same; data classes and mappings of their own kind are dictionaries, without
        what is None.

    Example:
        >>> from collections import OrderedDict
        >>> class Found(OrderedDict): pass
        >>> plain_results([Found(scores=1, boxes=None)])
        [{'scores': 1}]
    """
    if type(results) in pytree.SUPPORTED_NODES:
        inner, spec = pytree.tree_flatten(results, is_leaf=lambda x: x is not results)
        return pytree.tree_unflatten([plain_results(one) for one in inner], spec)
    if dataclasses.is_dataclass(results):
        names = (field.name for field in dataclasses.fields(results))
        results = {name: getattr(results, name) for name in names}
    elif not isinstance(results, Mapping):
        return results
    kept = {name: one for name, one in results.items() if one is not None}
    return {name: plain_results(one) for name, one in kept.items()}


@contextlib.contextmanager
def plainly(module: nn.Module) -> Iterator[None]:
    """Let a module give results that torch can take apart.

    Args:
        module: Any module; it is as before afterwards.

    Yields:
        Nothing.
    """

    def simplify(_module: nn.Module, _inputs: object, results: Any) -> Any:
        return plain_results(results)

    hook = module.register_forward_hook(simplify)
    parts: Any = nn.modules.transformer
    seen = parts._detect_is_causal_mask  # noqa: SLF001 - it reads elements of the mask
    parts._detect_is_causal_mask = _is_called_causal  # noqa: SLF001 - the same
    try:
        yield
    finally:
        hook.remove()
        parts._detect_is_causal_mask = seen  # noqa: SLF001 - the same


def _is_called_causal(
    _mask: object, is_causal: bool | None = None, _size: object = None
) -> bool:
    """Take a mask for what it is called: masked all the same, only faster."""
    return is_causal is True
