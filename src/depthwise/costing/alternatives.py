"""What a dense convolution would cost taken apart in other ways."""

from __future__ import annotations

import math
from dataclasses import dataclass

from depthwise.costing.geometry import ConvGeometry
from depthwise.costing.kinds import Kind
from depthwise.costing.layer import LayerCost


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Multiply-accumulates of one dense layer, and of what could stand in its place.

    Args:
        name: The layer's name.
        dense: What it costs.
        separable: Depthwise, then pointwise.
        blueprint: Pointwise, then depthwise.
        pays_up_to: The highest rank T, as a sum of T separable convolutions, that
            still costs less; 0 where even one does not pay.

    Example:
        >>> Alternatives("c", 972, 1080, 2052, 0).ratio
        1.1111111111111112
    """

    name: str
    dense: int
    separable: int
    blueprint: int
    pays_up_to: int

    @property
    def ratio(self) -> float:
        """Separable over dense: 1/N + 1/Dk² at stride 1 and any padding."""
        return self.separable / self.dense

    def rank(self, terms: int) -> int:
        """Cost of a sum of separable convolutions.

        Args:
            terms: How many, at least 1.

        Returns:
            Multiply-accumulates; T·(1/N + 1/Dk²) of the dense layer's.
        """
        return terms * self.separable


def alternatives_of(layer: LayerCost) -> Alternatives | None:
    """Count what a dense layer would cost taken apart.

    Args:
        layer: Any layer.

    Returns:
        The counts, or None where there is nothing to take apart: one tap, groups, or
        no convolution at all.

    Source:
        Howard et al. 2017, arXiv:1704.04861, section 3.1; Haase and Amthor 2020,
        arXiv:2003.13549, section 3.

    Example:
        >>> sizes = ConvGeometry((3, 3), (1, 1), (1, 1), 3, 256, 1, 36, 64, 36)
        >>> layer = LayerCost("c", "", "Conv", Kind.DENSE, 248832, 0, 0, (), 0)
        >>> from dataclasses import replace
        >>> alternatives_of(replace(layer, geometry=sizes)).separable
        28620
    """
    sizes = layer.geometry
    if sizes is None or layer.kind is not Kind.DENSE:
        return None
    one = separable_macs(sizes)
    return Alternatives(
        name=layer.name,
        dense=layer.macs,
        separable=one,
        blueprint=blueprint_macs(sizes),
        pays_up_to=max(math.ceil(layer.macs / one) - 1, 0),
    )


def separable_macs(sizes: ConvGeometry) -> int:
    """Count a depthwise convolution of these sizes and the pointwise one after it.

    Args:
        sizes: Of the dense convolution.

    Returns:
        Multiply-accumulates.
    """
    depthwise = sizes.in_channels * sizes.taps * sizes.positions
    pointwise = sizes.in_channels * sizes.out_channels * sizes.output_positions
    return depthwise + pointwise


def blueprint_macs(sizes: ConvGeometry) -> int:
    """Count a pointwise convolution and a depthwise one of these sizes after it.

    Args:
        sizes: Of the dense convolution.

    Returns:
        Multiply-accumulates; at stride 1 without padding the pointwise half sees
        more positions than it would behind the depthwise one.
    """
    pointwise = sizes.in_channels * sizes.out_channels * sizes.input_positions
    depthwise = sizes.out_channels * sizes.taps * sizes.positions
    return pointwise + depthwise
