"""Where tensors and layers go in a module tree: paths made of names."""

from __future__ import annotations

import keyword
import re

from torch import nn

_OWN = re.compile(r"(constant|lifted_tensor)(_\d+)?")


def is_path(name: str) -> bool:
    """Tell whether a name can be an attribute's path as it is.

    Args:
        name: Any name.

    Returns:
        True for identifiers and numbers with dots between them.

    Example:
        >>> is_path("features.0.weight"), is_path("onnx::Conv_12")
        (True, False)
    """
    parts = name.split(".")
    plain = all(p.isidentifier() or p.isdecimal() for p in parts)
    return plain and not any(keyword.iskeyword(p) for p in parts)


def path_of(name: str) -> str:
    """Make an attribute's path of any name.

    Args:
        name: Any name; dots and slashes nest.

    Returns:
        The name itself if it is a path, else a path like it.

    Example:
        >>> path_of("/features/0/Conv"), path_of("onnx::Conv_12")
        ('features.0.Conv', 'onnx__Conv_12')
    """
    if is_path(name):
        return name
    parts = [re.sub(r"\W", "_", part) for part in re.split(r"[./]", name) if part]
    safe = [part if is_path(part) else f"_{part}" for part in parts]
    return ".".join(safe) or "_"


def is_own(name: str) -> bool:
    """Tell whether a constant is a trace's own rather than the user's.

    Args:
        name: A constant's name.

    Returns:
        True for numbers and tables that no state dictionary holds.

    Example:
        >>> is_own("constant_3"), is_own("table")
        (True, False)
    """
    return _OWN.fullmatch(name) is not None


def parent_of(root: nn.Module, path: str) -> tuple[nn.Module, str]:
    """Find the module that holds an attribute, and make those that are missing.

    Args:
        root: The tree.
        path: The attribute's path.

    Returns:
        The module, and the attribute's own name.
    """
    *parents, last = path.split(".")
    here = root
    for name in parents:
        child = here._modules.get(name)  # noqa: SLF001 - get_submodule raises instead
        if child is None:
            child = nn.Module()
            here.add_module(name, child)
        here = child
    return here, last
