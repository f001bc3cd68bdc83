"""Widths and resolutions of a registered network, counted and predicted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from depthwise.costing import count
from depthwise.costing.sweep import (
    PUBLISHED,
    PUBLISHED_SOURCE,
    Sweep,
    Variant,
    variant_of,
)
from depthwise.errors import GeometryError, GraphError, UsageError
from depthwise.graph import Graph, concrete, verify
from depthwise.jobs.machine import Calibration
from depthwise.jobs.open import open_model
from depthwise.jobs.roofs import roofline

WIDTHS = (1.0, 0.75, 0.5, 0.25)
_SEVENTHS = (7, 6, 5, 4)
"""The paper's resolutions, 224 down to 128, as sevenths of the largest."""


def sweep(
    name: str,
    input_shape: Sequence[int] | None = None,
    *,
    widths: Sequence[float] = WIDTHS,
    sizes: Sequence[int] = (),
    conv: str | None = None,
    calibration: Calibration | None = None,
    say: Callable[[str], object] = str,
) -> Sweep:
    """Count a registered network at several widths and resolutions.

    Args:
        name: A registered network that has a width multiplier.
        input_shape: Of one batch at the largest resolution; what the network knows,
            if left out.
        widths: Width multipliers, each above 0.
        sizes: Resolutions; 7, 6, 5 and 4 sevenths of the largest if left out.
        conv: "separable", "dense" or "blueprint".
        calibration: A machine to predict times on; none if left out.
        say: Called with a line a width.

    Returns:
        One variant a width and resolution, the widest and largest first.

    Raises:
        UsageError: If a width or a size is not above 0.
        DepthwiseError: If the network cannot be made so wide.

    Example:
        >>> found = sweep("mobilenet_v1", (1, 3, 64, 64), widths=[0.25], sizes=[64, 32])
        >>> [(one.width_multiplier, one.size[0]) for one in found.variants]
        [(0.25, 64), (0.25, 32)]
    """
    if not widths or min(widths) <= 0 or (sizes and min(sizes) < 1):
        rule = "widths and sizes of a sweep are above 0"
        raise UsageError(f"{rule}; got {list(widths)} and {list(sizes)}")
    variants: list[Variant] = []
    batch = input_shape[0] if input_shape else 1
    for width in sorted(widths, reverse=True):
        say(f"{name}, width {width:g}")
        options = {"width_multiplier": width}
        graph = open_model(name, input_shape, conv=conv, options=options).graph
        for size in sizes or _usual_sizes(graph):
            given = _resized(graph, size)
            if _follows_size(graph):
                shape = (batch, *concrete(given.inputs[0].type.shape[1:]))
                given = open_model(name, shape, conv=conv, options=options).graph
            found = Try(given, width, _largest(graph), batch)
            variants.append(found.variant(conv, calibration))
    known = any(one.top1 is not None for one in variants)
    return Sweep(name, batch, tuple(variants), PUBLISHED_SOURCE if known else "")


def parse_numbers(text: str, option: str) -> tuple[float, ...]:
    """Read numbers with commas.

    Args:
        text: What a user wrote; empty is none.
        option: The option that it was written for.

    Returns:
        The numbers.

    Raises:
        UsageError: If a word is none.

    Example:
        >>> parse_numbers("1,0.5", "--widths")
        (1.0, 0.5)
    """
    try:
        return tuple(float(word) for word in text.split(",") if word)
    except ValueError as error:
        raise UsageError(f"{option} are numbers with commas; got {text!r}") from error


@dataclass(frozen=True, slots=True)
class Try:
    """One width and resolution.

    Args:
        graph: The network of that width and resolution.
        width: Its width multiplier.
        largest: The last size of the largest input.
        batch: Samples a run.
    """

    graph: Graph
    width: float
    largest: int
    batch: int

    def variant(self, conv: str | None, calibration: Calibration | None) -> Variant:
        """Count it, and predict its time on a machine if there is one.

        Args:
            conv: Which twin it is; only the separable one has published accuracies.
            calibration: The machine, or None.

        Returns:
            The variant.
        """
        spatial = concrete(self.graph.inputs[0].type.shape[2:])
        time = None
        if calibration is not None:
            model = roofline(self.graph, batch=self.batch, calibration=calibration)
            time = model.predicted_us
        plain = conv in {None, "separable"}
        return variant_of(
            count(self.graph, batch=self.batch),
            self.width,
            spatial,
            largest=self.largest,
            predicted_us=time,
            published=PUBLISHED.get(self.graph.name, {}) if plain else {},
        )


def _largest(graph: Graph) -> int:
    return concrete(graph.inputs[0].type.shape[2:])[-1]


def _usual_sizes(graph: Graph) -> list[int]:
    largest = _largest(graph)
    return [round(largest * part / 7) for part in _SEVENTHS]


def _follows_size(graph: Graph) -> bool:
    """Tell whether padding follows from the size: "same" at stride 2 is unequal."""
    pads = [node.attributes.get("pads") for node in graph.nodes]
    found = [each for each in pads if isinstance(each, tuple)]
    return any(each[: len(each) // 2] != each[len(each) // 2 :] for each in found)


def _resized(graph: Graph, size: int) -> Graph:
    """Let a graph take inputs of another size; all shapes follow from it."""
    (given,) = graph.inputs
    shape = given.type.shape
    factor = size / _largest(graph)
    spatial = (max(round(n * factor), 1) for n in concrete(shape[2:]))
    kind = replace(given.type, shape=(*shape[:2], *spatial))
    try:
        return verify(replace(graph, inputs=(replace(given, type=kind),)))
    except (GraphError, GeometryError) as error:
        rule = f"{graph.name} must take inputs of size {size}"
        raise UsageError(f"{rule}; got {error.message}") from error
