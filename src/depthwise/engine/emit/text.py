"""The lines of one function: names, blocks, calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from depthwise.engine.emit.module import Module

Int: TypeAlias = int | str
"""An i64: a number, or the text of an operand."""


class Text:
    """The lines of a function, and the names in them.

    Args:
        module: Where the finished function goes.
        name: The function's name.
        pointers: Names of pointer parameters.
        integers: Names of i64 parameters, after the pointers.
        public: Whether it can be looked up from outside.
    """

    def __init__(
        self,
        module: Module,
        name: str,
        pointers: Sequence[str],
        integers: Sequence[str] = (),
        *,
        public: bool = False,
    ) -> None:
        kinds = [f"ptr %{p}" for p in pointers] + [f"i64 %{i}" for i in integers]
        linkage = "" if public else "internal "
        self.module = module
        self.lines = [f"define {linkage}void @{name}({', '.join(kinds)}) noinline {{"]
        self.block = "entry"
        self.lines.append("entry:")
        self._count = 0
        self.lanes = module.target.lanes
        self.vector = f"<{self.lanes} x float>"

    def fresh(self) -> str:
        """Make a new name."""
        self._count += 1
        return f"%v{self._count}"

    def line(self, text: str) -> str:
        """Write an instruction ``text`` that has a result; return the result."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def close(self) -> None:
        """Return from the function and hand it to the module."""
        self.lines.append("  ret void\n}")
        self.module.functions.append("\n".join(self.lines))

    @contextmanager
    def width(self, lanes: int) -> Iterator[None]:
        """Work on vectors of ``lanes`` elements for a while; 1 means scalars."""
        saved = self.lanes, self.vector
        self.lanes = lanes
        self.vector = f"<{lanes} x float>" if lanes > 1 else "float"
        yield
        self.lanes, self.vector = saved

    def intrinsic(self, name: str, result: str, arguments: str, call: str) -> str:
        """Call ``name`` with ``call``, declared as ``result`` of ``arguments``."""
        text = f"declare {result} @{name}({arguments})"
        self.module.declared.setdefault(name, text)
        if result == "void":
            self.lines.append(f"  call void @{name}({call})")
            return ""
        return self.line(f"call {result} @{name}({call})")

    def call(self, name: str, pointers: Sequence[str], integers: Sequence[Int]) -> None:
        """Call our own function ``name`` with ``pointers`` and ``integers``."""
        given = [f"ptr {p}" for p in pointers] + [f"i64 {i}" for i in integers]
        self.lines.append(f"  call void @{name}({', '.join(given)})")

    def call_pointer(self, target: str, pointers: Sequence[str], number: Int) -> None:
        """Call the function at ``target`` with ``pointers`` and a ``number``."""
        given = ", ".join([*(f"ptr {p}" for p in pointers), f"i64 {number}"])
        self.lines.append(f"  call void {target}({given})")
