"""Time the engine against other runtimes, one image or window at a time.

    python -m benchmarks.run [--rounds 210] [--only WORD] [--threads 1,2] [--pages]

Each runtime is a process of its own; they run in turn, the engine first in one round
and last in another, three times from a fresh start. What each computes is compared with
float64 before the clock starts. The ratio is the median over rounds of (best peer /
engine) within a round, with a 95 % bootstrap interval; the FMA peak is measured in
every round, and rounds below 97 % of the best are counted and left out. Figures go to
results/engine.json; docs/benchmarks.md and the table of the README are written from
that file. Times of one machine say nothing of another.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, Case

from depthwise.files import write_json, write_text
from depthwise.jobs.bench import Plan, bench, parse_plan, versions
from depthwise.jobs.open import open_model
from depthwise.report.bench import bench_page, readme_table

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results/engine.json"
PAGE = ROOT / "docs/benchmarks.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- engine: results/engine.json -->\n", "<!-- engine: end -->\n"
HEAD = """# Benchmarks

Written by `python -m benchmarks.run --pages` from `results/engine.json`: change neither
by hand. `make bench` measures it again, where the peers are installed.

float32, one sample at a time, two cores with AVX2. A time is the median of rounds, a
ratio the median over rounds of (best peer / engine) within a round; "at least" is the
lower end of its 95 % bootstrap interval, which a bar is held against. "Of peak" is what
the network's multiply-accumulates, two operations each, make of the peak of fused
multiply-adds measured in the same rounds. Rounds in which that peak fell below 97 % of
the best are left out.

"""


def measure(case: Case, plan: Plan) -> list[dict[str, Any]]:
    """Time one case and hold it against its bars."""
    os.chdir(ROOT)
    graph = open_model(case.model, case.shape).graph
    rows = bench(graph, case.name, plan, say=lambda line: print(line, file=sys.stderr))
    for row in rows:
        row["bar"] = case.bars.get(row["threads"])
        ratio = f"{row['ratio']:.3f} (at least {row['ratio_low']:.3f})"
        print(f"{case.name}, {row['threads']} threads: {ratio} × {row['best_peer']}")
    return rows


def merge(report: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Replace the rows of a report that were measured again; keep the cases' order."""
    fresh = {(row["case"], row["threads"]): row for row in rows}
    known = {(row["case"], row["threads"]): row for row in report.get("cases", ())}
    joined = known | fresh
    order = {case.name: index for index, case in enumerate(CASES)}
    keys = [key for key in joined if key[0] in order]
    keys.sort(key=lambda key: (order[key[0]], key[1]))
    return {**report, "cases": [joined[key] for key in keys]}


def pages(report: dict[str, Any]) -> dict[Path, str]:
    """Write what the README and the page say, as texts by path."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme = before + BEGIN + readme_table(report) + END + after
    return {PAGE: HEAD + bench_page(report), README: readme}


def main() -> int:
    """Time every case and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=210)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--only", default="")
    parser.add_argument("--pages", action="store_true", help="only write the pages")
    arguments = parser.parse_args()
    report = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    if not arguments.pages:
        plan = parse_plan(arguments.threads, None, arguments.rounds)
        for case in CASES:
            if arguments.only in case.name:
                report = merge(report, measure(case, plan))
                report["versions"] = versions(plan.peers)
                write_json(RESULTS, report)
    for path, text in pages(report).items():
        write_text(path, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
