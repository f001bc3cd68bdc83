"""The twin experiment: one network, several sorts of convolution, the same data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from depthwise.costing import CostReport, count
from depthwise.data import Dataset, Preprocessing, Split
from depthwise.diagnosis import ChannelStatistics, observe, observe_layers
from depthwise.errors import OutputExistsError, UsageError
from depthwise.jobs.fit import MODEL, Fitted, Plan, fit
from depthwise.jobs.latency import Latency, measure_latency
from depthwise.jobs.rooms import torch_room
from depthwise.jobs.trainee import build

Statistics = Mapping[str, ChannelStatistics]
_DIAGNOSED = 512
"""Samples of the test part that channel statistics are taken from, at most."""


@dataclass(frozen=True)
class TwinPlan:
    """What to compare.

    Args:
        model: A registered name.
        variants: Sorts of convolution, the reference first.
        folds: Splits by name.
        seeds: Seeds; every variant is trained with each on every fold.
        settings: The training room's ``TrainingSettings``; its seed is replaced.
        folder: Where everything is written.
        options: More arguments of the network, by name.
        resume: Go on where an earlier call stopped.
        progress: Whether to show progress.
        after_run: Told about every run as soon as it is scored.
    """

    model: str
    variants: tuple[str, ...]
    folds: Mapping[str, Split]
    seeds: tuple[int, ...]
    settings: Any
    folder: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    resume: bool = False
    progress: bool = True
    after_run: Callable[[Run], object] | None = None


@dataclass(frozen=True)
class Run:
    """One variant, trained on one fold with one seed.

    Args:
        variant: Sort of convolution.
        fold: Name of the split.
        seed: Seed of weights, order and augmentation.
        fitted: The trained network and its scores.
    """

    variant: str
    fold: str
    seed: int
    fitted: Fitted


@dataclass(frozen=True)
class Variant:
    """What is known of one sort of convolution, over all of its runs.

    Args:
        name: Sort of convolution.
        runs: Folds in order, and seeds within each.
        cost: Exact counts of one window.
        model_bytes: Size of the saved network file.
        latency: One sample on one thread, in torch and compiled.
        statistics: Of every convolution's channels, on test data of the first run.
    """

    name: str
    runs: tuple[Run, ...]
    cost: CostReport
    model_bytes: int
    latency: Latency
    statistics: Statistics


@dataclass(frozen=True)
class Twin:
    """The outcome of a twin experiment.

    Args:
        plan: What was compared.
        dataset: On what.
        variants: In the plan's order.
        inputs: Statistics of the raw input's channels.
    """

    plan: TwinPlan
    dataset: Dataset
    variants: tuple[Variant, ...]
    inputs: ChannelStatistics


def run_twin(dataset: Dataset, plan: TwinPlan) -> Twin:
    """Train every variant on every fold with every seed, and measure them.

    Args:
        dataset: Labelled samples.
        plan: What to compare.

    Returns:
        The outcome.

    Raises:
        UsageError: If variants, folds or seeds are missing or repeat.
        OutputExistsError: If the folder holds something and resume is off.
    """
    _check(dataset, plan)
    runs = list(_train_all(dataset, plan))
    firsts = {name: _runs_of(runs, name)[0].fitted for name in plan.variants}
    shape = (1, *dataset.inputs.shape[1:])
    latency = measure_latency(
        {n: (f.module, f.graph) for n, f in firsts.items()}, shape
    )
    variants = tuple(
        _variant(dataset, plan, tuple(_runs_of(runs, name)), latency[name])
        for name in plan.variants
    )
    split = next(iter(plan.folds.values()))
    sample = np.asarray(
        dataset.inputs[split.train[:: max(1, len(split.train) // 2000)]]
    )
    return Twin(plan, dataset, variants, observe(sample.astype(np.float64)))


def refuse_folder(folder: Path, *, resume: bool) -> None:
    """Refuse a folder that holds something, before data are read.

    Args:
        folder: Where an experiment is to be written.
        resume: Whether it is to go on with what is there.

    Raises:
        OutputExistsError: If the folder holds something and resume is off.
        UsageError: If torchrun started this process: its copies would do the same.

    Example:
        >>> refuse_folder(Path("no-such-folder"), resume=False)
    """
    training = torch_room("training")
    if training.torchrun_world() is not None:
        msg = (
            "a twin experiment starts its own processes; got one that torchrun started"
        )
        raise UsageError(msg, "--devices 2 --strategy ddp, without torchrun")
    if not resume and not training.is_vacant(folder):
        msg = f"an experiment must not overwrite another; {folder} exists"
        raise OutputExistsError(msg, "--resume goes on with it, -o names another")


def _check(dataset: Dataset, plan: TwinPlan) -> None:
    """Refuse before anything is trained or written."""
    for what, given in (
        ("variants", plan.variants),
        ("folds", tuple(plan.folds)),
        ("seeds", plan.seeds),
    ):
        if not given or len(set(given)) != len(given):
            raise UsageError(f"{what} must be given, each once; got {list(given)}")
    refuse_folder(plan.folder, resume=plan.resume)
    for variant in plan.variants:
        build(dataset, plan.model, variant, options=plan.options)


def _train_all(dataset: Dataset, plan: TwinPlan) -> Iterator[Run]:
    several = len(plan.folds) * len(plan.seeds) > 1
    for fold, split in plan.folds.items():
        for seed in plan.seeds:
            for variant in plan.variants:
                place = plan.folder / variant
                if several:
                    place = plan.folder / f"fold-{fold}" / f"seed-{seed}" / variant
                one = Plan(
                    model=plan.model,
                    conv=variant,
                    settings=replace(plan.settings, seed=seed),
                    options=plan.options,
                    folder=place,
                    title=_title(plan, variant, fold, seed),
                    resume=plan.resume,
                    progress=plan.progress,
                )
                run = Run(variant, fold, seed, fit(dataset, split, one))
                if plan.after_run is not None:
                    plan.after_run(run)
                yield run


def _title(plan: TwinPlan, variant: str, fold: str, seed: int) -> str:
    words = [f"{variant:9}"]
    if len(plan.folds) > 1:
        words.append(f"fold {fold}")
    if len(plan.seeds) > 1:
        words.append(f"seed {seed}")
    return " ".join(words)


def _runs_of(runs: Sequence[Run], variant: str) -> list[Run]:
    return [run for run in runs if run.variant == variant]


def _variant(
    dataset: Dataset,
    plan: TwinPlan,
    runs: tuple[Run, ...],
    latency: Latency,
) -> Variant:
    first = runs[0].fitted
    split = plan.folds[runs[0].fold]
    preprocessing = Preprocessing.fit(dataset, split.train)
    test = split.test[:: max(1, len(split.test) // _DIAGNOSED)]
    batches = [preprocessing.apply(np.asarray(dataset.inputs[test]))]
    statistics = observe_layers(first.graph, batches, torch_room("bridge").run).layers
    file = first.plan.folder / MODEL / "model.onnx"
    return Variant(
        name=runs[0].variant,
        runs=runs,
        cost=count(first.graph),
        model_bytes=file.stat().st_size,
        latency=latency,
        statistics=statistics,
    )
