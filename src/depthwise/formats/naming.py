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
        >>> scope_of(Node("Relu", ("x",), ("y",), name="/stages/stages.1/act/Relu"))
        'stages.1.act'
    """
    for value in node.inputs[1:]:
        for ending in _WEIGHTS:
            if value.endswith(ending):
                return value.removesuffix(ending)
    if not node.name.startswith("/"):
        return ""
    path = ""
    for part in node.name.split("/")[1:-1]:
        if path and part.startswith(f"{path.rpartition('.')[2]}."):
            path = path.rpartition(".")[0]
        path = f"{path}.{part}" if path else part
    return path
