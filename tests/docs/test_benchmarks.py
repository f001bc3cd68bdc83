"""The README and the page of benchmarks say what results/engine.json says."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.machine import REFUSED, build
from benchmarks.run import BEGIN, README, RESULTS, merge, pages

from depthwise.report.bench import bench_page


def shown() -> dict:
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def check(report: dict) -> None:
    for path, text in pages(report).items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_pages_are_written_from_the_results() -> None:
    check(shown())
    assert BEGIN in README.read_text(encoding="utf-8")


def test_check_can_fail() -> None:
    report = shown()
    report["machines"][0]["cases"][0]["ratio"] += 1
    with pytest.raises(AssertionError, match=r"\.md"):
        check(report)


def test_measuring_a_case_again_replaces_its_row_alone() -> None:
    report = shown()
    first, *others = report["machines"]
    row, *rest = first["cases"]
    merged = merge(report, {**first, "cases": [{**row, "ratio": 9.0}]})
    assert merged["machines"][0]["cases"] == [{**row, "ratio": 9.0}, *rest]
    assert merged["machines"][1:] == others


def test_another_machine_does_not_keep_rows_of_this_one() -> None:
    report = shown()
    first = report["machines"][0]
    other = {**first["machine"], "cpu": "another"}
    merged = merge(report, {**first, "machine": other, "cases": first["cases"][:1]})
    assert merged["machines"][0]["machine"]["cpu"] == "another"
    assert merged["machines"][0]["cases"] == first["cases"][:1]


def test_a_bar_is_met_by_the_interval_or_by_enough_of_the_peak() -> None:
    report = shown()
    section = {**report["machines"][0], "cases": [report["machines"][0]["cases"][0]]}
    row = section["cases"][0]
    row.update(bar=1.5, ratio_low=1.4, macs=10**6, percent_of_peak=84.0)
    assert "1.50 missed" in bench_page({"machines": [section]})
    row.update(percent_of_peak=86.0)
    assert "1.50 met by 85 % of peak" in bench_page({"machines": [section]})
    row.update(percent_of_peak=50.0, ratio_low=1.5)
    assert "1.50 met |" in bench_page({"machines": [section]})


ISA = "from depthwise.engine import host; print(host().isa)"


def test_avx512_is_hidden_from_a_process_or_it_does_not_start(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        with pytest.raises(SystemExit, match="needs a C compiler"):
            build(tmp_path)
        return
    env = {**os.environ, "LD_PRELOAD": str(build(tmp_path))}
    command = [sys.executable, "-c", ISA]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    faults = "cpuid_fault" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    assert done.returncode == (0 if faults else REFUSED), done.stderr
    assert done.stdout.strip() in ({"avx2", "sse"} if faults else {""})
