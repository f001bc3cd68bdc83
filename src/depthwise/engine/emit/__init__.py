"""The only place that spells LLVM: loops, vectors, tails, fused multiply-adds.

Values are the text of operands. Integers are Python's where they are known, so that
address arithmetic on constants never reaches the machine. No optimiser runs on the
text: what is written is what is selected, and registers hold what kernels say.
"""

from depthwise.engine.emit.body import Body, Reduction
from depthwise.engine.emit.module import Module
from depthwise.engine.emit.text import Int

__all__ = ["Body", "Int", "Module", "Reduction"]
