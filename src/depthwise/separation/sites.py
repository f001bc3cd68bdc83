"""Convolutions that can be taken apart, and why others cannot."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.graph import Graph, Node, Shape, concrete
from depthwise.graph.edits import calls_of
from depthwise.graph.operators.convolution import conv_windows
from depthwise.graph.operators.window import Window
from depthwise.separation.factors import Order

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Site:
    """One convolution with several taps, at all places where it is called.

    Args:
        calls: Its nodes.
        weight: ``[K, C/groups, *taps]``.
        bias: ``[K]``, or None.
        groups: Groups of channels that do not meet.
        windows: How the kernel slides, an axis.
        arriving: Positions of the inputs, all calls and samples together.
        leaving: Positions of the outputs, likewise.

    Example:
        >>> slide = Window(8, 3)
        >>> kernel = np.ones((256, 3, 3))
        >>> site = Site((), kernel, None, 1, (slide,), 8, 6)
        >>> site.macs, site.macs_of(Order.DEPTHWISE_FIRST, 1)
        (13824, 4662)
    """

    calls: tuple[Node, ...]
    weight: Array
    bias: Array | None
    groups: int
    windows: tuple[Window, ...]
    arriving: int
    leaving: int

    @property
    def name(self) -> str:
        """The first call's name, or the name of its result."""
        return self.calls[0].name or self.calls[0].outputs[0]

    @property
    def scope(self) -> str:
        """The user's module path."""
        return self.calls[0].scope

    @property
    def taps(self) -> int:
        """Taps of one kernel."""
        return math.prod(self.weight.shape[2:])

    @property
    def inputs(self) -> int:
        """Input channels."""
        return int(self.weight.shape[1]) * self.groups

    @property
    def macs(self) -> int:
        """Multiply-accumulates as it is."""
        return int(self.weight.size * self.leaving)

    def macs_of(self, order: Order, terms: int) -> int:
        """Count multiply-accumulates of a sum of separable terms in its place.

        Args:
            order: Which half comes first.
            terms: How many, at least 1.

        Returns:
            The count; padding taps included.
        """
        outputs, inner = self.weight.shape[:2]
        if order is Order.DEPTHWISE_FIRST:
            filtering = self.inputs * self.taps * self.leaving
            return int(terms * (filtering + outputs * inner * self.leaving))
        filtering = outputs * self.taps * self.leaving
        return int(terms * (filtering + outputs * inner * self.arriving))


@dataclass(frozen=True)
class Fixed:
    """A convolution that stays as it is.

    Args:
        name: Its name, or the name of its result.
        macs: What it costs.
        reason: Why it stays.

    Example:
        >>> Fixed("fc", 640, "it has one tap").macs
        640
    """

    name: str
    macs: int
    reason: str


def sites_of(
    graph: Graph, fixed: Mapping[str, str] | None = None
) -> tuple[Site | Fixed, ...]:
    """Find the convolutions, and tell which can be taken apart.

    Args:
        graph: Any graph that verifies.
        fixed: Why some must stay, by name.

    Returns:
        Every convolution in order; one that is called several times is there once.

    Example:
        >>> from depthwise.graph import Batch, Input, TensorType
        >>> x = Input("x", TensorType("float32", (Batch(), 3, 8)))
        >>> sites_of(Graph("g", (x,), ("x",), ()))
        ()
    """
    bound = graph.bind(1)
    found: list[Site | Fixed] = []
    seen: set[str] = set()
    for node in bound.nodes:
        if node.op not in {"Conv", "ConvTranspose"} or node.name in seen:
            continue
        calls = calls_of(bound, node)
        seen.update(call.name for call in calls if call.name)
        reason = _reason(bound, calls) or (fixed or {}).get(node.name, "")
        if reason:
            every = (bound.call(one) for one in calls)
            macs = sum(call.operator.macs(call).forward for call in every)
            found.append(Fixed(node.name or node.outputs[0], macs, reason))
        else:
            found.append(_site(bound, calls))
    return tuple(found)


def _reason(graph: Graph, calls: tuple[Node, ...]) -> str:
    """Say why a convolution stays, or nothing."""
    call = graph.call(calls[0])
    weight = call.constant(1)
    if call.operator.name == "ConvTranspose":
        return "it is transposed"
    if weight is None or (call.has(2) and call.constant(2) is None):
        return "its weights are computed"
    slides = {tuple(_slide(w) for w in conv_windows(graph.call(n))) for n in calls}
    taps = math.prod(weight.shape[2:])
    reasons = {
        "it has one tap: there is nothing to take apart": taps == 1,
        "it is depthwise already": weight.shape[1] == 1,
        "its weights are not finite": not np.isfinite(weight).all(),
        "it has no name": not calls[0].name,
        "its calls are padded differently": len(slides) > 1,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _slide(window: Window) -> tuple[int, ...]:
    return window.stride, window.dilation, window.begin, window.end


def _site(graph: Graph, calls: tuple[Node, ...]) -> Site:
    every = [graph.call(node) for node in calls]
    weight = every[0].constant(1)
    if weight is None:
        raise ValueError("a site has weights")
    return Site(
        calls=calls,
        weight=weight,
        bias=every[0].constant(2),
        groups=every[0].integer("group"),
        windows=conv_windows(every[0]),
        arriving=sum(_positions(call.shape(0)) for call in every),
        leaving=sum(_positions(call.outputs[0].shape) for call in every),
    )


def _positions(shape: Shape) -> int:
    batch, _, *sizes = concrete(shape)
    return batch * math.prod(sizes)
