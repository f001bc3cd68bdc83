"""Train one network on one split: from a name and data to a scored model folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from depthwise.data import Dataset, Preprocessing, Split
from depthwise.errors import DataError
from depthwise.files import write_json
from depthwise.formats import ModelFolder, save_folder
from depthwise.graph import Graph
from depthwise.jobs.rooms import torch_room

MODEL = "model"
"""Name of the model folder inside a run's folder."""


@dataclass(frozen=True)
class Plan:
    """What to train.

    Args:
        model: A registered name.
        conv: "separable", "dense" or "blueprint".
        settings: The training room's ``TrainingSettings``.
        options: More arguments of the network, by name.
        folder: Where the run is written: log, checkpoint, split and model folder.
        title: What the progress bar is called.
        resume: Go on from the folder's checkpoint, if there is one.
        progress: Whether to show progress.
    """

    model: str
    conv: str
    settings: Any
    folder: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    title: str = "train"
    resume: bool = False
    progress: bool = True


@dataclass(frozen=True)
class Fitted:
    """A trained network and how well it does on people or samples it never saw.

    Args:
        plan: What was trained.
        module: The torch module, with its best weights, in eval mode.
        graph: The same, as a graph.
        training: The training room's ``TrainingResult``.
        windows: The training room's ``Scores`` of the test part's samples.
        recordings: Scores by recording, or None where there are no recordings.
        right: For each sample of the test part, whether it is right.
    """

    plan: Plan
    module: Any
    graph: Graph
    training: Any
    windows: Any
    recordings: Any
    right: np.ndarray[Any, np.dtype[np.bool_]]


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
        TrainingError: If the run cannot go on.
    """
    training = torch_room("training")
    preprocessing = Preprocessing.fit(dataset, split.train)
    seed = plan.settings.seed
    module = build(dataset, plan.model, plan.conv, options=plan.options, seed=seed)
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
    )
    shape = (1, *dataset.inputs.shape[1:])
    graph = torch_room("bridge").trace(module, shape, name=plan.model)
    write_json(plan.folder / "split.json", split.to_dict())
    _save(plan, dataset, preprocessing, module, graph, result)
    return _scored(dataset, split, plan, preprocessing, module, graph, result)


def fitted_summary(fitted: Fitted) -> dict[str, Any]:
    """Turn a trained network's scores into plain values.

    Args:
        fitted: The network and its scores.

    Returns:
        Scores by name, the best epoch, seconds, and paths by what they are.
    """
    windows, recordings, result = fitted.windows, fitted.recordings, fitted.training
    return {
        "model": fitted.plan.model,
        "conv": fitted.plan.conv,
        "scores": {
            "accuracy": windows.accuracy,
            "balanced_accuracy": windows.balanced_accuracy,
            "macro_f1": windows.macro_f1,
            "calibration_error": windows.calibration_error,
            "accuracy_recordings": None if recordings is None else recordings.accuracy,
            "examples": windows.examples,
        },
        "best_epoch": result.best.epoch,
        "seconds": result.seconds,
        "waiting_share": result.waiting_share,
        "paths": {
            "model": str(fitted.plan.folder / MODEL),
            "metrics": str(fitted.plan.folder / "metrics.csv"),
        },
    }


def build(
    dataset: Dataset,
    model: str,
    conv: str,
    *,
    options: Mapping[str, Any],
    seed: int = 0,
) -> Any:
    """Build a registered network that fits the data.

    Args:
        dataset: Decides input channels, input size and classes.
        model: A registered name.
        conv: "separable", "dense" or "blueprint".
        options: More arguments of the network, by name.
        seed: Of the weights.

    Returns:
        The torch module.

    Raises:
        DataError: If there is one class only.
        UnknownNameError: If there is no such network.
    """
    if len(np.unique(dataset.labels)) < 2:
        got = dataset.classes[int(dataset.labels[0])]
        raise DataError(f"training needs two classes or more; got only {got!r}")
    training, nn = torch_room("training"), torch_room("nn")
    shared = {k: v for k, v in options.items() if k in nn.SHARED}
    own = {k: v for k, v in options.items() if k not in nn.SHARED}
    sizes = {
        "num_classes": len(dataset.classes),
        "in_chans": dataset.inputs.shape[1],
        "input_size": tuple(dataset.inputs.shape[2:]),
    }
    with training.seeded(seed):
        return nn.create_model(model, conv=conv, **{**sizes, **shared}, options=own)


def _save(
    plan: Plan,
    dataset: Dataset,
    preprocessing: Preprocessing,
    module: Any,
    graph: Graph,
    result: Any,
) -> None:
    best = asdict(result.best)
    history = [asdict(row) for row in result.rows]
    training = {"settings": asdict(plan.settings), "best": best, "history": history}
    folder = ModelFolder(
        graph=graph,
        preprocess=preprocessing.to_dict(),
        classes={"names": list(dataset.classes)},
        training=training,
        registry={"name": plan.model, "config": module.config},
    )
    save_folder(plan.folder / MODEL, folder, overwrite=plan.resume)


def _scored(
    dataset: Dataset,
    split: Split,
    plan: Plan,
    preprocessing: Preprocessing,
    module: Any,
    graph: Graph,
    result: Any,
) -> Fitted:
    training = torch_room("training")
    logits = training.predict_logits(
        module, dataset, split.test, preprocessing=preprocessing
    )
    labels = dataset.labels[split.test]
    by_recording = None
    if dataset.recordings is not None:
        names = dataset.recordings[split.test]
        votes, truth, _ = training.by_recording(logits, labels, names)
        by_recording = training.score(votes, truth)
    return Fitted(
        plan=plan,
        module=module,
        graph=graph,
        training=result,
        windows=training.score(logits, labels),
        recordings=by_recording,
        right=np.asarray(logits.argmax(axis=1) == labels),
    )
