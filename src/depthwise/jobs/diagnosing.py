"""Diagnose anything that is a model, on any data that fit it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis import Diagnosis, Fault, Limits, diagnose_graph
from depthwise.errors import MissingDependencyError, UsageError
from depthwise.execute import Run, run
from depthwise.graph import Graph
from depthwise.jobs.open import Opened, open_model
from depthwise.jobs.rooms import torch_room
from depthwise.jobs.samples import Samples, samples_for
from depthwise.jobs.sensing import sense
from depthwise.separation import Samples as Watched
from depthwise.separation import separability_of

Array: TypeAlias = NDArray[Any]
_WATCHED = 256
"""Samples that say which taps of a kernel matter."""
_ROWS = 4096
"""Positions at which they are looked at, all together."""


def diagnose(
    model: Any,
    data: str | Iterable[Array] | None = None,
    *,
    input_shape: Sequence[int] | None = None,
    limits: Limits | None = None,
    reading: Mapping[str, Any] | None = None,
) -> Diagnosis:
    """Find channels that carry nothing, or what others carry too.

    Args:
        model: What ``open_model`` takes, or a model that was opened.
        data: Labelled data by name or path; or batches ``[n, C, *spatial]`` that are
            ready for the network; None finds what weights alone prove.
        input_shape: Of one batch, where the model does not know its input.
        limits: From where on something is a finding.
        reading: Arguments of ``open_dataset`` by name, for data by name or path.

    Returns:
        The diagnosis: findings by layer, each proven or observed; how much of each
        dense layer few separable terms hold; with labelled data of sensors, what each
        sensor contributes.

    Raises:
        DataError: If the data do not fit the model.

    Example:
        >>> told = diagnose("sensor_net")
        >>> told.channels, told.samples
        (544, 0)
    """
    opened = model if isinstance(model, Opened) else open_model(model, input_shape)
    graph = opened.graph
    if data is None:
        return _with_separability(diagnose_graph(graph, limits=limits), graph)
    if isinstance(data, str):
        held = samples_for(opened, data, reading or {})
        batches = (inputs for inputs, _ in held.batches())
        told = diagnose_graph(graph, batches, execute=fastest(), limits=limits)
        told = replace(told, sensors=sense(graph, held, fastest()))
        return _with_separability(told, graph, _some(held))
    first = _Head(data)
    told = diagnose_graph(graph, first, execute=fastest(), limits=limits)
    return _with_separability(told, graph, first.kept)


class _Head:
    """Batches that are streamed once; the first ones are kept to be run again."""

    def __init__(self, batches: Iterable[Array]) -> None:
        self._batches = batches
        self.kept: list[Array] = []

    def __iter__(self) -> Iterator[Array]:
        for batch in self._batches:
            if sum(map(len, self.kept)) < _WATCHED:
                self.kept.append(batch[:_WATCHED])
            yield batch


def _some(held: Samples) -> list[Array]:
    """Draw the samples that weigh the taps of kernels."""
    count = len(held.dataset)
    order = np.random.default_rng(0).permutation(count)[:_WATCHED]
    return [inputs for inputs, _ in held.batches(order)]


def _with_separability(
    told: Diagnosis, graph: Graph, batches: Sequence[Array] = ()
) -> Diagnosis:
    """Say of every dense layer what few separable terms hold of it."""
    watched = Watched(batches, fastest(), rows=_ROWS) if batches else None
    found = {entry.layer: entry for entry in separability_of(graph, watched)}
    layers = tuple(
        replace(layer, separable=entry.energy, pays_up_to=entry.pays_up_to)
        if (entry := found.get(layer.name))
        else layer
        for layer in told.layers
    )
    return replace(told, layers=layers)


def limits_of(duplicate: float) -> Limits:
    """Set from where on a channel is a copy; all other limits stay.

    Args:
        duplicate: |ρ|, 0 to 1.

    Returns:
        The limits.
    """
    return Limits(duplicate=duplicate)


def fastest() -> Run:
    """Choose what runs a graph with taps: torch where it is installed, else NumPy.

    Returns:
        An implementation of execution.
    """
    try:
        found: Run = torch_room("bridge").run
    except MissingDependencyError:
        return run
    return found


def parse_rules(text: str | None, *, data: bool = True) -> dict[Fault, float]:
    """Read ``--fail-on``.

    Args:
        text: Such as "dead>5%,duplicate>10%"; None for no rule.
        data: Whether there are data, which some faults are only seen on.

    Returns:
        The largest share of channels that each fault may have, from 0 to 1.

    Raises:
        UsageError: If a rule is not of this form, stands twice, or can never be broken
            without data.

    Example:
        >>> parse_rules("dead>5%,rare>0.5%")
        {<Fault.DEAD: 'dead'>: 0.05, <Fault.RARE: 'rare'>: 0.005}
    """
    rules = {}
    for word in (text or "").split(",") if text is not None else ():
        name, sign, share = (part.strip() for part in word.partition(">"))
        number = share.removesuffix("%")
        known = name in {str(fault) for fault in Fault}
        if not (known and sign and share.endswith("%") and _is_share(number)):
            names = ", ".join(str(fault) for fault in Fault)
            msg = f"--fail-on takes FAULT>SHARE% rules; got {word.strip()!r}"
            raise UsageError(msg, f"dead>5%,duplicate>10%; faults: {names}")
        if Fault(name) in rules:
            raise UsageError(f"--fail-on takes one rule a fault; got two for {name}")
        if Fault(name) is Fault.RARE and not data:
            msg = f"{name} channels are seen on data alone; got no DATA"
            raise UsageError(msg, "name the data, or leave this rule out")
        rules[Fault(name)] = float(number) / 100
    return rules


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 100
    except ValueError:
        return False


def broken_rules(told: Diagnosis, rules: dict[Fault, float]) -> list[str]:
    """Say which rules a diagnosis breaks.

    Args:
        told: The diagnosis.
        rules: From ``parse_rules``.

    Returns:
        A sentence for each broken rule, with both shares.
    """
    return [
        f"{fault}: {100 * told.share(fault):.1f} % of channels, "
        f"at most {100 * most:g} % are allowed"
        for fault, most in rules.items()
        if told.share(fault) > most
    ]
