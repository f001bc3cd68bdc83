"""Remove idle channels of anything that is a model, or give them a new start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.costing import CostReport, count
from depthwise.diagnosis import IdleEdit, diagnose_graph, prune_graph, revive_graph
from depthwise.diagnosis.bounds import Span
from depthwise.diagnosis.copies.observed import Copies, observed_copies
from depthwise.diagnosis.knowledge import known_spans
from depthwise.diagnosis.pruning import Plan
from depthwise.errors import UsageError
from depthwise.execute import run
from depthwise.graph import Graph
from depthwise.jobs.dataset import choose_split
from depthwise.jobs.diagnosing import fastest
from depthwise.jobs.export import draw, relative_error
from depthwise.jobs.open import Opened, open_model
from depthwise.jobs.rooms import torch_room
from depthwise.jobs.samples import Samples, samples_for

Array: TypeAlias = NDArray[Any]
_SIZES = (1.0, 1e3)


@dataclass(frozen=True, eq=False)
class IdleResult:
    """A model whose idle channels were removed or revived.

    Args:
        done: Which of both.
        model: Of the sort that was given: a torch module of the same class, or a
            Graph.
        graph: The changed network.
        plan: Which channels were idle, and why some of them stay as they are.
        before: What the network cost.
        after: What it costs now.
        error: Largest change of a result on random inputs of two sizes, relative to
            the largest result.
        scores: With labelled data, the share of right answers on samples that were
            not looked at, "before" and "after".
    """

    done: Literal["removed", "revived"]
    model: Any
    graph: Graph
    plan: Plan
    before: CostReport
    after: CostReport
    error: float
    scores: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Turn the result into plain values for JSON.

        Returns:
            Which channels changed, which stayed and why, costs and errors.
        """
        return {
            "name": self.graph.name,
            self.done: {name: list(some) for name, some in self.plan.removed.items()},
            "kept": {
                layer: {str(channel): why for channel, why in held.items()}
                for layer, held in self.plan.kept.items()
            },
            "macs": {"before": self.before.macs, "after": self.after.macs},
            "params": {"before": self.before.params, "after": self.after.params},
            "error": self.error,
            "accuracy": dict(self.scores),
        }


def prune(
    model: Any,
    data: str | Iterable[Array] | None = None,
    *,
    input_shape: Sequence[int] | None = None,
    observed: bool = False,
    nearly: bool = False,
    reading: Mapping[str, Any] | None = None,
) -> IdleResult:
    """Remove channels that carry nothing, without changing what a model computes.

    Args:
        model: What ``open_model`` takes, or a model that was opened.
        data: Labelled data by name or path, or batches ready for the network. Labels
            give the accuracy before and after.
        input_shape: Of one batch, where the model does not know its input.
        observed: Whether to remove what carried nothing on the data too, rather than
            only what is proven for every input; layers read a channel that was
            another one, scaled, from that.
        nearly: Whether saturated and rare channels go with what was observed, each
            replaced by its mean.
        reading: Arguments of ``open_dataset`` by name, for data by name or path.

    Returns:
        The smaller model with its costs; labelled data are split, and accuracy is
        measured on the part that was not observed.

    Raises:
        UsageError: If ``observed`` is asked for without data, or ``nearly`` without
            ``observed``.
        DataError: If the data do not fit the model.

    Example:
        >>> prune("sensor_net").error < 1e-6
        True
    """
    opened = model if isinstance(model, Opened) else open_model(model, input_shape)
    look = look_at(opened, data, observed=observed, nearly=nearly, reading=reading)
    edit = prune_graph(opened.graph, look.known, look.copies)
    return _result("removed", model, opened, edit, look)


def revive(
    model: Any,
    data: str | Iterable[Array] | None = None,
    *,
    input_shape: Sequence[int] | None = None,
    observed: bool = False,
    nearly: bool = False,
    seed: int = 0,
    reading: Mapping[str, Any] | None = None,
) -> IdleResult:
    """Draw the weights of channels that carry nothing anew, for further training.

    They are the channels that ``prune`` would remove. Nothing reads them until
    training gives them weight, so results stay what they were.

    Args:
        model: What ``open_model`` takes, or a model that was opened.
        data: Labelled data by name or path, or batches ready for the network.
        input_shape: Of one batch, where the model does not know its input.
        observed: Whether to revive what carried nothing on the data too, rather than
            only what is proven to for every input.
        nearly: Whether saturated and rare channels count as idle with it.
        seed: Of the weights that are drawn.
        reading: Arguments of ``open_dataset`` by name, for data by name or path.

    Returns:
        The model, ready to be trained on.

    Raises:
        UsageError: If ``observed`` is asked for without data, or ``nearly`` without
            ``observed``.
        DataError: If the data do not fit the model.

    Example:
        >>> revive("sensor_net").error < 1e-6
        True
    """
    opened = model if isinstance(model, Opened) else open_model(model, input_shape)
    look = look_at(opened, data, observed=observed, nearly=nearly, reading=reading)
    edit = revive_graph(opened.graph, look.known, seed=seed)
    return _result("revived", model, opened, edit, look)


def _result(
    done: Literal["removed", "revived"],
    model: Any,
    opened: Opened,
    edit: IdleEdit,
    look: Look,
) -> IdleResult:
    """Hold a changed network against what it was."""
    given = opened.module is not None and opened.module is model
    made = torch_room("bridge").apply(edit.edits, model) if given else edit.graph
    return IdleResult(
        done=done,
        model=made,
        graph=edit.graph,
        plan=edit.plan,
        before=count(opened.graph),
        after=count(edit.graph),
        error=change(opened.graph, edit.graph),
        scores=look.scores(opened.graph, edit.graph),
    )


@dataclass(frozen=True, eq=False)
class Look:
    """What data say of a model: spans of its values, and samples that score it.

    Args:
        known: Spans of values, where they were asked for.
        copies: Channels that were others, scaled and shifted, by value.
        held: Labelled samples, or None.
        unseen: Those of them that no span was taken from.
    """

    known: Mapping[str, Span] | None = None
    copies: Mapping[str, Copies] | None = None
    held: Samples | None = None
    unseen: Array | None = None

    def scores(self, before: Graph, after: Graph) -> dict[str, float]:
        """Score two networks on samples that were not looked at.

        Args:
            before: One of them.
            after: The other.

        Returns:
            Shares of right answers, or nothing without labels.
        """
        if self.held is None or self.unseen is None:
            return {}
        named = {"before": before, "after": after}
        return {n: accuracy(g, self.held, self.unseen) for n, g in named.items()}


def look_at(
    opened: Opened,
    data: str | Iterable[Array] | None,
    *,
    observed: bool,
    nearly: bool,
    reading: Mapping[str, Any] | None,
) -> Look:
    """Look at a model on data, before channels that carry nothing are changed.

    Args:
        opened: The model.
        data: Labelled data by name or path, batches ready for the network, or None.
        observed: Whether to take spans of its values from the data.
        nearly: Whether to take saturated and rare channels for constants.
        reading: Arguments of ``open_dataset`` by name, for data by name or path.

    Returns:
        Spans from a part of the samples, and the others to score with.

    Raises:
        UsageError: If spans are asked for without data, or ``nearly`` without spans.
    """
    if nearly and not observed:
        msg = "what is nearly idle is so on data; got nearly without observed"
        raise UsageError(msg, "say --observed too")
    if observed and data is None:
        msg = "what data show needs data; got observed without DATA"
        raise UsageError(msg, "name the data, or leave --observed out")
    held = unseen = known = copies = None
    if isinstance(data, str):
        held = samples_for(opened, data, reading or {})
        parts = choose_split(held.dataset)
        rows, unseen = parts.train, np.concatenate([parts.validation, parts.test])
        data = (inputs for inputs, _ in held.batches(rows))
    if observed and data is not None:
        seen = diagnose_graph(opened.graph, data, execute=fastest()).observed
        if seen is not None:
            known = known_spans(opened.graph, seen, nearly=nearly)
            copies = observed_copies(opened.graph, seen)
    return Look(known, copies, held, unseen)


def accuracy(graph: Graph, held: Samples, rows: Array) -> float:
    """Score a classifier on some samples.

    Args:
        graph: The network; its first result holds a score a class.
        held: The samples.
        rows: Which of them, ``[m]``.

    Returns:
        Share of right answers, 0 to 1.
    """
    execute, right = fastest(), 0
    for inputs, labels in held.batches(rows):
        (values,) = execute(graph, [inputs])
        right += int((values[graph.outputs[0]].argmax(axis=1) == labels).sum())
    return right / len(rows)


def change(before: Graph, after: Graph) -> float:
    """Compare two networks in float64 on random inputs of two sizes.

    Args:
        before: One network.
        after: Another with the same inputs and outputs.

    Returns:
        The largest difference relative to the largest result.
    """
    worst = 0.0
    for size in _SIZES:
        scaled = {i.name: _scaled(draw(i.type, 2), size) for i in before.inputs}
        (old,) = run(before, [scaled], dtype="float64")
        (new,) = run(after, [scaled], dtype="float64")
        pairs = [new[n] for n in before.outputs], [old[n] for n in before.outputs]
        worst = max(worst, relative_error(*pairs))
    return worst


def _scaled(array: Array, size: float) -> Array:
    return (array * size).astype(array.dtype) if array.dtype.kind == "f" else array
