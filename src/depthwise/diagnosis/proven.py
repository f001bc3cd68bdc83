"""Findings that weights alone prove, for every finite input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis.bounds import Span, spans_of
from depthwise.diagnosis.copies import Form, forms_of
from depthwise.diagnosis.findings import Fault, Finding
from depthwise.diagnosis.layers import ACTIVATIONS, observed_values
from depthwise.diagnosis.need import needed_channels
from depthwise.graph import Graph, Node

Array: TypeAlias = NDArray[Any]


def proven_findings(graph: Graph) -> tuple[Finding, ...]:
    """Find what is wrong with channels, from weights alone.

    Dead, constant and saturated channels come from intervals carried through the
    network, ignored ones from weights that are zero on every way to a result, and
    duplicates from filters that are proportional over inputs that are.

    Args:
        graph: Any graph that verifies.

    Returns:
        Findings in the order of the layers.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> proven_findings(Graph("g", (x,), ("x",), ()))
        ()
    """
    bound = graph.bind(1)
    spans = spans_of(bound)
    need = needed_channels(bound, spans)
    places, forms = observed_values(graph), forms_of(bound)
    found: list[Finding] = []
    for node in bound.nodes:
        name = node.name or node.outputs[0]
        if name in places:
            before = _before_activation(bound, places[name])
            found += _of_channels(name, places[name], spans[before], spans, need)
            found += _of_copies(name, forms[places[name]], spans[places[name]])
            found += _of_kernels(name, node, bound)
            found += _of_weights(name, node, bound, len(need[node.outputs[0]]))
    return tuple(found)


def unread_findings(graph: Graph, known: Mapping[str, Span]) -> tuple[Finding, ...]:
    """Find channels that no result depends on, as long as what is known holds.

    Args:
        graph: Any graph that verifies.
        known: Spans known from data.

    Returns:
        Findings that are not proven, in the order of the layers.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> unread_findings(Graph("g", (x,), ("x",), ()), {})
        ()
    """
    bound = graph.bind(1)
    spans = spans_of(bound, known)
    need = needed_channels(bound, spans)
    found = []
    for name, value in observed_values(graph).items():
        width = len(need[value])
        chosen = np.flatnonzero(~need[value] & ~spans[value].over(width).fixed)
        if chosen.size:
            channels = tuple(chosen.tolist())
            found.append(Finding(name, Fault.IGNORED, channels, proven=False))
    return tuple(found)


def _before_activation(graph: Graph, value: str) -> str:
    """Name what an activation works on; the value itself where none made it."""
    maker = graph.producers[value]
    return maker.inputs[0] if maker.op in ACTIVATIONS else value


def _of_channels(
    name: str,
    value: str,
    before: Span,
    spans: Mapping[str, Span],
    need: Mapping[str, Array],
) -> Iterator[Finding]:
    span = spans[value].over(len(need[value]))
    zero = span.fixed & (span.low == 0)
    still = span.fixed & ~zero
    flat = still & ~before.over(len(need[value])).fixed
    unread = ~need[value] & ~span.fixed
    for fault, mask in (
        (Fault.DEAD, zero),
        (Fault.CONSTANT, still & ~flat),
        (Fault.SATURATED, flat),
        (Fault.IGNORED, unread),
    ):
        chosen = np.flatnonzero(mask)
        if chosen.size:
            numbers = () if fault is Fault.IGNORED else tuple(span.low[chosen].tolist())
            channels = tuple(chosen.tolist())
            yield Finding(name, fault, channels, proven=True, numbers=numbers)


def _of_copies(name: str, form: Form, span: Span) -> Iterator[Finding]:
    """Find channels that are others, scaled, apart from those that never change."""
    partners = form.partners
    copied = partners != np.arange(len(partners))
    chosen = np.flatnonzero(copied & ~span.over(len(partners)).fixed)
    if chosen.size:
        factors = form.factors[chosen]
        yield Finding(
            name,
            Fault.DUPLICATE,
            tuple(chosen.tolist()),
            proven=True,
            numbers=tuple(np.sign(factors).tolist()),
            partners=tuple(partners[chosen].tolist()),
            scales=tuple(factors.tolist()),
        )


def _of_weights(name: str, node: Node, graph: Graph, width: int) -> Iterator[Finding]:
    """Look for weights that are not finite, the norm's behind a layer too."""
    broken = np.zeros(width, bool)
    readers = graph.consumers.get(node.outputs[0], ())
    norms = [reader for reader in readers if reader.op == "BatchNormalization"]
    for owner in (node, *norms):
        for place, array in enumerate(owner.inputs):
            if array in graph.constants:
                spread = place == 4 and owner in norms
                weight = graph.constants[array]
                with np.errstate(invalid="ignore"):
                    weight = np.sqrt(weight) if spread else weight
                broken |= _not_finite(owner, weight, width)
    chosen = tuple(np.flatnonzero(broken).tolist())
    if chosen:
        numbers = (float("inf"),) * len(chosen)
        yield Finding(name, Fault.EXPLODING, chosen, proven=True, numbers=numbers)


def _not_finite(node: Node, array: Array, width: int) -> Array:
    """``[C]``: which channels of a layer read weights that are not finite.

    All of them where the weights do not lie in rows by channel.
    """
    lost = ~np.isfinite(array)
    by_row = array.shape[:1] == (width,) and node.op != "ConvTranspose"
    return np.asarray(lost.reshape(width, -1).any(axis=1) if by_row else lost.any())


def _of_kernels(name: str, node: Node, graph: Graph) -> Iterator[Finding]:
    """Look at depthwise kernels: one filter a channel."""
    weight = graph.constants.get(node.inputs[1])
    group = node.attributes.get("group", 1)
    if weight is None or node.op != "Conv" or group == 1 or weight.shape[1] != 1:
        return
    taps = np.count_nonzero(weight.reshape(len(weight), -1), axis=1)
    kernels = np.prod(weight.shape[2:])
    for fault, mask in (
        (Fault.ZERO_KERNEL, taps == 0),
        (Fault.DELTA_KERNEL, (taps == 1) & (kernels > 1)),
    ):
        chosen = np.flatnonzero(mask)
        if chosen.size:
            yield Finding(name, fault, tuple(chosen.tolist()), proven=True)
