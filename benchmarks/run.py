"""Time the engine against other runtimes, one image or window at a time.

    python -m benchmarks.run [--rounds 250] [--only WORD] [--threads 1,2] [--pages]
                             [--isa avx2]

Each runtime is a process of its own; they run in turn, the engine first in one round
and last in another, three times from a fresh start. What each computes is compared with
float64 before the clock starts. The ratio is the median over rounds of (best peer /
engine) within a round, with a 95 % bootstrap interval; the FMA peak is measured around
every turn, and rounds below 97 % of its upper quartile are counted and left out.
``--isa avx2`` hides AVX-512 from all runtimes. Figures go to results/engine.json, a
section an instruction set; docs/benchmarks.md and the table of the README are written
from that file. Times of one machine say nothing of another.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, Case
from benchmarks.machine import describe, run_restricted

from depthwise.engine import host
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

float32, one sample at a time. Each runtime is a process of its own, stopped but in its
turn. A time is the median of rounds, a ratio the median over rounds of (best peer /
engine) within a round; "at least" is the lower end of its 95 % bootstrap interval,
which a bar is held against. "Of peak" is what the network's multiply-accumulates, two
operations each, make of the peak of fused multiply-adds measured in the same rounds. A
tiny network at 85 % of that peak, or a large one at 92 %, has met its bar. "2 threads"
are the most that may work: the engine runs `sensor_net` and `ds_cnn` on one.

The peak is measured before and after every turn. Rounds in which it fell below 97 % of
its upper quartile are left out: "200 of 310" says that 110 were
([why](decisions/0003-rounds-against-the-upper-quartile.md)). Runtimes that cannot be
the best have a turn in one round of ten. "Cores" are those that the processes might
use: where it is one of two, other programs ran on the other core meanwhile.

"""


def measure(case: Case, plan: Plan) -> list[dict[str, Any]]:
    """Time one case and hold it against its bars."""
    os.chdir(ROOT)
    graph = open_model(case.model, case.shape).graph
    rows = bench(graph, case.name, plan, say=lambda line: print(line, file=sys.stderr))
    for row in rows:
        row["bar"] = case.bars.get(row["threads"])
        row["cores_allowed"] = len(os.sched_getaffinity(0))
        ratio = f"{row['ratio']:.3f} (at least {row['ratio_low']:.3f})"
        print(f"{case.name}, {row['threads']} threads: {ratio} × {row['best_peer']}")
    return rows


def merge(report: dict[str, Any], section: dict[str, Any]) -> dict[str, Any]:
    """Replace the rows of a report that were measured again; keep the cases' order.

    Sections are told apart by their machine; an earlier one of the same instruction
    set on another machine makes way.
    """
    machine = section["machine"]
    sections = {part["machine"]["isa"]: part for part in report.get("machines", ())}
    known = sections.get(machine["isa"], {})
    rows = known.get("cases", ()) if known.get("machine") == machine else ()
    joined = {(row["case"], row["threads"]): row for row in [*rows, *section["cases"]]}
    order = {case.name: index for index, case in enumerate(CASES)}
    keys = [key for key in joined if key[0] in order]
    keys.sort(key=lambda key: (order[key[0]], key[1]))
    sections[machine["isa"]] = {**section, "cases": [joined[key] for key in keys]}
    return {"machines": [sections[isa] for isa in sorted(sections)]}


def pages(report: dict[str, Any]) -> dict[Path, str]:
    """Write what the README and the page say, as texts by path."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    readme = before + BEGIN + readme_table(report) + END + after
    return {PAGE: HEAD + bench_page(report), README: readme}


def main() -> int:
    """Time every case and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=250)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--only", default="")
    parser.add_argument("--pages", action="store_true", help="only write the pages")
    parser.add_argument("--isa", choices=["avx2"], help="hide what is newer from all")
    options = parser.parse_args()
    if options.isa and not options.pages and host().isa != options.isa:
        return run_restricted(sys.argv[1:])
    report = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    if not options.pages:
        plan = parse_plan(options.threads, None, options.rounds)
        for case in CASES:
            if options.only in case.name:
                section = {
                    "machine": describe(),
                    "versions": versions(plan.peers),
                    "cases": measure(case, plan),
                }
                report = merge(report, section)
                write_json(RESULTS, report)
    for path, text in pages(report).items():
        write_text(path, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
