"""Diagnose anything that is a model, on any data that fit it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from numpy.typing import NDArray

from depthwise.diagnosis import Diagnosis, Fault, Limits, diagnose_graph
from depthwise.errors import MissingDependencyError, UsageError
from depthwise.execute import Run, run
from depthwise.jobs.open import Opened, open_model
from depthwise.jobs.rooms import torch_room
from depthwise.jobs.samples import samples_for
from depthwise.jobs.sensing import sense

Array: TypeAlias = NDArray[Any]


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
        The diagnosis: findings by layer, each proven or observed; with labelled data
        of sensors, what each sensor contributes.

    Raises:
        DataError: If the data do not fit the model.

    Example:
        >>> told = diagnose("sensor_net")
        >>> told.channels, told.samples
        (544, 0)
    """
    opened = model if isinstance(model, Opened) else open_model(model, input_shape)
    if data is None:
        return diagnose_graph(opened.graph, limits=limits)
    if isinstance(data, str):
        held = samples_for(opened, data, reading or {})
        batches = (inputs for inputs, _ in held.batches())
        told = _told(opened, batches, limits)
        return replace(told, sensors=sense(opened.graph, held, fastest()))
    return _told(opened, data, limits)


def _told(opened: Opened, data: Iterable[Array], limits: Limits | None) -> Diagnosis:
    return diagnose_graph(opened.graph, data, execute=fastest(), limits=limits)


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


def parse_rules(text: str | None) -> dict[Fault, float]:
    """Read ``--fail-on``.

    Args:
        text: Such as "dead>5%,duplicate>10%"; None for no rule.

    Returns:
        The largest share of channels that each fault may have, from 0 to 1.

    Raises:
        UsageError: If a rule is not of this form.

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
