"""Where in the user's module an operation was called."""

from __future__ import annotations

from collections.abc import Callable

from torch import fx, nn


def scopes_of(module: nn.Module | None) -> Callable[[fx.Node], str]:
    """Make the function that names the module a node was called in.

    Args:
        module: The module that was traced, if it is there.

    Returns:
        A function of a node. It gives the module's path, with "!" behind it for a
        module without submodules; a module with several paths is named by its first.
    """
    first: dict[nn.Module, str] = {}
    paths: dict[str, str] = {}
    if module is not None:
        for path, part in module.named_modules(remove_duplicate=False):
            kept = first.setdefault(part, path)
            is_leaf = next(part.children(), None) is None
            paths[path] = f"{kept}!" if is_leaf and kept else kept

    def scope_of(node: fx.Node) -> str:
        path, kind = _called_in(node)
        if path in paths:
            return paths[path]
        is_layer = kind.startswith("torch.nn.modules.")
        return f"{path}!" if is_layer and path else path

    return scope_of


def _called_in(node: fx.Node) -> tuple[str, str]:
    """Read the innermost module that torch recorded: its path and its class."""
    stack = node.meta.get("nn_module_stack") or {}
    if not stack:
        return "", ""
    path, kind = list(stack.values())[-1]
    return str(path).split("@", 1)[0], str(kind)
