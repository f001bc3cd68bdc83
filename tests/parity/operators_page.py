"""The page of operators: ``python -m tests.parity.operators_page`` writes it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import onnx
from tests.parity.vectors import cases, refusals

from depthwise.graph import OPERATORS, OPSET, Operator
from depthwise.graph.operators.operator import no_macs

PAGE = Path(__file__).resolve().parents[2] / "docs/operators.md"

INTRODUCTION = """# Operators

Written by `python -m tests.parity.operators_page`; a test compares it with the code.

A graph holds these {count} operators, with the names, attributes and meaning of ONNX's
opset {opset}. Every entry of the table has a shape rule in which the batch is the
symbol N, a count of multiply-accumulates and of bytes, and a NumPy reference in the
element type of its operands. An operator that is not here is an error that names the
node; it is never counted as 0 and never skipped.

- **Attributes** stand with their defaults; *required* ones have none, and *absent*
  means that ONNX's rule for a missing attribute holds.
- **Known** are the inputs (from 0) whose elements shapes depend on: constants, or
  computed from shapes by other operators of this page.
- **MACs** are forward multiply-accumulates, padding taps included. The count without
  them ("real") is given apart. The gradient of either operand takes as many as the
  forward pass. Sums of products are counted and nothing else: norms, activations,
  pooling, interpolation, reductions and arithmetic element by element have 0.
- **Bytes** are all inputs once and all outputs once; "view" moves nothing, and "picks"
  reads no more of its data than it writes. Known inputs are not read.

| operator | inputs | attributes | known | MACs | bytes |
|---|---|---|---|---|---|
"""

VECTORS = """
## onnx's own vectors

The onnx package {version} brings {total} cases: single operators, the functions they
stand for, models converted from torch, and nine networks with made-up weights. Of these
{passed} are within the table, and every one comes out right in its own tolerance. The
other {refused} are listed here with the reason; those of older opsets are converted by
onnx first.
"""


def page() -> str:
    """Write the whole page."""
    head = INTRODUCTION.format(count=len(OPERATORS), opset=OPSET)
    rows = "".join(_row(entry) for entry in OPERATORS.values())
    total, out = len({case.name for case in cases()}), refusals()
    vectors = VECTORS.format(
        version=onnx.__version__,
        total=total,
        passed=total - len(out),
        refused=len(out),
    )
    return head + rows + vectors + _reasons(out)


def _row(entry: Operator) -> str:
    low, high = entry.inputs
    inputs = str(low) if low == high else f"{low}+" if high > 9 else f"{low} to {high}"
    known = ", ".join(map(str, entry.static)) or "none"
    macs = "0"
    if entry.macs is not no_macs:
        macs = (entry.macs.__doc__ or "").splitlines()[0].rstrip(".")
    moved = "picks" if entry.picks else "all" if entry.moves_data else "view"
    cells = (f"`{entry.name}`", inputs, _attributes(entry), known, macs, moved)
    return f"| {' | '.join(cells)} |\n"


def _attributes(entry: Operator) -> str:
    schema = onnx.defs.get_schema(entry.name, OPSET)
    shown = []
    for name, default in sorted(entry.attributes.items()):
        required = name in schema.attributes and schema.attributes[name].required
        value = default if default is not None else "absent"
        words = [w for w in entry.choices.get(name, ()) if w != default]
        others = f" (or {', '.join(words)})" if words else ""
        shown.append(f"{name}: {'required' if required else value}{others}")
    return ", ".join(shown) or "none"


def _reasons(refused: dict[str, str]) -> str:
    by_reason = defaultdict(list)
    for name, reason in sorted(refused.items()):
        by_reason[reason].append(name.removeprefix("test_"))
    parts = []
    for reason in sorted(by_reason):
        names = ", ".join(f"`{name}`" for name in by_reason[reason])
        parts.append(f"\n**{reason}** ({len(by_reason[reason])}): {names}\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
