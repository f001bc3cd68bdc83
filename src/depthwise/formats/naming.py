"""Module paths, told from the names that exporters give."""

from __future__ import annotations

from depthwise.graph import Node

_WEIGHTS = (".weight", ".bias", ".weight_ih_l0")


def scope_of(node: Node) -> str:
    """Tell the module path of a node that another tool has named.

    torch's exporters call a weight ``features.0.weight``, and a node
    ``/features/features.0/Conv``.

    Args:
        node: A node of a foreign file.

    Returns:
        The path, or empty where the names tell nothing.

    Example:
        >>> scope_of(Node("Conv", ("x", "features.0.weight"), ("y",)))
        'features.0'
        >>> name = "/stages/stages.1/stages.1.0/act/Relu"
        >>> scope_of(Node("Relu", ("x",), ("y",), name=name))
        'stages.1.0.act'
    """
    for value in node.inputs[1:]:
        for ending in _WEIGHTS:
            if value.endswith(ending):
                return value.removesuffix(ending)
    if not node.name.startswith("/"):
        return ""
    path: list[str] = []
    for part in node.name.split("/")[1:-1]:
        path = _joined(path, part.split("."))
    return ".".join(path)


def _joined(path: list[str], part: list[str]) -> list[str]:
    """Append a part; one that repeats the end of the path stands in for that end."""
    for start in range(len(path)):
        if part[:-1] and path[start:] == part[: len(path) - start]:
            return path[:start] + part
    return path + part
