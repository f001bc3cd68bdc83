"""From data to files: model folders, summaries and reports, of one network or twins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depthwise.data import Dataset, Split
from depthwise.errors import MissingDependencyError
from depthwise.files import write_json
from depthwise.jobs.fit import Plan, fit, fitted_summary
from depthwise.jobs.rooms import torch_room
from depthwise.jobs.summary import summarise
from depthwise.jobs.twin import TwinPlan, run_twin
from depthwise.report.fitted import fitted_sections
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
        note: What could not be written and why, or nothing.
    """

    summary: dict[str, Any]
    paths: dict[str, Path]
    note: str = ""


def run_training(dataset: Dataset, split: Split, plan: Plan) -> Written | None:
    """Train one network; write its scores and its report beside it.

    Args:
        dataset: Labelled samples.
        split: Its parts.
        plan: What to train.

    Returns:
        The summary and the paths; None in the processes above 0 of torchrun.

    Raises:
        DepthwiseError: If the data, the folder or the plan will not do.
    """
    with torch_room("training").claimed(plan.folder):
        return _training(dataset, split, plan)


def _training(dataset: Dataset, split: Split, plan: Plan) -> Written | None:
    summary = fitted_summary(fit(dataset, split, plan), dataset, split)
    if not torch_room("training").is_main_process():
        return None
    paths = {name: Path(place) for name, place in summary["paths"].items()}
    try:
        paths["report"] = write_page(
            plan.folder / REPORT,
            f"{plan.model}, {summary['conv']}",
            f"Trained on {dataset.name}; scored once on a part it never saw.",
            fitted_sections(summary),
        )
    except MissingDependencyError as error:
        return Written(summary, paths, note=str(error))
    return Written(summary, paths)


def run_experiment(dataset: Dataset, plan: TwinPlan) -> Written:
    """Run a twin experiment and write its summary and its report.

    Args:
        dataset: Labelled samples.
        plan: What to compare.

    Returns:
        The summary and the paths.

    Raises:
        OutputExistsError: If the folder holds something and resume is off.
        TrainingError: If another process writes there.
        MissingDependencyError: If Plotly or Jinja2 is not installed.
    """
    with torch_room("training").claimed(plan.folder):
        return _experiment(dataset, plan)


def _experiment(dataset: Dataset, plan: TwinPlan) -> Written:
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
