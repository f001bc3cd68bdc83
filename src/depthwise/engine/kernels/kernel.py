"""What all kernels share: a name, pointers, a range of units, places of operands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from depthwise.engine.emit import Body, Int, Module
from depthwise.engine.kernels.chain import Chain, apply
from depthwise.engine.layout import View


class Kernel(Protocol):
    """One function of machine code: pointers, then the units ``low`` to ``high``.

    Any split of the units among threads computes the same bits.
    """

    @property
    def name(self) -> str:
        """Unique within a module: equal names mean equal code."""

    @property
    def units(self) -> int:
        """Pieces of work that may be done by different threads."""

    def emit(self, module: Module) -> None:
        """Write the function, and those it calls, into ``module``."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image operand's elements are, seen from a kernel's rows.

    Args:
        view: Steps in bytes.
        gap: Bytes to skip at each end of a true row, where several rows are one.

    Example:
        >>> Place(View(0, 0, 0, 32)).gap
        0
    """

    view: View
    gap: int = 0


@dataclass(frozen=True)
class Epilogue:
    """What is done to a finished sum, and where the extra operands are.

    Args:
        chain: Links in order.
        operands: A place for each extra operand.

    Example:
        >>> Epilogue().chain
        ()
    """

    chain: Chain = ()
    operands: tuple[Place, ...] = ()

    @property
    def word(self) -> str:
        """The epilogue within the name of a kernel."""
        return "_".join(link.word for link in self.chain) or "linear"


NOTHING = Epilogue()
"""No epilogue: the sum is stored as it is."""


@dataclass
class Cursor:
    """Pointers of extra operands, at the element that is being finished.

    Args:
        body: Where to write.
        epilogue: What to apply.
        pointers: One an operand.
        lanes: Elements of the vector that exist.
    """

    body: Body
    epilogue: Epilogue
    pointers: list[str]
    lanes: int = field(default=0)

    def finish(self, value: str, offsets: Sequence[Int]) -> str:
        """Apply the chain to ``value``; operand i is ``offsets[i]`` bytes further."""
        body = self.body
        for link in self.epilogue.chain:
            other = ""
            if link.operand >= 0:
                pointer = self.pointers[link.operand]
                lanes = self.lanes or body.lanes
                other = body.load_part(pointer, lanes, offsets[link.operand])
            value = apply(body, link, value, other)
        return value


def emit_once(kernel: Kernel, module: Module) -> None:
    """Write a kernel into a module unless its name is there already.

    Args:
        kernel: The kernel.
        module: The module.
    """
    if kernel.name not in module.named:
        module.named.add(kernel.name)
        kernel.emit(module)
