"""The structures that separable networks are made of, described by node name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PairKind(StrEnum):
    """In which order a depthwise and a pointwise convolution follow each other.

    Example:
        >>> print(PairKind.SEPARABLE)
        separable
    """

    SEPARABLE = "separable"
    BLUEPRINT = "blueprint"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two convolutions that stand for one dense one.

    Separable is depthwise, then pointwise, with norm and activation in between or not.
    Blueprint is pointwise, then depthwise, with no activation in between: with one it
    would be the expansion of an inverted residual.

    Args:
        kind: The order.
        first: Node name of the first convolution.
        second: Node name of the second.
        between: Names of norms, activations, pads and crops in between.

    Example:
        >>> Pair(PairKind.SEPARABLE, "block.depthwise", "block.pointwise").between
        ()
    """

    kind: PairKind
    first: str
    second: str
    between: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SqueezeExcite:
    """A gate a channel, computed from the mean of each channel.

    Args:
        pool: Node name of the pooling.
        reduce: Name of the first convolution or Gemm.
        expand: Name of the second.
        gate: Name of the activation that bounds the gate.
        scale: Name of the product of value and gate.

    Example:
        >>> SqueezeExcite("pool", "fc1", "fc2", "gate", "mul").scale
        'mul'
    """

    pool: str
    reduce: str
    expand: str
    gate: str
    scale: str


@dataclass(frozen=True, slots=True)
class InvertedResidual:
    """Expand, filter, project: the block of MobileNetV2 and its successors.

    The middle is wider than either end, and nothing but a norm follows the projection.

    Args:
        expand: Node name of the first pointwise convolution.
        depthwise: Name of the depthwise one.
        project: Name of the second pointwise one.
        residual: Name of the Add or Sum with the block's input, or empty.
        squeeze_excite: The gate between filter and projection, if there is one.

    Example:
        >>> InvertedResidual("expand", "filter", "project").residual
        ''
    """

    expand: str
    depthwise: str
    project: str
    residual: str = ""
    squeeze_excite: SqueezeExcite | None = None


@dataclass(frozen=True, slots=True)
class Patterns:
    """Everything that was recognised, in the order of the graph.

    Args:
        depthwise: Node names of convolutions with a group for every input channel,
            transposed ones too.
        pointwise: Names of convolutions with one tap and one group.
        pairs: Separable and blueprint pairs.
        inverted_residuals: Their blocks; the pair within one is listed as well.
        squeeze_excites: Gates.

    Example:
        >>> Patterns().pairs
        ()
    """

    depthwise: tuple[str, ...] = ()
    pointwise: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    inverted_residuals: tuple[InvertedResidual, ...] = ()
    squeeze_excites: tuple[SqueezeExcite, ...] = ()
