"""Widths and resolutions of one network side by side, and which of them pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from depthwise.costing.counting import CostReport

_SLIM = (
    (1.0, (70.9, 70.0, 68.0, 65.2)),
    (0.75, (68.4, 67.2, 65.3, 62.1)),
    (0.5, (63.3, 61.7, 59.1, 56.3)),
    (0.25, (49.8, 47.7, 45.5, 41.5)),
)
_SIZES = (224, 192, 160, 128)

PUBLISHED_SOURCE = (
    "ImageNet top-1 of float checkpoints: tensorflow/models, "
    "research/slim/nets/mobilenet_v1.md, commit 02c04f49"
)
PUBLISHED: Mapping[str, Mapping[tuple[float, int], float]] = MappingProxyType(
    {
        "mobilenet_v1": {
            (width, size): top1
            for width, row in _SLIM
            for size, top1 in zip(_SIZES, row, strict=True)
        }
    }
)
"""Published accuracies, in percent, by network, then by width and resolution."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One width and resolution of a network.

    Args:
        width_multiplier: Factor on the channels.
        size: Rows and columns, or samples, of the input.
        resolution_multiplier: The last size over that of the first variant.
        macs: Forward multiply-accumulates of one batch.
        params: Trained numbers.
        moved_bytes: Bytes read and written.
        peak_bytes: Most bytes of activations alive at once.
        predicted_us: Predicted microseconds on a machine, or None.
        top1: Published accuracy in percent, or None.

    Example:
        >>> Variant(0.5, (160, 160), 0.714, 10, 5, 100, 50).top1 is None
        True
    """

    width_multiplier: float
    size: tuple[int, ...]
    resolution_multiplier: float
    macs: int
    params: int
    moved_bytes: int
    peak_bytes: int
    predicted_us: float | None = None
    top1: float | None = None


@dataclass(frozen=True, slots=True)
class Sweep:
    """Variants of one network.

    Args:
        name: The network.
        batch: Samples that were counted.
        variants: The widest and largest first.
        source: Where accuracies are from; empty where there are none.

    Example:
        >>> Sweep("nothing", 1, ()).front
        ()
    """

    name: str
    batch: int
    variants: tuple[Variant, ...]
    source: str = ""

    @property
    def front(self) -> tuple[Variant, ...]:
        """Variants that no other beats in cost and in accuracy: the Pareto front.

        Cost is the predicted time where every variant has one, and multiply-accumulates
        where not. Variants without a published accuracy are not on it.
        """
        return pareto_front(self.variants)

    def to_dict(self) -> dict[str, Any]:
        """Turn the sweep into plain values for JSON.

        Returns:
            Variants, each with "pareto", and the source of accuracies.
        """
        front = set(self.front)
        rows = [asdict(one) | {"pareto": one in front} for one in self.variants]
        return {
            "name": self.name,
            "batch": self.batch,
            "source": self.source,
            "variants": rows,
        }


def pareto_front(variants: Sequence[Variant]) -> tuple[Variant, ...]:
    """Pick the variants that no other beats.

    Args:
        variants: Any number.

    Returns:
        Those with an accuracy that nothing as cheap reaches, the cheapest first; of
        several that are equal in both, all.

    Example:
        >>> small = Variant(0.5, (96,), 1.0, 10, 5, 100, 50, top1=60.0)
        >>> worse = Variant(1.0, (48,), 0.5, 12, 9, 100, 50, top1=58.0)
        >>> pareto_front([small, worse]) == (small,)
        True
    """
    timed = all(one.predicted_us is not None for one in variants)
    scored = [
        ((one.predicted_us or 0.0) if timed else float(one.macs), one.top1, one)
        for one in variants
        if one.top1 is not None
    ]
    kept = [
        (cost, one)
        for cost, top1, one in scored
        if not any(
            other <= cost and best >= top1 and (other < cost or best > top1)
            for other, best, _ in scored
        )
    ]
    return tuple(one for _, one in sorted(kept, key=lambda pair: pair[0]))


def variant_of(
    report: CostReport,
    width: float,
    size: Sequence[int],
    *,
    largest: int,
    predicted_us: float | None = None,
    published: Mapping[tuple[float, int], float] = MappingProxyType({}),
) -> Variant:
    """Describe one variant by what was counted.

    Args:
        report: Its counts.
        width: Its width multiplier.
        size: Of its input.
        largest: The last size of the largest variant.
        predicted_us: Predicted time, if there is one.
        published: Accuracies by width and resolution.

    Returns:
        The variant.

    Example:
        >>> variant_of(CostReport("n", 1, ()), 1.0, (96, 96), largest=192).macs
        0
    """
    square = len(set(size)) == 1
    return Variant(
        width_multiplier=width,
        size=tuple(size),
        resolution_multiplier=size[-1] / largest,
        macs=report.macs,
        params=report.params,
        moved_bytes=report.moved_bytes,
        peak_bytes=report.peak_bytes,
        predicted_us=predicted_us,
        top1=published.get((width, size[-1])) if square else None,
    )
