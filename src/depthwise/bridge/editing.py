"""Edits applied to a copy of the user's own module."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from depthwise.bridge.steps import layer_of_step
from depthwise.errors import GraphError
from depthwise.graph.edits import Edit, ReplaceArrays, ReplaceNode


def apply(edits: Iterable[Edit], module: nn.Module) -> nn.Module:
    """Apply edits of a Graph to a copy of the module that it was traced from.

    Args:
        edits: In any order; each layer and each tensor in one of them at most.
        module: The module; it is left alone.

    Returns:
        A copy with the layers and tensors replaced. Its class, its other parameter
        names and every layer's train or eval mode are as before; it trains.

    Raises:
        GraphError: If an edit names what is not there, or a layer that computes more
            than one node.
        UnsupportedOperatorError: If a step is no layer of torch.nn.

    Example:
        >>> from depthwise.graph.edits import ReplaceNode, Step
        >>> net = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
        >>> apply([ReplaceNode(("1",), "1", (Step("", "Relu"),))], net)[1]
        ReLU()
    """
    edited = copy.deepcopy(module)
    every = tuple(edits)
    _check(every)
    for edit in every:
        if isinstance(edit, ReplaceArrays):
            _replace_arrays(edited, edit)
    for edit in every:
        if isinstance(edit, ReplaceNode):
            _replace_layer(edited, edit)
    return edited


def _check(edits: tuple[Edit, ...]) -> None:
    places = [edit.scope for edit in edits if isinstance(edit, ReplaceNode)]
    names = [
        n for edit in edits if isinstance(edit, ReplaceArrays) for n in edit.arrays
    ]
    for kind, named in (("layer", places), ("tensor", names)):
        twice = sorted(name for name in set(named) if named.count(name) > 1)
        if twice:
            raise GraphError(f"a {kind} is edited once; got {twice[0]!r} twice")


def _replace_layer(root: nn.Module, edit: ReplaceNode) -> None:
    old = _layer(root, edit.scope)
    first = next(iter((*old.parameters(), *old.buffers())), None)
    rank = _rank(old)
    built = [(step.name, layer_of_step(step, rank)) for step in edit.steps]
    if not built:
        new: nn.Module = nn.Identity()
    elif built[0][0] == "":
        new = built[0][1]
    else:
        new = nn.Sequential()
        for name, layer in built:
            new.add_module(name, layer)
    if first is not None:
        new.to(first.device)
    new.train(old.training)
    for part in list(root.modules()):
        # Not named_children: it names a layer that is there twice only once.
        for name, child in list(part._modules.items()):  # noqa: SLF001 - no public twin
            if child is old:
                part.set_submodule(name, new)


def _layer(root: nn.Module, scope: str) -> nn.Module:
    """Find a layer that computes one node and nothing else."""
    if not scope:
        msg = "an edit must name a layer inside the module; got an empty scope"
        raise GraphError(msg, "functional code has no layer that could be replaced")
    try:
        found = root.get_submodule(scope)
    except AttributeError as error:
        msg = f"an edit names a layer of the module; got {scope!r}"
        raise GraphError(msg) from error
    home = type(found).__module__
    is_layer = home.startswith(("torch.nn.modules.", "depthwise.nn."))
    pads = getattr(found, "padding_mode", "zeros") != "zeros"
    if not is_layer or pads or next(found.children(), None) is not None:
        msg = (
            "a replaced layer computes one operator and nothing else; "
            f"got {type(found).__name__} at {scope!r}"
        )
        raise GraphError(msg)
    return found


def why_fixed(module: nn.Module, scope: str) -> str:
    """Tell why a layer of a module cannot be replaced by an edit.

    Args:
        module: The module that a Graph was traced from.
        scope: Where the layer is.

    Returns:
        A reason; empty where the layer can be replaced.

    Example:
        >>> why_fixed(nn.Sequential(nn.Conv2d(3, 4, 3)), "0")
        ''
        >>> why_fixed(nn.Sequential(nn.Conv2d(3, 4, 3)), "")
        'functional code has no layer that could be replaced'
    """
    try:
        _layer(module, scope)
    except GraphError as error:
        return error.hint or error.message
    return ""


def _rank(layer: nn.Module) -> int:
    weight = getattr(layer, "weight", None)
    if isinstance(weight, torch.Tensor) and weight.ndim > 2:
        return weight.ndim - 2
    word = type(layer).__name__[-2:-1]
    return int(word) if word.isdecimal() else 2


def _replace_arrays(root: nn.Module, edit: ReplaceArrays) -> None:
    for name, array in edit.arrays.items():
        path, _, attribute = name.rpartition(".")
        owner = _owner(root, path, attribute, name)
        old = getattr(owner, attribute)
        new = torch.tensor(array).to(old.device, old.dtype)
        if isinstance(old, nn.Parameter):
            new = nn.Parameter(new, requires_grad=old.requires_grad)
        for part, attr in _holders(root, old):
            setattr(part, attr, new)
            _follow(part, edit.attributes)


def _owner(root: nn.Module, path: str, attribute: str, name: str) -> nn.Module:
    try:
        owner = root.get_submodule(path)
    except AttributeError:
        owner = nn.Module()
    if not isinstance(getattr(owner, attribute, None), torch.Tensor):
        raise GraphError(f"an edit names a tensor of the module; got {name!r}")
    return owner


def _holders(root: nn.Module, tensor: torch.Tensor) -> list[tuple[nn.Module, str]]:
    """Find every place that holds one tensor: shared weights have several."""
    return [
        (part, name)
        for part in root.modules()
        for held in (part._parameters, part._buffers)  # noqa: SLF001 - no tied names
        for name, value in held.items()
        if value is tensor
    ]


def _follow(layer: nn.Module, attributes: Mapping[str, Any]) -> None:
    """Let the sizes that a layer keeps follow from its tensors."""
    weight = getattr(layer, "weight", None)
    if not isinstance(weight, torch.Tensor):
        mean = getattr(layer, "running_mean", None)
        weight = mean if isinstance(mean, torch.Tensor) else None
    if weight is None:
        return
    if hasattr(layer, "groups"):
        group = int(attributes.get("group", layer.groups))
        is_transposed = "Transpose" in type(layer).__name__
        first, second = weight.shape[0], weight.shape[1] * group
        sizes = (first, second) if is_transposed else (second, first)
        _set(layer, groups=group, in_channels=sizes[0], out_channels=sizes[1])
        if hasattr(layer, "depth_multiplier"):
            _set(layer, depth_multiplier=sizes[1] // sizes[0])
        return
    if weight.ndim == 2:
        _set(layer, in_features=weight.shape[1], out_features=weight.shape[0])
    elif weight.ndim == 1:
        count = weight.shape[0]
        _set(layer, num_features=count, num_parameters=count, num_channels=count)
        _set(layer, num_groups=int(attributes.get("num_groups", 0)) or None)
        if isinstance(layer, nn.LayerNorm):
            layer.normalized_shape = tuple(weight.shape)


def _set(layer: nn.Module, **sizes: int | None) -> None:
    for name, size in sizes.items():
        if hasattr(layer, name) and size is not None:
            setattr(layer, name, size)
