"""Give idle channels of anything that is a model a new start, for more training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

from depthwise.diagnosis import Revived, revive_graph
from depthwise.errors import UsageError
from depthwise.graph import Graph
from depthwise.jobs.open import Opened, open_model
from depthwise.jobs.pruning import applied, change, look_at

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class ReviveResult:
    """A model whose idle channels can learn again.

    Args:
        model: Of the sort that was given: a torch module of the same class, or a
            Graph.
        graph: The network.
        revived: The plan and the edits.
        error: Largest change of a result on random inputs of two sizes, relative to
            the largest result.
        scores: With labelled data, the share of right answers on samples that were
            not looked at, "before" and "after".
    """

    model: Any
    graph: Graph
    revived: Revived
    error: float
    scores: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Turn the result into plain values for JSON.

        Returns:
            Which channels begin anew, which could not and why, and errors.
        """
        plan = self.revived.plan
        return {
            "name": self.graph.name,
            "revived": {layer: list(new) for layer, new in plan.removed.items()},
            "kept": {
                layer: {str(channel): why for channel, why in held.items()}
                for layer, held in plan.kept.items()
            },
            "error": self.error,
            "accuracy": dict(self.scores),
        }


def revive(
    model: Any,
    data: str | Iterable[Array] | None = None,
    *,
    input_shape: Sequence[int] | None = None,
    observed: bool = False,
    seed: int = 0,
    reading: Mapping[str, Any] | None = None,
) -> ReviveResult:
    """Draw the weights of channels that carry nothing anew, for further training.

    They are the channels that ``prune`` would remove. Nothing reads them until
    training gives them weight, so results stay what they were.

    Args:
        model: What ``open_model`` takes, or a model that was opened.
        data: Labelled data by name or path, or batches ready for the network.
        input_shape: Of one batch, where the model does not know its input.
        observed: Whether to revive what carried nothing on the data too, rather than
            only what is proven to for every input.
        seed: Of the weights that are drawn.
        reading: Arguments of ``open_dataset`` by name, for data by name or path.

    Returns:
        The model, ready to be trained on.

    Raises:
        UsageError: If ``observed`` is asked for without data.
        DataError: If the data do not fit the model.

    Example:
        >>> revive("sensor_net").error < 1e-6
        True
    """
    if observed and data is None:
        msg = "reviving what data show needs data; got observed without DATA"
        raise UsageError(msg, "name the data, or leave --observed out")
    opened = model if isinstance(model, Opened) else open_model(model, input_shape)
    graph = opened.graph
    look = look_at(opened, data, observed=observed, reading=reading)
    revived = revive_graph(graph, look.known, seed=seed)
    return ReviveResult(
        model=applied(model, opened, revived.edits, revived.graph),
        graph=revived.graph,
        revived=revived,
        error=change(graph, revived.graph),
        scores=look.scores(graph, revived.graph),
    )
