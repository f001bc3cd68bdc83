"""Padding that a layer applies before its own convolution, as the convolution's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from depthwise.bridge.tape import Array
from depthwise.graph import Node


def merge_pads(
    nodes: Sequence[Node],
    constants: Mapping[str, Array],
    outputs: Sequence[str],
) -> tuple[Node, ...]:
    """Write a Pad and the Conv after it as one Conv, where one layer does both.

    A layer that pads unevenly calls pad and then the convolution; whoever replaces
    the layer replaces both, so its node must say both.

    Args:
        nodes: All nodes, in order.
        constants: Arrays by name.
        outputs: Names of the graph's results.

    Returns:
        The nodes, without the pads that were merged.
    """
    readers = Counter(name for node in nodes for name in node.inputs)
    readers.update(outputs)
    pads = {
        node.outputs[0]: node
        for node in nodes
        if node.op == "Pad" and node.scope and readers[node.outputs[0]] == 1
    }
    gone: set[str] = set()
    merged: list[Node] = []
    for node in nodes:
        pad = pads.get(node.inputs[0]) if node.op == "Conv" else None
        result = _merged(node, pad, constants) if pad else None
        merged.append(result or node)
        if pad is not None and result is not None:
            gone.add(pad.name)
    return tuple(node for node in merged if node.name not in gone)


def _merged(conv: Node, pad: Node, constants: Mapping[str, Array]) -> Node | None:
    if pad.scope != conv.scope or "mode" in pad.attributes:
        return None
    widths, fill, axes = (constants.get(pad.inputs[i]) for i in (1, 2, 3))
    if widths is None or axes is None or fill is None or np.any(fill):
        return None
    rank = constants[conv.inputs[1]].ndim if conv.inputs[1] in constants else 0
    before = [0] * rank
    after = [0] * rank
    for place, axis in enumerate(axes.tolist()):
        if not 2 <= axis < rank:
            return None
        before[axis] = int(widths[place])
        after[axis] = int(widths[place + len(axes)])
    if min(*before, *after) < 0:
        return None
    own = conv.attributes.get("pads", (0,) * (2 * (rank - 2)))
    if not isinstance(own, tuple):
        return None
    added = (*before[2:], *after[2:])
    total = tuple(int(str(a)) + b for a, b in zip(own, added, strict=True))
    attributes = {**conv.attributes, "pads": total}
    inputs = (pad.inputs[0], *conv.inputs[1:])
    return replace(conv, inputs=inputs, attributes=attributes)
