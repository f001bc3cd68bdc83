"""Legal geometries for Hypothesis: small enough for plain loops, awkward on purpose."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st
from tests.reference import Sliding


@dataclass(frozen=True)
class Geometry:
    """A convolution that fits: ``x [N, C, *sizes]`` and its kernel."""

    batch: int
    channels: int
    filters: int
    group: int
    sizes: tuple[int, ...]
    sliding: Sliding
    bias: bool
    seed: int = field(repr=False)

    @property
    def rank(self) -> int:
        return len(self.sizes)

    @property
    def terms(self) -> int:
        """Products a sum of the convolution holds."""
        return self.channels // self.group * int(np.prod(self.sliding.kernel))

    def attributes(self) -> dict[str, int | tuple[int, ...]]:
        """ONNX's attributes of the convolution."""
        return {
            "strides": self.sliding.strides,
            "dilations": self.sliding.dilations,
            "pads": self.sliding.pads,
            "group": self.group,
        }

    def arrays(self, *, transposed: bool = False, whole: bool = False) -> list:
        """Input, weight and (perhaps) bias: small integers, or normal numbers."""
        rng = np.random.default_rng(self.seed)
        weight = (self.filters, self.channels // self.group)
        if transposed:
            weight = (self.channels, self.filters // self.group)
        shapes = [
            (self.batch, self.channels, *self.sizes),
            (*weight, *self.sliding.kernel),
        ]
        shapes += [(self.filters,)] * self.bias
        if whole:
            return [rng.integers(-4, 5, s).astype(np.float32) for s in shapes]
        return [rng.standard_normal(s).astype(np.float32) for s in shapes]


@st.composite
def slidings(draw: st.DrawFn, rank: int, *, longest: int = 5) -> Sliding:
    """A kernel with strides, dilations and unequal padding, the latter negative too."""

    def row(low: int, high: int, count: int = rank) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(count))

    kernel = row(1, longest if rank == 1 else 3)
    return Sliding(kernel, row(1, 3), row(1, 3), row(-1, 2, 2 * rank))


@st.composite
def geometries(draw: st.DrawFn, *, transposed: bool = False) -> Geometry:
    """A dense, grouped or depthwise convolution in one to three axes."""
    rank = draw(st.integers(1, 3))
    sliding = draw(slidings(rank))
    group = draw(st.sampled_from([1, 1, 2, 3]))
    channels = group * draw(st.integers(1, 2))
    filters = group * draw(st.integers(1, 3))
    sizes = tuple(
        draw(st.integers(1, 5)) if transposed else draw(_fitting(sliding, axis))
        for axis in range(rank)
    )
    return Geometry(
        batch=draw(st.integers(1, 2)),
        channels=channels,
        filters=filters,
        group=group,
        sizes=sizes,
        sliding=sliding,
        bias=draw(st.booleans()),
        seed=draw(st.integers(0, 2**31)),
    )


def _fitting(sliding: Sliding, axis: int) -> st.SearchStrategy[int]:
    """Sizes that hold the kernel once padded, and keep an element once cropped."""
    rank = len(sliding.kernel)
    begin, end = sliding.pads[axis], sliding.pads[axis + rank]
    reach = sliding.dilations[axis] * (sliding.kernel[axis] - 1) + 1
    cropped = -min(begin, 0) - min(end, 0)
    least = max(reach - begin - end, cropped + 1)
    return st.integers(least, least + 4)
