"""Take anything that is a model apart, repair it on data, and fine-tune it."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.costing import CostReport, count
from depthwise.data import Split
from depthwise.errors import UnknownNameError, UsageError
from depthwise.graph import Graph
from depthwise.jobs.dataset import choose_split
from depthwise.jobs.diagnosing import fastest
from depthwise.jobs.idle_channels import accuracy
from depthwise.jobs.open import Opened, open_model
from depthwise.jobs.rooms import torch_room
from depthwise.jobs.samples import Samples, samples_for
from depthwise.separation import BOTH, Goal, Layer, Order, Separated, separate_graph
from depthwise.separation import Samples as Watched

Array: TypeAlias = NDArray[Any]
Bar: TypeAlias = Callable[[], AbstractContextManager[Callable[[int, int], None]]]
BUDGET = 0.5
"""Share of the multiply-accumulates that is left where nothing was asked for."""
SAMPLES = 512
"""Samples that repair looks at, where not said otherwise."""
LEARNING_RATE = 5e-4
"""Peak rate of fine-tuning: a quarter of the trainer's own."""


@dataclass(frozen=True)
class SeparationReport:
    """What became of every convolution, and what the network costs and gets right.

    Args:
        name: The network's name.
        layers: What became of every convolution, in order.
        before: What the network cost.
        after: What it costs now.
        samples: Samples that were watched; 0 where weights alone decided.
        accuracy: With labelled data, the share of right answers on samples that were
            not looked at: "before", "closed_form", and "repaired" and "finetuned"
            where that was done.
        epochs: Of fine-tuning: training loss and accuracy, and those of validation.
    """

    name: str
    layers: tuple[Layer, ...]
    before: CostReport
    after: CostReport
    samples: int
    accuracy: Mapping[str, float]
    epochs: tuple[Mapping[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Turn the report into plain values for JSON.

        Returns:
            Layers, costs, accuracies and epochs.
        """
        return {
            "name": self.name,
            "layers": [layer.to_dict() for layer in self.layers],
            "macs": {"before": self.before.macs, "after": self.after.macs},
            "params": {"before": self.before.params, "after": self.after.params},
            "samples": self.samples,
            "accuracy": dict(self.accuracy),
            "epochs": [dict(epoch) for epoch in self.epochs],
        }


@dataclass(frozen=True, eq=False)
class SeparateResult:
    """A model whose dense convolutions were taken apart.

    Args:
        model: Of the sort that was given: a torch module of the same class, or a
            Graph.
        graph: The cheaper network.
        report: What became of every layer.
    """

    model: Any
    graph: Graph
    report: SeparationReport

    def to_dict(self) -> dict[str, Any]:
        """Turn the report into plain values for JSON.

        Returns:
            Layers, costs, accuracies and epochs.
        """
        return self.report.to_dict()


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How a separated network is trained on.

    Args:
        epochs: Passes over the training part; 0 for none.
        learning_rate: At its peak.
        batch_size: Samples a step.
        seed: Of order and dropout.
        progress: Whether to show progress on stderr.

    Example:
        >>> Tuning(epochs=2).learning_rate
        0.0005
    """

    epochs: int = 0
    learning_rate: float = LEARNING_RATE
    batch_size: int = 64
    seed: int = 0
    progress: bool = False

    def settings(self) -> Any:
        """Turn them into the trainer's settings.

        Returns:
            The training room's ``TrainingSettings``: a short warm-up, then a cosine.

        Raises:
            UsageError: If one is out of range.
        """
        return torch_room("training").TrainingSettings(
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            seed=self.seed,
            warmup_epochs=min(0.5, self.epochs / 4),
        )


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Which samples repair and fine-tuning may look at, and which score.

    Args:
        samples: How many training samples repair looks at.
        test: Groups to hold out for the score; none takes 15 % by seed.
        validation: Groups to choose the best epoch by.
        reading: Arguments of ``open_dataset`` by name.

    Example:
        >>> Parts(test=("9", "10")).samples
        512
    """

    samples: int = SAMPLES
    test: Sequence[str] = ()
    validation: Sequence[str] = ()
    reading: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Data:
    """Batches to watch; with labels, the samples and their parts too."""

    batches: list[Array]
    held: Samples | None = None
    split: Split | None = None


def separate(
    model: Any,
    data: str | Iterable[Array] | None = None,
    *,
    budget: float | None = None,
    energy: float | None = None,
    order: str = "auto",
    finetune: int | Tuning = 0,
    input_shape: Sequence[int] | None = None,
    parts: Parts | None = None,
    bar: Bar | None = None,
) -> SeparateResult:
    """Take a trained model's dense convolutions apart, where that pays.

    Args:
        model: What ``open_model`` takes, or a model that was opened.
        data: Labelled data by name or path; or batches ready for the network. With
            data the error of outputs is what is least, the second half of each layer
            is refitted, and batch norms are corrected.
        budget: Share of the network's multiply-accumulates that may be left, 0 to 1;
            0.5 where no energy is given either.
        energy: Share of its energy that every layer keeps at least, 0 to 1.
        order: "depthwise-first", "pointwise-first", or "auto" for the better one.
        finetune: Epochs of training afterwards, or how; needs labelled data.
        input_shape: Of one batch, where the model does not know its input.
        parts: Which samples are looked at; labelled data are split, and accuracy is
            that of the test part.
        bar: Opens what shows steps done and steps in all, at most, while layers are
            taken apart and repaired.

    Returns:
        The cheaper model and the report.

    Raises:
        UsageError: If arguments do not go together.
        SeparationError: If nothing pays, or the budget cannot be reached.
        DataError: If the data do not fit the model.

    Example:
        >>> import torch
        >>> net = torch.nn.Sequential(torch.nn.Conv1d(3, 32, 9)).eval()
        >>> found = separate(net, input_shape=(1, 3, 64))
        >>> found.model[0].pointwise.out_channels
        32
        >>> found.report.after.macs < found.report.before.macs / 2
        True
    """
    goal = Goal(BUDGET if budget is None and energy is None else budget, energy)
    orders = _orders(order)
    tuning = finetune if isinstance(finetune, Tuning) else Tuning(epochs=finetune)
    if tuning.epochs and not isinstance(data, str):
        got = "none" if data is None else "batches without labels"
        raise UsageError(f"fine-tuning needs labelled data; got {got}", "name the data")
    opened = model if isinstance(model, Opened) else open_model(model, input_shape)
    own = opened.module if opened.module is model else None
    known = _data(opened, data, parts or Parts())
    watched = None if known is None else Watched(known.batches, fastest())
    with nullcontext() if bar is None else bar() as progress:
        found = separate_graph(
            opened.graph,
            goal,
            orders=orders,
            samples=watched,
            fixed=_fixed(opened, own),
            progress=progress,
        )
    changed = None if own is None else torch_room("bridge").apply(found.edits, own)
    scores = _scores(opened.graph, found, known)
    graph = found.graph
    epochs: tuple[Mapping[str, Any], ...] = ()
    if tuning.epochs and known is not None:
        changed, graph, epochs = _tuned(found.graph, changed, known, tuning)
        scores["finetuned"] = _score(graph, known)
        changed = None if own is None else changed.train(own.training)
    report = SeparationReport(
        name=opened.graph.name,
        layers=found.layers,
        before=count(opened.graph),
        after=count(graph),
        samples=found.samples,
        accuracy=scores,
        epochs=epochs,
    )
    return SeparateResult(graph if own is None else changed, graph, report)


def _orders(word: str) -> tuple[Order, ...]:
    if word == "auto":
        return BOTH
    known = [str(order) for order in Order]
    if word not in known:
        raise UnknownNameError.of("order", word, ["auto", *known])
    return (Order(word),)


def _data(
    opened: Opened, data: str | Iterable[Array] | None, parts: Parts
) -> _Data | None:
    """Read what there is to look at: labelled data are split first."""
    if parts.samples < 1:
        raise UsageError(f"samples must be at least 1; got {parts.samples}")
    if data is None:
        return None
    if not isinstance(data, str):
        return _Data(list(data))
    held = samples_for(opened, data, parts.reading)
    split = choose_split(
        held.dataset,
        test=parts.test,
        validation=parts.validation,
        on_bad=parts.reading.get("on_bad", "fail"),
    )
    count = min(parts.samples, len(split.train))
    chosen = np.random.default_rng(0).choice(split.train, count, replace=False)
    return _Data([inputs for inputs, _ in held.batches(chosen)], held, split)


def _fixed(opened: Opened, own: Any) -> dict[str, str]:
    """Find the layers that a torch module cannot have replaced."""
    if own is None:
        return {}
    bridge = torch_room("bridge")
    reasons = {n.name: bridge.why_fixed(own, n.scope) for n in opened.graph.nodes}
    return {name: reason for name, reason in reasons.items() if reason}


def _scores(graph: Graph, found: Separated, known: _Data | None) -> dict[str, float]:
    if known is None or known.held is None:
        return {}
    return {
        "before": _score(graph, known),
        "closed_form": _score(found.closed_form, known),
        "repaired": _score(found.graph, known),
    }


def _score(graph: Graph, known: _Data) -> float:
    if known.held is None or known.split is None:
        return math.nan
    return accuracy(graph, known.held, known.split.test)


def _tuned(
    graph: Graph, module: Any, known: _Data, tuning: Tuning
) -> tuple[Any, Graph, tuple[Mapping[str, Any], ...]]:
    """Train a separated network on, and trace what came of it."""
    bridge, training = torch_room("bridge"), torch_room("training")
    module = bridge.module(graph) if module is None else module
    if known.held is None or known.split is None:
        raise UsageError("fine-tuning needs labelled data; got batches")
    with tempfile.TemporaryDirectory() as folder:
        result = training.train(
            module,
            known.held.dataset,
            known.split,
            tuning.settings(),
            folder=folder,
            preprocessing=known.held.preprocessing,
            progress=tuning.progress,
            title="fine-tune",
        )
    (given,) = graph.inputs
    shape = (1, *given.type.shape[1:])
    traced = bridge.trace(module.eval(), shape, name=graph.name)
    return module, traced, tuple(asdict(row) for row in result.rows)
