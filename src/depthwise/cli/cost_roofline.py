"""The part of ``depthwise cost`` that looks at the machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depthwise.jobs.open import Opened

_ROOFS = "The machine's roofs above every layer, and the time predicted from them."
_MEASURE = "Measure every layer here, in torch and in installed engines."
_AGAIN = "Measure the machine's roofs again."


@dataclass(frozen=True)
class MachineOptions:
    """What a user wants to know of a network on this machine.

    Args:
        roofline: Whether to hold layers against the roofs of this machine.
        measure: Whether to measure them too; it implies a roofline.
        recalibrate: Whether to measure the machine again; it implies a roofline.
        threads: Threads that work.

    Example:
        >>> MachineOptions(measure=True).wanted
        True
    """

    roofline: Annotated[bool, typer.Option("--roofline", help=_ROOFS)] = False
    measure: Annotated[bool, typer.Option("--measure", help=_MEASURE)] = False
    recalibrate: Annotated[bool, typer.Option("--recalibrate", help=_AGAIN)] = False
    threads: Annotated[
        int, typer.Option(help="Threads that work, for the roofline.", min=1)
    ] = 1

    @property
    def wanted(self) -> bool:
        """Whether a roofline is asked for."""
        return self.roofline or self.measure or self.recalibrate


def show_rooflines(
    opened: Sequence[Opened],
    batch: int,
    machine: MachineOptions,
    *,
    layers: bool,
    json: bool,
) -> None:
    """Print networks under the roofs of this machine.

    Args:
        opened: The networks.
        batch: Samples a run.
        machine: What to show.
        layers: Whether to show every unit.
        json: Whether to print JSON: of several networks, a list.
    """
    from depthwise.files import to_json
    from depthwise.jobs.machine import calibrate
    from depthwise.jobs.roofs import measured, roofline
    from depthwise.report.roofline import reason_lines, roofline_tables
    from depthwise.report.terminal import stdout

    found = calibrate(threads=machine.threads, again=machine.recalibrate)
    models = []
    for each in opened:
        model = roofline(each.graph, batch=batch, calibration=found)
        if machine.measure:
            model = measured(model, each.graph, say=_say)
        models.append(model)
    if json:
        told = [model.to_dict() for model in models]
        typer.echo(to_json(told[0] if len(told) == 1 else told))
        return
    for model in models:
        for table in roofline_tables(model, layers=layers):
            stdout().print(table)
        for line in reason_lines(model):
            stdout().print(line)


def _say(line: str) -> None:
    typer.echo(line, err=True)
