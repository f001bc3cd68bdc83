"""Write the measured tables of docs/cost.md from results/*.json.

python -m benchmarks.cost_pages
"""

from __future__ import annotations

import sys

from benchmarks.pages import ROOT, Figures, Pages, figures_of, markdown

COUNTERS = ROOT / "results/counters.json"
ROOFLINE = ROOT / "results/roofline.json"


def cell(found: int | None, right: int) -> str:
    """Write what a counter says in parts of what is right, if it is wrong."""
    if found is None:
        return "**fails**"
    return "1" if found == right else f"**{part(found / right)}**"


def part(ratio: float) -> str:
    """Write a wrong ratio with as many digits as show that it is wrong."""
    if ratio == 0:
        return "0"
    digits = 2
    while float(f"{ratio:.{digits}f}") in {0.0, 1.0}:
        digits += 1
    return f"{ratio:.{digits}f}"


def counters(found: Figures) -> str:
    """One row a case: what is right, and every counter in parts of it."""
    names = list(found["rows"][0]["others"])
    rows = []
    for row in found["rows"]:
        right = row["loops"]
        others = [cell(row["others"][name], right["forward"]) for name in names]
        behind = cell(row["torch_backward"], right["backward"])
        counts = [f"{right[one]:,}" for one in ("forward", "real", "backward")]
        mine = [
            cell(row["depthwise"][one], right[one]) for one in ("forward", "backward")
        ]
        rows.append([row["title"], *counts, mine[0], *others, mine[1], behind])
    counts = ["forward", "on elements", "backward"]
    backward = ["depthwise, backward", "torch, backward"]
    return markdown(["case", *counts, "depthwise", *names, *backward], rows)


def verdicts(found: Figures) -> str:
    """Say how many cases each counter has right."""
    rows, lines = found["rows"], []
    forward = {"depthwise": [row["depthwise"]["forward"] for row in rows]}
    for name in rows[0]["others"]:
        forward[name] = [row["others"][name] for row in rows]
    for name, counts in forward.items():
        right = sum(
            count == row["loops"]["forward"]
            for count, row in zip(counts, rows, strict=True)
        )
        backward = {
            "depthwise": [row["depthwise"]["backward"] for row in rows],
            "torch": [row["torch_backward"] for row in rows],
        }.get(name)
        behind = "does not count it"
        if backward is not None:
            good = sum(
                count == row["loops"]["backward"]
                for count, row in zip(backward, rows, strict=True)
            )
            behind = f"{good} of {len(rows)}"
        package = found["versions"].get(name.partition(",")[0], "")
        lines.append([f"{name} {package}".strip(), f"{right} of {len(rows)}", behind])
    return markdown(["counter", "forward right", "backward right"], lines)


def predictions(found: Figures) -> str:
    """One row a network, in groups of equal multiply-accumulates."""
    rows = []
    for row in found["networks"]:
        off = row["predicted_us"] / row["measured_us"] - 1
        times = [f"{row[key]:,.0f}" for key in _TIMES]
        macs = f"{row['macs'] / 1e6:,.1f} M"
        rows.append([row["title"], macs, *times, f"{100 * off:+.0f} %"])
    head = ("network", "MACs", "at its roofs, µs", "predicted, µs", "measured, µs")
    return markdown((*head, "off"), rows)


_TIMES = ("bound_us", "predicted_us", "measured_us")


def judgement(found: Figures) -> str:
    """Hold the prediction and multiply-accumulates alone against the bars."""
    wrong = len(found["pairs_macs_order_wrongly"])
    right = found["ordered_rightly"]
    bars = found["bars"]
    ours, alone = found["median_unit_error"], found["median_unit_error_macs"]
    rows = [
        [
            f"median error of {found['units']} layers",
            f"{100 * ours:.1f} %",
            f"{100 * alone:.1f} %",
            verdict(bars["median_unit_error"], met=ours <= bars["median_unit_error"]),
        ],
        [
            f"pairs in order, of {wrong} that MACs order wrongly",
            f"{right} of {wrong}",
            "0",
            verdict(bars["ordered_rightly"], met=right >= 0.8 * wrong),
        ],
    ]
    head = ("", "predicted", "from MACs alone", "bar")
    missed = "; ".join(f"{one} / {two}" for one, two in found["missed"]) or "none"
    machine = found["machine"]
    roofs = ", ".join(
        f"{level['name']} {level['bandwidth_gbs']:.0f} GB/s"
        for level in machine["levels"]
    )
    return (
        f"{markdown(head, rows)}\nPairs that the prediction misses: {missed}. "
        f"Measured on one thread of {machine['cpu']}: "
        f"{machine['peak_gflops']:.0f} GFLOP/s, {roofs}. Counting a graph of a "
        f"thousand layers takes {found['thousand_layers_s']:.2f} s (bar: 0.5 s).\n"
    )


def verdict(bar: float, *, met: bool) -> str:
    """Write a bar, and whether it is met."""
    return f"{100 * bar:.0f} %, {'met' if met else 'missed'}"


def tables() -> dict[str, str]:
    """Make every table of the page."""
    found, times = figures_of("counters"), figures_of("roofline")
    return {
        "counters": counters(found),
        "verdicts": verdicts(found),
        "predictions": predictions(times),
        "judgement": judgement(times),
    }


PAGES = Pages(("cost.md",), tables)

if __name__ == "__main__":
    sys.exit(PAGES.write())
