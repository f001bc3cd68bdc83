"""Integers and addresses; what is known now never reaches the machine."""

from __future__ import annotations

from depthwise.engine.emit.text import Int, Text


class Numbers(Text):
    """Arithmetic on i64 and on pointers."""

    def add(self, a: Int, b: Int) -> Int:
        """Add ``a`` and ``b``."""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if a == 0 or b == 0:
            return b if a == 0 else a
        return self.line(f"add nsw i64 {a}, {b}")

    def sub(self, a: Int, b: Int) -> Int:
        """Subtract ``b`` from ``a``."""
        if isinstance(a, int) and isinstance(b, int):
            return a - b
        return a if b == 0 else self.line(f"sub nsw i64 {a}, {b}")

    def mul(self, a: Int, b: Int) -> Int:
        """Multiply ``a`` and ``b``."""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if a in {0, 1} or b in {0, 1}:
            return 0 if 0 in {a, b} else (b if a == 1 else a)
        return self.line(f"mul nsw i64 {a}, {b}")

    def div(self, a: Int, b: Int) -> Int:
        """Divide ``a``, at least 0, by ``b``, at least 1, rounding down."""
        if isinstance(a, int) and isinstance(b, int):
            return a // b
        return a if b == 1 else self.line(f"udiv i64 {a}, {b}")

    def rem(self, a: Int, b: Int) -> Int:
        """Take what is left of ``a`` when ``b`` has divided it."""
        if isinstance(a, int) and isinstance(b, int):
            return a % b
        return 0 if b == 1 else self.line(f"urem i64 {a}, {b}")

    def least(self, a: Int, b: Int) -> Int:
        """Take the smaller of ``a`` and ``b``."""
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        smaller = self.line(f"icmp slt i64 {a}, {b}")
        return self.line(f"select i1 {smaller}, i64 {a}, i64 {b}")

    def most(self, a: Int, b: Int) -> Int:
        """Take the larger of ``a`` and ``b``."""
        if isinstance(a, int) and isinstance(b, int):
            return max(a, b)
        larger = self.line(f"icmp sgt i64 {a}, {b}")
        return self.line(f"select i1 {larger}, i64 {a}, i64 {b}")

    def choose(self, low: Int, high: Int, yes: str, no: str) -> str:
        """Take the pointer ``yes`` where ``low < high``, otherwise ``no``."""
        test = self.line(f"icmp slt i64 {low}, {high}")
        return self.line(f"select i1 {test}, ptr {yes}, ptr {no}")

    def offset(self, pointer: str, count: Int) -> str:
        """Move ``pointer`` by ``count`` bytes."""
        if count == 0:
            return pointer
        return self.line(f"getelementptr i8, ptr {pointer}, i64 {count}")

    def load_int(self, pointer: str, index: Int = 0) -> str:
        """Load element ``index`` of a table of i64 at ``pointer``."""
        place = self.offset(pointer, self.mul(index, 8))
        return self.line(f"load i64, ptr {place}, align 8")

    def load_pointer(self, pointer: str, index: int = 0) -> str:
        """Load element ``index`` of a table of addresses at ``pointer``."""
        place = self.offset(pointer, index * 8)
        return self.line(f"load ptr, ptr {place}, align 8")
