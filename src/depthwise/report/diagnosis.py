"""Diagnoses and prunings as tables, and as advice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import rich.table

from depthwise.diagnosis import (
    Diagnosis,
    Fault,
    Finding,
    LayerDiagnosis,
    directions_for,
)
from depthwise.report.terminal import table, thousands

_LAYERS = 5
_TERMS = 3


def diagnosis_title(told: Diagnosis) -> str:
    """Say what was looked at.

    Args:
        told: What was found.

    Returns:
        One line.

    Example:
        >>> diagnosis_title(Diagnosis("nothing", ()))
        'nothing: 0 channels, from weights alone'
    """
    source = f"{told.samples:,} samples" if told.samples else "weights alone"
    return f"{told.name}: {told.channels:,} channels, from {source}"


def diagnosis_tables(told: Diagnosis) -> list[rich.table.Table]:
    """Lay a diagnosis out for the terminal.

    Args:
        told: What was found.

    Returns:
        A table of the worst layers and one of faults, if there are any, and one of
        dense layers that could be taken apart.

    Example:
        >>> diagnosis_tables(Diagnosis("nothing", ()))
        []
    """
    head = (
        *("layer", "channels", "carry nothing new", "effective rank"),
        *("90 % of variance in", "faults"),
    )
    rows = [
        (
            layer.name,
            str(layer.channels),
            f"{100 * layer.worst:.0f} %",
            *spread_of(layer),
            faults_of(layer),
        )
        for layer in told.worst()
    ]
    faults = [
        (
            str(fault),
            count_of(told.findings, fault, proven=True),
            count_of(told.findings, fault, proven=False),
            f"{100 * told.share(fault):.1f} %",
            fault.meaning,
        )
        for fault in Fault
        if told.share(fault)
    ]
    names = ("fault", "proven", "observed", "of all channels", "what it is")
    tables = [table("the layers to begin with", head, rows, prose=[5])] if rows else []
    if faults:
        tables.append(table("faults", names, faults, prose=[4]))
    return [*tables, *_separable(told)]


def _separable(told: Diagnosis) -> list[rich.table.Table]:
    """Say what few separable terms hold of each dense layer, the best ones first."""
    dense = [layer for layer in told.layers if layer.pays_up_to]
    order = sorted(dense, key=lambda layer: -layer.separable[0])
    rows = [
        (
            layer.name,
            *(f"{100 * layer.separable[n]:.0f} %" for n in _terms(layer)),
            *[""] * (_TERMS - len(_terms(layer))),
            str(layer.pays_up_to),
        )
        for layer in order[:_LAYERS]
    ]
    if not rows:
        return []
    weighed = "weighted by the data" if told.samples else "of the weights"
    title = f"dense layers as separable terms: energy held, {weighed}"
    head = ("layer", "1 term", "2 terms", "3 terms", "terms that pay")
    return [table(title, head, rows)]


def _terms(layer: LayerDiagnosis) -> range:
    return range(min(_TERMS, len(layer.separable)))


def advice_lines(told: Diagnosis) -> list[str]:
    """Say what to do about what was found.

    Args:
        told: What was found.

    Returns:
        A line a fault, most frequent first; one line where nothing was found.

    Example:
        >>> advice_lines(Diagnosis("nothing", ()))
        ['nothing found: every channel carries something of its own']
    """
    faults = [fault for fault in Fault if told.share(fault)]
    if not faults:
        return ["nothing found: every channel carries something of its own"]
    order = sorted(faults, key=lambda fault: -told.share(fault))
    return [f"{fault}: {fault.advice}" for fault in order]


def idle_tables(told: Mapping[str, Any], done: str) -> list[rich.table.Table]:
    """Lay out what removing or reviving idle channels did.

    Args:
        told: ``IdleResult.to_dict()``.
        done: "removed" or "revived".

    Returns:
        Which channels changed, which had to stay as they are, and what it cost before
        and after.

    Example:
        >>> cost = {"before": 4, "after": 2}
        >>> made = {"name": "n", "removed": {}, "kept": {}, "macs": cost}
        >>> made |= {"params": cost, "error": 0.0, "accuracy": {}}
        >>> len(idle_tables(made, "removed"))
        1
    """
    tables = []
    if told[done]:
        rows = [
            (layer, str(len(some)), ", ".join(map(str, some)))
            for layer, some in told[done].items()
        ]
        head = ("layer", done, "channels")
        tables.append(table(told["name"], head, rows, prose=[2]))
    if told["kept"]:
        stayed = [
            (layer, channel, why)
            for layer, held in told["kept"].items()
            for channel, why in held.items()
        ]
        head = ("layer", "channel", "why it stays")
        tables.append(table("carry nothing, but stay", head, stayed, prose=[2]))
    title = "" if told[done] else f"{told['name']}: no channel was {done}"
    return [*tables, table(title, ("", "before", "after"), _costs(told))]


def _costs(told: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows = [
        ("MACs", *map(thousands, _ends(told["macs"]))),
        ("parameters", *map(thousands, _ends(told["params"]))),
    ]
    if told["accuracy"]:
        before, after = _ends(told["accuracy"])
        rows.append(("accuracy", f"{100 * before:.2f} %", f"{100 * after:.2f} %"))
    return [*rows, ("largest change of a result", "", f"{told['error']:.1e}")]


def _ends(pair: Mapping[str, float]) -> tuple[float, float]:
    return pair["before"], pair["after"]


def spread_of(layer: LayerDiagnosis) -> tuple[str, str]:
    """Say in how many directions a layer varies; nothing without data.

    Args:
        layer: What was found of it.

    Returns:
        Its effective rank, and how many directions hold 90 % of the variance.
    """
    if layer.statistics is None:
        return "", ""
    return f"{layer.rank:.1f}", f"{directions_for(layer.shares, 0.9)} directions"


def faults_of(layer: LayerDiagnosis) -> str:
    """Count a layer's channels by fault.

    Args:
        layer: What was found of it.

    Returns:
        Such as "2 dead, 1 rare".
    """
    found = [(f, layer.share(f)) for f in Fault if layer.share(f)]
    return ", ".join(f"{round(s * layer.channels)} {fault}" for fault, s in found)


def count_of(findings: Iterable[Finding], fault: Fault, *, proven: bool) -> str:
    """Count channels with a fault.

    Args:
        findings: Of a layer or of a network.
        fault: What is wrong.
        proven: Whether those of which it is proven, or those it was observed of.

    Returns:
        The number; nothing for none.
    """
    some = (f for f in findings if f.fault is fault and f.proven is proven)
    return str(sum(len(f.channels) for f in some) or "")
