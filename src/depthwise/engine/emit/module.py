"""A unit of machine code while it is being written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from depthwise.engine.target import Target


@dataclass
class Module:
    """One unit of machine code: functions and tables, by name.

    Args:
        target: The CPU it is for.
        functions: Text of every finished function, in order of completion.
        tables: Constant tables of i64, by content.
        declared: Declarations of intrinsics.
        named: Names of functions that exist or are being written.
    """

    target: Target
    functions: list[str] = field(default_factory=list)
    tables: dict[tuple[int, ...], str] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def table(self, numbers: Sequence[int]) -> str:
        """Name a constant table that holds ``numbers``; equal ones are shared."""
        return self.tables.setdefault(tuple(numbers), f"@t{len(self.tables)}")

    def text(self) -> str:
        """Join everything into one source text."""
        lines = [f'target triple = "{self.target.triple}"']
        for numbers, name in self.tables.items():
            items = ", ".join(f"i64 {n}" for n in numbers)
            kind = f"[{len(numbers)} x i64]"
            lines.append(f"{name} = private unnamed_addr constant {kind} [{items}]")
        return "\n".join([*lines, *self.functions, *self.declared.values(), ""])
