"""A compiled network before it is machine code: steps, operands, buffers, weights."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np

from depthwise.engine.kernels.kernel import Kernel
from depthwise.engine.layout import Blocked, Floats, Layout, Plain


class Space(Enum):
    """Where an operand lives."""

    ARENA = "arena"
    WEIGHTS = "weights"
    INPUT = "input"
    OUTPUT = "output"
    SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class Ref:
    """The address of an operand, resolved when the driver is written.

    Args:
        space: Where it lives.
        index: Which buffer, weight array, input or output.
        offset: Bytes from its start.
        stride: Bytes from one sample to the next.

    Example:
        >>> Ref(Space.INPUT, 0).offset
        0
    """

    space: Space
    index: int
    offset: int = 0
    stride: int = 0


@dataclass(frozen=True)
class Step:
    """One call of a kernel, once a sample.

    Args:
        kernel: What is called.
        operands: Its pointers.
        images: Samples.
        nodes: Names of the graph's nodes that it computes.
        joined: Whether the next step may begin before all threads have finished this.
        macs: Multiply-accumulates of all samples.
    """

    kernel: Kernel
    operands: tuple[Ref, ...]
    images: int = 1
    nodes: tuple[str, ...] = ()
    joined: bool = False
    macs: int = 0


@dataclass(frozen=True)
class BlockedOperand:
    """An image and its address.

    Args:
        layout: How it is laid out.
        ref: Where its buffer starts, halo included.
    """

    layout: Blocked
    ref: Ref

    def at(self, extra: int = 0) -> Ref:
        """Point at the first element that is not halo, plus ``extra`` bytes."""
        ref, layout = self.ref, self.layout
        start = ref.offset + layout.origin + extra
        return Ref(ref.space, ref.index, start, layout.image)


@dataclass(frozen=True)
class PlainOperand:
    """A plain array and its address.

    Args:
        layout: Its shape.
        ref: Where it starts.
    """

    layout: Plain
    ref: Ref


Operand: TypeAlias = BlockedOperand | PlainOperand


@dataclass(frozen=True)
class Program:
    """Everything that the machine code needs, for one batch size.

    Args:
        steps: In order.
        buffers: Layouts in the arena, by index.
        weights: Packed arrays, by index.
        input_shapes: Shapes of the inputs, batch included.
        output_shapes: Shapes of the outputs, batch included.
        scratch: Bytes a thread needs for itself.
    """

    steps: tuple[Step, ...]
    buffers: tuple[Layout, ...]
    weights: tuple[Floats, ...]
    input_shapes: tuple[tuple[int, ...], ...]
    output_shapes: tuple[tuple[int, ...], ...]
    scratch: int

    def weight_offsets(self) -> list[int]:
        """List where each weight array starts in one packed block, in bytes."""
        return list(_starts([array.nbytes for array in self.weights]))[:-1]

    def packed(self) -> Floats:
        """Join all weights into one block, each on a cache line of its own."""
        sizes = [array.nbytes for array in self.weights]
        starts = _starts(sizes)
        block = np.zeros(starts[-1] // 4 + 32, np.float32)
        skip = -block.ctypes.data % 64 // 4
        block = block[skip : skip + starts[-1] // 4]
        for start, array in zip(starts, self.weights, strict=False):
            block[start // 4 : start // 4 + array.size] = array
        return block


def _starts(sizes: list[int]) -> list[int]:
    starts = [0]
    for size in sizes:
        starts.append(starts[-1] + -(-size // 64) * 64)
    return starts
