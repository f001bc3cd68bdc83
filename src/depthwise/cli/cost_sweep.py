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
        name: A registered network.
        shape: Of one batch, or None.
        conv: Which twin, or None.
        threads: Threads to predict times for; 0 predicts none.
    """

    name: str
    shape: Sequence[int] | None
    conv: str | None
    threads: int


def show_sweep(subject: Subject, wish: SweepOptions, *, json: bool) -> None:
    """Print widths and resolutions of a network.

    Args:
        subject: What is swept.
        wish: Over what.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs.machine import calibrate
    from depthwise.jobs.sweeping import parse_numbers, sweep
    from depthwise.report.sweep import sweep_table
    from depthwise.report.terminal import stdout

    found = sweep(
        subject.name,
        subject.shape,
        widths=parse_numbers(wish.widths, "--widths"),
        sizes=[int(size) for size in parse_numbers(wish.sizes, "--sizes")],
        conv=subject.conv,
        calibration=calibrate(threads=subject.threads) if subject.threads else None,
        say=lambda line: typer.echo(line, err=True),
    )
    if json:
        typer.echo(to_json(found.to_dict()))
        return
    stdout().print(sweep_table(found))
    if found.source:
        stdout().print(f"top-1: {found.source}")
