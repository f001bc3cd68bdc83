"""The part of ``depthwise cost`` that compares widths and resolutions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

_SWEEP = "Count several widths and resolutions, and show which of them pay."
_WIDTHS = "Width multipliers of the sweep, with commas."
_SIZES = "Resolutions of the sweep, with commas; 7, 6, 5, 4 sevenths if left out."


@dataclass(frozen=True)
class SweepOptions:
    """Which widths and resolutions to compare.

    Args:
        sweep: Whether to compare any.
        widths: Width multipliers with commas.
        sizes: Resolutions with commas.

    Example:
        >>> SweepOptions().sweep
        False
    """

    sweep: Annotated[bool, typer.Option("--sweep", help=_SWEEP)] = False
    widths: Annotated[str, typer.Option(help=_WIDTHS)] = "1,0.75,0.5,0.25"
    sizes: Annotated[str, typer.Option(help=_SIZES)] = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is swept.

    Args:
        names: Registered networks.
        shape: Of one batch, or None.
        conv: Which twin, or None.
        threads: Threads to predict times for; 0 predicts none.
        again: Whether to measure the machine's roofs again.
    """

    names: Sequence[str]
    shape: Sequence[int] | None
    conv: str | None
    threads: int
    again: bool = False


def show_sweeps(subject: Subject, wish: SweepOptions, *, json: bool) -> None:
    """Print widths and resolutions of networks.

    Args:
        subject: What is swept.
        wish: Over what.
        json: Whether to print JSON: of several networks, a list.
    """
    from depthwise.files import to_json
    from depthwise.jobs.machine import calibrate
    from depthwise.jobs.sweeping import parse_numbers, sweep
    from depthwise.report.sweep import sweep_table
    from depthwise.report.terminal import stdout

    machine = None
    if subject.threads:
        machine = calibrate(threads=subject.threads, again=subject.again)
    found = [
        sweep(
            name,
            subject.shape,
            widths=parse_numbers(wish.widths, "--widths"),
            sizes=[int(size) for size in parse_numbers(wish.sizes, "--sizes")],
            conv=subject.conv,
            calibration=machine,
            say=lambda line: typer.echo(line, err=True),
        )
        for name in subject.names
    ]
    if json:
        told = [each.to_dict() for each in found]
        typer.echo(to_json(told[0] if len(told) == 1 else told))
        return
    for each in found:
        stdout().print(sweep_table(each))
        if each.source:
            stdout().print(f"top-1: {each.source}")
