"""Control: loops, conditions, and what threads share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from depthwise.engine.emit.text import Int
from depthwise.engine.emit.vectors import Vectors

PAUSE_X86 = "llvm.x86.sse2.pause"
PAUSE_ARM = "llvm.aarch64.hint"
_COUNTERS = {True: "llvm.readsteadycounter", False: "llvm.readcyclecounter"}


@dataclass
class Reduction:
    """A loop that carries vectors.

    Args:
        index: The counter.
        values: The carried vectors; replace them by what the next turn begins with.
            After the loop they are the result.
    """

    index: str
    values: list[str]


class Body(Vectors):
    """A function while it is being written: everything that a kernel can say."""

    def keep_order(self) -> None:
        """Let no load or store move across this place; no instruction comes of it."""
        self.lines.append('  fence syncscope("singlethread") seq_cst')

    def label(self, name: str) -> None:
        """Begin the block ``name``."""
        self.lines.append(f"{name}:")
        self.block = name

    def jump(self, name: str) -> None:
        """Go to the block ``name``."""
        self.lines.append(f"  br label %{name}")

    def branch(self, test: str, a: Int, b: Int, yes: str, no: str) -> None:
        """Go to ``yes`` where ``a test b`` (slt, sge ...), otherwise to ``no``."""
        flag = self.line(f"icmp {test} i64 {a}, {b}")
        self.lines.append(f"  br i1 {flag}, label %{yes}, label %{no}")

    @contextmanager
    def when(self, test: str, a: Int, b: Int) -> Iterator[None]:
        """Do the body only where ``a test b`` (slt, sge ...)."""
        name = self.fresh()[1:]
        self.branch(test, a, b, f"y{name}", f"n{name}")
        self.label(f"y{name}")
        yield
        self.jump(f"n{name}")
        self.label(f"n{name}")

    @contextmanager
    def loop(self, start: Int, stop: Int, step: int = 1) -> Iterator[Int]:
        """Count from ``start`` by ``step`` while below ``stop``; once needs no loop."""
        if isinstance(start, int) and isinstance(stop, int):
            if start >= stop:
                raise ValueError(f"a counted loop runs; got {start} to {stop}")
            if start + step >= stop:
                yield start
                return
        with self.reduce(start, stop, (), step) as loop:
            yield loop.index

    @contextmanager
    def reduce(
        self, start: Int, stop: Int, values: Sequence[str], step: int = 1
    ) -> Iterator[Reduction]:
        """Count from ``start`` to ``stop`` by ``step``, carrying vectors ``values``.

        Bounds that are both numbers, and not empty, are tested at the end; others may
        run zero times and are tested first.
        """
        name = self.fresh()[1:]
        once = isinstance(start, int) and isinstance(stop, int) and start < stop
        before = self.block
        self.jump(f"l{name}")
        self.label(f"l{name}")
        index = self.fresh()
        carried = [self.fresh() for _ in values]
        head = len(self.lines)
        self.lines.append("")
        if not once:
            self.branch("slt", index, stop, f"b{name}", f"x{name}")
            self.label(f"b{name}")
        loop = Reduction(index, list(carried))
        yield loop
        after = self.add(index, step)
        edge = f"%{self.block}"
        phis = [f"  {index} = phi i64 [ {start}, %{before} ], [ {after}, {edge} ]"]
        for phi, first, last in zip(carried, values, loop.values, strict=True):
            edges = f"[ {first}, %{before} ], [ {last}, {edge} ]"
            phis.append(f"  {phi} = phi {self.vector} {edges}")
        self.lines[head] = "\n".join(phis)
        if once:
            self.branch("slt", after, stop, f"l{name}", f"x{name}")
        else:
            self.jump(f"l{name}")
            loop.values = carried
        self.label(f"x{name}")

    def load_shared(self, pointer: str, count: int = 0) -> str:
        """Load an i64 that other threads write, ``count`` bytes after ``pointer``."""
        place = self.offset(pointer, count)
        return self.line(f"load atomic i64, ptr {place} acquire, align 8")

    def store_shared(self, value: Int, pointer: str, count: int = 0) -> None:
        """Store ``value`` for other threads, ``count`` bytes after ``pointer``."""
        place = self.offset(pointer, count)
        self.lines.append(f"  store atomic i64 {value}, ptr {place} seq_cst, align 8")

    def add_shared(self, value: Int, pointer: str, count: int = 0) -> str:
        """Add ``value`` to a shared i64 ``count`` bytes after ``pointer``."""
        place = self.offset(pointer, count)
        return self.line(f"atomicrmw add ptr {place}, i64 {value} seq_cst, align 8")

    def store_int(self, value: Int, pointer: str, count: Int = 0) -> None:
        """Store the i64 ``value`` at ``count`` bytes after ``pointer``."""
        place = self.offset(pointer, count)
        self.lines.append(f"  store i64 {value}, ptr {place}, align 8")

    @contextmanager
    def waiting(self, pointer: str, goal: Int) -> Iterator[str]:
        """Pause until the shared i64 at ``pointer`` is ``goal`` or more.

        The body runs at each turn and is given the number of turns so far.
        """
        name = self.fresh()[1:]
        before = self.block
        self.jump(f"w{name}")
        self.label(f"w{name}")
        turns = self.fresh()
        head = len(self.lines)
        self.lines.append("")
        seen = self.load_shared(pointer)
        self.branch("sge", seen, goal, f"d{name}", f"s{name}")
        self.label(f"s{name}")
        self.pause()
        more = str(self.add(turns, 1))
        yield more
        edges = f"[ 0, %{before} ], [ {more}, %{self.block} ]"
        self.lines[head] = f"  {turns} = phi i64 {edges}"
        self.jump(f"w{name}")
        self.label(f"d{name}")

    def pause(self) -> None:
        """Tell the CPU that this is a spinning loop."""
        if self.module.target.is_arm:
            self.intrinsic(PAUSE_ARM, "void", "i32", "i32 1")
        else:
            self.intrinsic(PAUSE_X86, "void", "", "")

    def ticks(self) -> str:
        """Read the counter of cycles, or of time where cycles are private."""
        return self.intrinsic(_COUNTERS[self.module.target.is_arm], "i64", "", "")
