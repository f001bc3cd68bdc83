"""Operators that nothing is known of but their operands, as rows of a report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from depthwise.costing.counting import CostReport
from depthwise.costing.kinds import Kind
from depthwise.costing.layer import LayerCost
from depthwise.graph import Graph, concrete
from depthwise.graph.operators.traffic import bytes_of


@dataclass(frozen=True, slots=True)
class Opaque:
    """A node that was cut out of a network.

    Args:
        name: Its name.
        op: Its operator.
        inputs: Names of what it reads.
        outputs: Names of what it defines: inputs of the network around it.

    Example:
        >>> Opaque("f", "Frobnicate", ("x",), ("y",)).op
        'Frobnicate'
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def with_opaque(report: CostReport, graph: Graph, cut: Sequence[Opaque]) -> CostReport:
    """Put what was cut out of a network into its report, as rows of their own.

    They count as no multiply-accumulates and no parameters, and say so. What layers
    behind them see of the network's input is not known any more.

    Args:
        report: Counts of the network around them.
        graph: That network.
        cut: What was cut out, in order.

    Returns:
        The report with a row for each, before the first layer that reads its result.

    Example:
        >>> with_opaque(CostReport("nothing", 1, ()), Graph("g", (), (), ()), ()).macs
        0
    """
    if not cut:
        return report
    bound = graph.bind(report.batch)
    behind = {name for node in cut for name in node.outputs}
    rows: list[LayerCost] = []
    waiting = list(cut)
    for node, layer in zip(bound.nodes, report.layers, strict=True):
        for each in [w for w in waiting if not set(w.outputs).isdisjoint(node.inputs)]:
            waiting.remove(each)
            rows.append(_row(each, bound))
        if behind.isdisjoint(node.inputs):
            rows.append(layer)
        else:
            behind.update(node.outputs)
            rows.append(_blind(layer))
    rows += [_row(each, bound) for each in waiting]
    return replace(report, layers=tuple(rows))


def _row(node: Opaque, graph: Graph) -> LayerCost:
    shapes = [concrete(graph.types[n].shape) for n in node.outputs if n in graph.types]
    sizes = [bytes_of(graph.types[n]) for n in node.outputs if n in graph.types]
    known = [name for name in node.inputs if name in graph.types]
    held = {name: bytes_of(graph.types[name]) for name in known}
    return LayerCost(
        name=node.name,
        scope="",
        op=node.op,
        kind=Kind.OTHER,
        macs=0,
        params=0,
        activations=sum(math.prod(shape) for shape in shapes),
        output_shape=shapes[0] if shapes else (),
        dense_macs=0,
        weight_bytes=sum(held[n] for n in known if n in graph.constants),
        input_bytes=sum(held[n] for n in known if n not in graph.constants),
        output_bytes=sum(sizes),
        known=False,
    )


def _blind(layer: LayerCost) -> LayerCost:
    nothing: tuple[float, ...] = ()
    return replace(
        layer,
        receptive_field=(),
        effective_stride=nothing,
        effective_padding=nothing,
    )
