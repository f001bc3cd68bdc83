"""Train one network on one split: from a name and data to a scored model folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from depthwise.data import Dataset, Preprocessing, Split
from depthwise.errors import OutputExistsError
from depthwise.files import write_json
from depthwise.formats import ModelFolder, save_folder
from depthwise.graph import Graph
from depthwise.jobs.evaluation import Evaluation, evaluate, evaluation_summary
from depthwise.jobs.health import inspector_for
from depthwise.jobs.rooms import torch_room
from depthwise.jobs.trainee import Trainee, make_trainee

# Names of what is inside a run's folder.
MODEL, METRICS = "model", "metrics.csv"
SCORES, SPLIT = "scores.json", "split.json"


@dataclass(frozen=True)
class Plan:
    """What to train.

    Args:
        model: A registered name; or a model folder, an .onnx or .pt2 file, or
            file.py:factory.
        conv: "separable", "dense" or "blueprint"; None for what no name stands for.
        settings: The training room's ``TrainingSettings``.
        options: More arguments of a registered name.
        weights: A file of weights for a name or a factory, to begin with.
        folder: Where the run is written: log, checkpoint, split and model folder.
        title: What the progress bar is called.
        resume: Go on from the folder's checkpoint, if there is one.
        progress: Whether to show progress.
        diagnose: Whether to look at the channels after every epoch, and warn early.
    """

    model: str
    conv: str | None
    settings: Any
    folder: Path
    weights: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    title: str = "train"
    resume: bool = False
    progress: bool = True
    diagnose: bool = False


@dataclass(frozen=True)
class Fitted:
    """A trained network and how well it does on people or samples it never saw.

    Args:
        plan: What was asked for.
        trainee: What was trained: its module has its best weights, in eval mode.
        graph: The same, as a graph.
        training: The training room's ``TrainingResult``.
        evaluation: How well it does on the test part.
    """

    plan: Plan
    trainee: Trainee
    graph: Graph
    training: Any
    evaluation: Evaluation

    @property
    def module(self) -> Any:
        """The torch module."""
        return self.trainee.module

    @property
    def windows(self) -> Any:
        """Scores of the test part's samples."""
        return self.evaluation.windows.scores

    @property
    def recordings(self) -> Any:
        """Scores by recording, or None."""
        found = self.evaluation.recordings
        return None if found is None else found.scores


def fit(dataset: Dataset, split: Split, plan: Plan) -> Fitted:
    """Train a network, keep its best weights, save it and score it once.

    Args:
        dataset: Labelled samples.
        split: Its parts; statistics come from the training part only.
        plan: What to train.

    Returns:
        The trained network and its scores.

    Raises:
        DataError: If the data cannot be trained on.
        OutputExistsError: If the folder holds another run.
        TrainingError: If the run cannot go on, or another process writes there.
    """
    with torch_room("training").claimed(plan.folder):
        return _fit(dataset, split, plan)


def _fit(dataset: Dataset, split: Split, plan: Plan) -> Fitted:
    training = torch_room("training")
    trainee = make_trainee(
        dataset,
        plan.model,
        conv=plan.conv,
        options=plan.options,
        weights=plan.weights,
        seed=plan.settings.seed,
    )
    module = trainee.module
    preprocessing = trainee.preprocessing or Preprocessing.fit(dataset, split.train)
    result = training.train(
        module,
        dataset,
        split,
        plan.settings,
        folder=plan.folder,
        preprocessing=preprocessing,
        resume=plan.resume,
        progress=plan.progress,
        title=plan.title,
        callbacks=_callbacks(dataset, split, plan, preprocessing),
    )
    shape = (1, *dataset.inputs.shape[1:])
    graph = torch_room("bridge").trace(module, shape, name=plan.model)
    logits = training.predict_logits(
        module, dataset, split.test, preprocessing=preprocessing
    )
    evaluation = evaluate(dataset, split.test, logits)
    fitted = Fitted(plan, trainee, graph, result, evaluation)
    if training.is_main_process():
        _save(fitted, dataset, split, preprocessing)
    return fitted


def _callbacks(
    dataset: Dataset, split: Split, plan: Plan, preprocessing: Preprocessing
) -> tuple[Any, ...]:
    if not plan.diagnose:
        return ()
    rows = split.validation if len(split.validation) else split.train
    look = inspector_for(dataset, rows, preprocessing)
    return (torch_room("training").HealthLog(look, plan.folder),)


def refuse_overwriting(folder: Path, *, resume: bool) -> None:
    """Refuse a folder that holds another run, before data are read.

    Args:
        folder: Where a run is to be written.
        resume: Whether it is to go on with what is there.

    Raises:
        OutputExistsError: If there is a run and resume is off.

    Example:
        >>> refuse_overwriting(Path("no-such-folder"), resume=False)
    """
    if not resume and (folder / METRICS).exists():
        msg = f"a run must not overwrite another; {folder} holds one"
        raise OutputExistsError(msg, "--resume goes on with it, -o names another")


def fitted_summary(fitted: Fitted, dataset: Dataset, split: Split) -> dict[str, Any]:
    """Turn a trained network and its scores into plain values.

    Args:
        fitted: The network and its scores.
        dataset: What it was trained and scored on.
        split: The parts.

    Returns:
        Scores of the test part, what reading and splitting left out, history, settings,
        seconds, and paths by what they are.
    """
    plan, result = fitted.plan, fitted.training
    return {
        "model": plan.model,
        "conv": fitted.trainee.sort,
        "classes": list(fitted.evaluation.classes),
        "test": evaluation_summary(fitted.evaluation),
        "data": {"name": dataset.name, **dataset.report.to_dict()},
        "split": {"notes": list(split.notes), **_sizes(split)},
        "best_epoch": result.best.epoch,
        "history": [asdict(row) for row in result.rows],
        "stopped_early": result.stopped_early,
        "processes": result.processes,
        "precision": result.precision,
        "seconds": result.seconds,
        "waiting_share": result.waiting_share,
        "settings": asdict(plan.settings),
        "paths": {
            "model": str(plan.folder / MODEL),
            "metrics": str(plan.folder / METRICS),
            "scores": str(plan.folder / SCORES),
        },
    }


def _sizes(split: Split) -> dict[str, int]:
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    return {name: len(rows) for name, rows in parts.items()}


def _save(
    fitted: Fitted, dataset: Dataset, split: Split, preprocessing: Preprocessing
) -> None:
    """Write the split, the scores and the model folder."""
    plan, result = fitted.plan, fitted.training
    write_json(plan.folder / SPLIT, split.to_dict())
    write_json(plan.folder / SCORES, fitted_summary(fitted, dataset, split))
    training = {
        "settings": asdict(plan.settings),
        "best": asdict(result.best),
        "history": [asdict(row) for row in result.rows],
    }
    folder = ModelFolder(
        graph=fitted.graph,
        preprocess=preprocessing.to_dict(),
        classes={"names": list(dataset.classes)},
        training=training,
        registry=fitted.trainee.registry,
    )
    save_folder(plan.folder / MODEL, folder, overwrite=plan.resume)
