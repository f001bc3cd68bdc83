"""The page of networks, written from results/networks.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results/networks.json"
PAGE = ROOT / "docs/networks.md"

HEAD = """# Networks that nobody here wrote

Written by `python -m benchmarks.accept_networks`; a test compares it with
`results/networks.json`.

{count} networks of {families} families of PyPI's `pytorchcv`, with random weights and
statistics, each traced, counted, rebuilt as a module, and written to ONNX and read
back. Graph and rebuilt module give what the network itself gives, and the graph from
the file what the graph gives, computed in float64 at batches of 1, 3 and 32.

- **Time** is that of `bridge.trace`: seconds of one core's work, and of the clock on
  a busy machine with two cores. The largest, {largest}, takes {slowest} s for {nodes}
  nodes.
- **MACs** are those of one sample; those of convolutions and linear layers are never
  fewer than what hooks on the module's layers see ({equal} are equal; the others
  multiply in functional code, which hooks miss).
- **Bound** is the largest part that any of the three forms uses of what float64 may
  differ: 2^-21 of what float32 loses in the same network. 0 is equal to the bit.

| network | family | input | nodes | parameters | MACs | time | clock | bound |
|---|---|---|---:|---:|---:|---:|---:|---:|
"""


def page() -> str:
    """Write the whole page."""
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))["networks"]
    good = [row for row in rows if "error" not in row]
    largest = max(good, key=lambda row: int(row["nodes"]))
    head = HEAD.format(
        count=len(good),
        families=len({row["family"] for row in good}),
        largest=largest["name"],
        slowest=largest["trace_cpu_seconds"],
        nodes=largest["nodes"],
        equal=sum(row["layer_macs"] == row["hook_macs"] for row in good),
    )
    return head + "".join(_row(row) for row in good)


def _row(row: dict[str, Any]) -> str:
    cells = (
        row["name"],
        row["family"],
        "x".join(map(str, row["input"])),
        str(row["nodes"]),
        f"{row['params']:,}",
        f"{row['macs']:,}",
        f"{row['trace_cpu_seconds']:.1f}",
        f"{row['trace_seconds']:.1f}",
        f"{max(row['room_used'].values()):.3g}",
    )
    return f"| {' | '.join(cells)} |\n"
