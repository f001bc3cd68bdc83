"""Prune what was a copy on data: its weights go to its partner, a constant stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from depthwise.diagnosis.bounds import Span
from depthwise.diagnosis.copies.observed import Copies, hand_over, why_not_moved
from depthwise.diagnosis.layers import observed_values
from depthwise.diagnosis.pruning.plan import Plan, plan_pruning
from depthwise.graph import Graph
from depthwise.graph.edits import ReplaceArrays, apply_edits

Known = Mapping[str, Span]
Kept = Mapping[str, Mapping[int, str]]
Handed = tuple[tuple[ReplaceArrays, ...], Plan]


def plan_copies(graph: Graph, known: Known, copies: Mapping[str, Copies]) -> Handed:
    """Find which copies can go, and what layers must read for that first.

    Args:
        graph: Any graph that verifies.
        known: Spans of the values that hold copies, and of others.
        copies: By value.

    Returns:
        Edits after which the plan holds, and the plan. Copies that must stay are in it
        with the reason.
    """
    bound = graph.bind(1)
    why = {value: why_not_moved(bound, value) for value in copies}
    left = {value: found for value, found in copies.items() if not why[value]}
    first = None
    while True:
        edits = tuple(hand_over(bound, left))
        plan = plan_pruning(apply_edits(graph, edits), _as_constants(known, left))
        first = first or plan
        fewer = {value: _going(plan, value, found) for value, found in left.items()}
        if all(
            len(fewer[value].channels) == len(left[value].channels) for value in left
        ):
            break
        left = {value: found for value, found in fewer.items() if len(found.channels)}
    held = _tied(graph, copies, why), first.kept, plan.kept
    return edits, replace(plan, kept=_staying(plan, held))


def _tied(graph: Graph, copies: Mapping[str, Copies], why: Mapping[str, str]) -> Kept:
    """Copies that what reads them needs, by layer."""
    layers = {value: layer for layer, value in observed_values(graph).items()}
    return {
        layers[value]: dict.fromkeys(found.channels.tolist(), why[value])
        for value, found in copies.items()
        if why[value]
    }


def _staying(plan: Plan, held: Iterable[Kept]) -> Kept:
    """Put reasons together, later ones first, of channels that do not go."""
    kept: dict[str, dict[int, str]] = {}
    for some in held:
        for layer, reasons in some.items():
            gone = plan.removed.get(layer, ())
            rest = {c: reason for c, reason in reasons.items() if c not in gone}
            kept.setdefault(layer, {}).update(rest)
    return {layer: reasons for layer, reasons in kept.items() if reasons}


def _as_constants(known: Known, copies: Mapping[str, Copies]) -> Known:
    """Know of each copy the constant that its partner does not say."""
    spans = dict(known)
    for value, found in copies.items():
        low, high = known[value].low.copy(), known[value].high.copy()
        low[found.channels] = high[found.channels] = found.offsets
        spans[value] = Span(low, high)
    return spans


def _going(plan: Plan, value: str, found: Copies) -> Copies:
    keep = plan.keep.get(value)
    if keep is None:
        return found.those(np.zeros(len(found.channels), bool))
    return found.those(~keep[found.channels])
