"""Reaching the rooms that need torch, or saying how to install it."""

from __future__ import annotations

from typing import Any, Literal

from depthwise.errors import MissingDependencyError

_EXTRAS = {"nn": "torch", "bridge": "torch", "training": "train"}


def torch_room(name: Literal["nn", "bridge", "training"]) -> Any:
    """Import a room that needs torch.

    Args:
        name: The room.

    Returns:
        The module.

    Raises:
        MissingDependencyError: If torch or what the room needs is not installed.

    Example:
        >>> torch_room("nn").__name__
        'depthwise.nn'
    """
    try:
        return _import(name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("depthwise"):
            raise
        msg = f"this needs the {name} room; got no package {error.name!r}"
        hint = f"pip install 'depthwise[{_EXTRAS[name]}]'"
        raise MissingDependencyError(msg, hint) from error


def _import(name: str) -> Any:
    if name == "nn":
        import depthwise.nn

        return depthwise.nn
    if name == "bridge":
        import depthwise.bridge

        return depthwise.bridge
    import depthwise.training

    return depthwise.training
