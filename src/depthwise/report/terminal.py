"""Tables for the terminal: results on stdout, everything else on stderr."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import rich.box
import rich.console
import rich.table

_PAPER = 120
"""Columns of a file or a pipe."""


def stdout() -> rich.console.Console:
    """Make a console for results; colours only on a terminal, never with NO_COLOR.

    Returns:
        The console; wide enough for every table where it is no terminal.

    Example:
        >>> stdout().stderr
        False
    """
    console = rich.console.Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = max(console.width, _PAPER)
    return console


def stderr() -> rich.console.Console:
    """Make a console for progress and messages.

    Returns:
        The console.

    Example:
        >>> stderr().stderr
        True
    """
    return rich.console.Console(stderr=True, highlight=False)


def table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    prose: Collection[int] = (),
) -> rich.table.Table:
    """Lay rows out: the first column left, the others right.

    Args:
        title: A line above, or empty.
        head: Column titles.
        rows: Cells; every row as long as the head.
        prose: Columns of sentences, by position: left, and wrapped where it is narrow.

    Returns:
        A table to print.

    Example:
        >>> table("", ["kind", "macs"], [["dense", "972"]]).row_count
        1
    """
    box = rich.box.SIMPLE_HEAD
    result = rich.table.Table(title=title or None, box=box, title_justify="left")
    for index, name in enumerate(head):
        left = not index or index in prose
        justify: Literal["left", "right"] = "left" if left else "right"
        result.add_column(name, justify=justify, no_wrap=index not in prose)
    for row in rows:
        result.add_row(*row)
    return result


def thousands(number: float) -> str:
    """Write a count so that a person can read it.

    Args:
        number: Any count.

    Returns:
        Plain up to 9,999, then with SI's letter and four digits.

    Example:
        >>> thousands(9999), thousands(568740352)
        ('9,999', '568.7 M')
    """
    if abs(number) < 10_000:
        return f"{number:,.0f}"
    for power, letter in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if abs(number) >= 10**power:
            return f"{number / 10**power:.4g} {letter}"
    return str(number)
