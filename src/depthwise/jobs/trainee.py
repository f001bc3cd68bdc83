"""What is trained: a registered network that fits the data, or one that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from depthwise.data import Dataset, Preprocessing
from depthwise.errors import DataError, GeometryError, UsageError
from depthwise.jobs.open import Opened, open_model
from depthwise.jobs.rooms import torch_room

AS_GIVEN = "as given"
"""What reports call the convolutions of a network that no name stands for."""


@dataclass(frozen=True)
class Trainee:
    """A network that is about to be trained.

    Args:
        module: The torch module.
        sort: "separable", "dense" or "blueprint"; "as given" for one's own model.
        registry: Registered name and settings, or None.
        preprocessing: What the network already expects of its input, or None.
    """

    module: Any
    sort: str = AS_GIVEN
    registry: Mapping[str, Any] | None = None
    preprocessing: Preprocessing | None = None


def make_trainee(
    dataset: Dataset,
    model: str,
    *,
    conv: str | None = None,
    options: Mapping[str, Any] | None = None,
    weights: Path | None = None,
    seed: int = 0,
) -> Trainee:
    """Make what a user named ready for training.

    Args:
        dataset: What it will be trained on.
        model: A registered name, which is built to fit the data; or a model folder,
            an .onnx or .pt2 file, or file.py:factory, which is trained further.
        conv: Sort of convolution of a registered name; None is "separable".
        options: More arguments of a registered name.
        weights: A file of weights for a name or a factory, to begin with.
        seed: Of the weights that are drawn.

    Returns:
        The network.

    Raises:
        DataError: If a model folder knows other channels or classes than the data have.
        UsageError: If an option does not go with this sort of model.
        UnknownNameError: If there is no such model.

    Example:
        >>> from depthwise.data import open_data
        >>> make_trainee(open_data("digits-8x8"), "mobilenet_v1").sort
        'separable'
    """
    if _is_name(model):
        sort = conv or "separable"
        module = build(dataset, model, sort, options=options or {}, seed=seed)
        if weights is not None:
            torch_room("bridge").load_weights(module, weights)
        return Trainee(module, sort, {"name": model, "config": module.config})
    require_classes(dataset)
    shape = (1, *dataset.inputs.shape[1:])
    with torch_room("training").seeded(seed):
        opened = open_model(model, shape, weights=weights, conv=conv, options=options)
        return Trainee(_module(opened), preprocessing=_known(opened, dataset))


def _is_name(model: str) -> bool:
    path = Path(model)
    return not (":" in model or path.suffix or "/" in model or path.exists())


def _module(opened: Opened) -> Any:
    graph = opened.graph
    last = next((n for n in graph.nodes if n.outputs[0] == graph.outputs[0]), None)
    if last is not None and last.op == "Softmax":
        msg = f"a network to train gives logits; {opened.name} ends in Softmax"
        raise UsageError(msg, "export it without its last node")
    module = opened.module or torch_room("bridge").module(graph)
    if not any(weight.requires_grad for weight in module.parameters()):
        msg = f"a network to train has weights that may change; {opened.name} has none"
        raise UsageError(msg)
    return module


def _known(opened: Opened, dataset: Dataset) -> Preprocessing | None:
    """Take over how a model folder prepares its input, if it fits the data."""
    folder = opened.folder
    if folder is None or not folder.preprocess:
        return None
    preprocessing = Preprocessing.from_dict(folder.preprocess)
    classes = tuple(folder.classes.get("names", dataset.classes))
    for what, known, got in (
        ("channels", preprocessing.channels, tuple(dataset.channels)),
        ("classes", classes, tuple(dataset.classes)),
    ):
        if known != got:
            msg = f"data must have the {what} of {opened.name}"
            raise DataError(f"{msg}; got {list(got)}, not {list(known)}")
    return preprocessing


def require_classes(dataset: Dataset) -> None:
    """Refuse data of one class.

    Args:
        dataset: Labelled samples.

    Raises:
        DataError: If there is nothing to tell apart.
    """
    if len(np.unique(dataset.labels)) < 2:
        got = dataset.classes[int(dataset.labels[0])]
        raise DataError(f"training needs two classes or more; got only {got!r}")


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
        UsageError: If the network takes images and the data are series, or the
            other way round.
    """
    require_classes(dataset)
    training, nn = torch_room("training"), torch_room("nn")
    shared = {k: v for k, v in options.items() if k in nn.SHARED}
    own = {k: v for k, v in options.items() if k not in nn.SHARED}
    sizes = {
        "num_classes": len(dataset.classes),
        "in_chans": dataset.inputs.shape[1],
        "input_size": tuple(dataset.inputs.shape[2:]),
    }
    try:
        with training.seeded(seed):
            return nn.create_model(model, conv=conv, **{**sizes, **shared}, options=own)
    except GeometryError as error:
        if not error.message.startswith("input_size"):
            raise
        raise UsageError(
            f"{model} must take the data's samples, {list(dataset.inputs.shape[1:])};"
            f" got: {error.message}",
            "depthwise models lists what each network takes; --model names one",
        ) from error
