"""A twin experiment from data to files: summary.json, report.html, model folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depthwise.data import Dataset
from depthwise.files import write_json
from depthwise.jobs.summary import summarise
from depthwise.jobs.twin import TwinPlan, run_twin
from depthwise.report.page import write_page
from depthwise.report.twin import twin_sections

SUMMARY = "summary.json"
REPORT = "report.html"


@dataclass(frozen=True)
class Written:
    """What an experiment left behind.

    Args:
        summary: The values of ``summary.json``.
        paths: Every file and folder a person may want to open, by what it is.
    """

    summary: dict[str, Any]
    paths: dict[str, Path]


def run_experiment(dataset: Dataset, plan: TwinPlan) -> Written:
    """Run a twin experiment and write its summary and its report.

    Args:
        dataset: Labelled samples.
        plan: What to compare.

    Returns:
        The summary and the paths.

    Raises:
        OutputExistsError: If the folder holds something and resume is off.
        MissingDependencyError: If Plotly or Jinja2 is not installed.
    """
    twin = run_twin(dataset, plan)
    summary = summarise(twin)
    names = " and ".join(plan.variants)
    page = write_page(
        plan.folder / REPORT,
        f"{plan.model}: {names}",
        "Same network, data, order and seed; only the convolutions differ.",
        twin_sections(summary),
    )
    paths = {
        "summary": write_json(plan.folder / SUMMARY, summary),
        "report": page,
    }
    for variant in twin.variants:
        paths[f"{variant.name} model"] = variant.runs[0].fitted.plan.folder / "model"
    return Written(summary, paths)
