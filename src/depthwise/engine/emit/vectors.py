"""Vectors of float32: loads, multiply-adds, lanes."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from depthwise.engine.emit.numbers import Numbers
from depthwise.engine.emit.text import Int


class Vectors(Numbers):
    """Arithmetic on vectors of as many lanes as ``width`` says."""

    def number(self, value: float) -> str:
        """Spell ``value``, rounded to float32, in every lane."""
        single = struct.unpack("f", struct.pack("f", value))[0]
        text = f"0x{struct.unpack('>Q', struct.pack('>d', single))[0]:016X}"
        return text if self.lanes == 1 else f"splat (float {text})"

    def load(self, pointer: str, count: Int = 0) -> str:
        """Load a vector ``count`` bytes after ``pointer``."""
        place = self.offset(pointer, count)
        return self.line(f"load {self.vector}, ptr {place}, align 4")

    def store(self, value: str, pointer: str, count: Int = 0) -> None:
        """Store the vector ``value`` at ``count`` bytes after ``pointer``."""
        place = self.offset(pointer, count)
        self.lines.append(f"  store {self.vector} {value}, ptr {place}, align 4")

    def splat(self, scalar: str) -> str:
        """Copy a float32 ``scalar`` into every lane."""
        if self.lanes == 1:
            return scalar
        first = self.line(f"insertelement {self.vector} poison, float {scalar}, i32 0")
        mask = f"<{self.lanes} x i32> zeroinitializer"
        return self.line(
            f"shufflevector {self.vector} {first}, {self.vector} poison, {mask}"
        )

    def broadcast(self, pointer: str, count: Int = 0) -> str:
        """Load one float32 at ``count`` bytes after ``pointer`` into every lane."""
        place = self.offset(pointer, count)
        return self.splat(self.line(f"load float, ptr {place}, align 4"))

    def from_int(self, number: Int) -> str:
        """Turn the i64 ``number`` into a float32 in every lane."""
        return self.splat(self.line(f"sitofp i64 {number} to float"))

    def load_part(self, pointer: str, lanes: int, count: Int = 0) -> str:
        """Load the first ``lanes`` elements at ``pointer`` plus ``count`` bytes."""
        if lanes == self.lanes:
            return self.load(pointer, count)
        value = "zeroinitializer"
        for lane in range(lanes):
            place = self.offset(pointer, self.add(count, 4 * lane))
            scalar = self.line(f"load float, ptr {place}, align 4")
            value = self.insert(value, scalar, lane)
        return value

    def store_part(self, value: str, lanes: int, pointer: str, count: Int = 0) -> None:
        """Store ``lanes`` elements of ``value`` at ``pointer`` plus ``count`` bytes."""
        if lanes == self.lanes:
            self.store(value, pointer, count)
            return
        for lane in range(lanes):
            scalar = self.extract(value, lane)
            place = self.offset(pointer, self.add(count, 4 * lane))
            self.lines.append(f"  store float {scalar}, ptr {place}, align 4")

    def insert(self, vector: str, scalar: str, lane: int) -> str:
        """Put ``scalar`` in one ``lane`` of ``vector``."""
        return self.line(
            f"insertelement {self.vector} {vector}, float {scalar}, i32 {lane}"
        )

    def extract(self, vector: str, lane: int) -> str:
        """Take one ``lane`` of ``vector``."""
        if self.lanes == 1:
            return vector
        return self.line(f"extractelement {self.vector} {vector}, i32 {lane}")

    def shuffle(self, vector: str, order: Sequence[int]) -> str:
        """Pick lanes of ``vector`` in this ``order``."""
        if self.lanes == 1 or list(order) == list(range(self.lanes)):
            return vector
        kind = f"<{self.lanes} x i32>"
        picks = ", ".join(f"i32 {lane}" for lane in order)
        both = f"{self.vector} {vector}, {self.vector} poison"
        return self.line(f"shufflevector {both}, {kind} <{picks}>")

    def arithmetic(self, op: str, a: str, b: str) -> str:
        """Compute ``a op b`` where ``op`` is fadd, fsub, fmul or fdiv."""
        return self.line(f"{op} {self.vector} {a}, {b}")

    def fma(self, a: str, b: str, c: str) -> str:
        """Compute ``a * b + c``, rounded once where the CPU can."""
        kind = self.vector
        word = "fma" if self.module.target.fma else "fmuladd"
        suffix = "f32" if self.lanes == 1 else f"v{self.lanes}f32"
        name = f"llvm.{word}.{suffix}"
        if name not in self.module.declared:
            head = f"declare {kind} @{name}({kind}, {kind}, {kind})"
            self.module.declared[name] = head
        return self.line(f"call {kind} @{name}({kind} {a}, {kind} {b}, {kind} {c})")

    def pick(self, test: str, a: str, b: str, yes: str, no: str) -> str:
        """Take ``yes`` in lanes where ``a test b`` (olt, uno ...), otherwise ``no``."""
        flag = "i1" if self.lanes == 1 else f"<{self.lanes} x i1>"
        mask = self.line(f"fcmp {test} {self.vector} {a}, {b}")
        return self.line(
            f"select {flag} {mask}, {self.vector} {yes}, {self.vector} {no}"
        )

    def larger(self, a: str, b: str) -> str:
        """Take the larger of ``a`` and ``b`` in one instruction; NaN gives ``b``."""
        return self.pick("ogt", a, b, a, b)

    def smaller(self, a: str, b: str) -> str:
        """Take the smaller of ``a`` and ``b`` in one instruction; NaN gives ``b``."""
        return self.pick("olt", a, b, a, b)

    def power_of_two(self, biased: str) -> str:
        """Turn ``biased``, a float whose low mantissa bits hold n, into 2 to the n."""
        kind = "i32" if self.lanes == 1 else f"<{self.lanes} x i32>"
        wrap = "{}" if self.lanes == 1 else "splat (i32 {})"
        bits = self.line(f"bitcast {self.vector} {biased} to {kind}")
        moved = self.line(f"shl {kind} {bits}, {wrap.format(23)}")
        value = self.line(f"add {kind} {moved}, {wrap.format(0x3F800000)}")
        return self.line(f"bitcast {kind} {value} to {self.vector}")

    def absolute(self, value: str) -> str:
        """Drop the sign of ``value``."""
        suffix = "f32" if self.lanes == 1 else f"v{self.lanes}f32"
        kind = self.vector
        return self.intrinsic(f"llvm.fabs.{suffix}", kind, kind, f"{kind} {value}")

    def root(self, value: str) -> str:
        """Take the square root of ``value``."""
        suffix = "f32" if self.lanes == 1 else f"v{self.lanes}f32"
        kind = self.vector
        return self.intrinsic(f"llvm.sqrt.{suffix}", kind, kind, f"{kind} {value}")

    def exponent(self, value: str) -> tuple[str, str]:
        """Take a positive normal ``value`` apart: a power's float, and 0.5 to 1."""
        kind = "i32" if self.lanes == 1 else f"<{self.lanes} x i32>"
        wrap = "{}" if self.lanes == 1 else "splat (i32 {})"
        bits = self.line(f"bitcast {self.vector} {value} to {kind}")
        moved = self.line(f"lshr {kind} {bits}, {wrap.format(23)}")
        power = self.line(f"sub {kind} {moved}, {wrap.format(126)}")
        count = self.line(f"sitofp {kind} {power} to {self.vector}")
        low = self.line(f"and {kind} {bits}, {wrap.format(0x7FFFFF)}")
        half = self.line(f"or {kind} {low}, {wrap.format(0x3F000000)}")
        return count, self.line(f"bitcast {kind} {half} to {self.vector}")

    def prefetch(self, pointer: str, count: Int) -> None:
        """Fetch the line ``count`` bytes after ``pointer`` into the second level."""
        place = self.offset(pointer, count)
        kinds = "ptr, i32, i32, i32"
        given = f"ptr {place}, i32 0, i32 2, i32 1"
        self.intrinsic("llvm.prefetch.p0", "void", kinds, given)
