"""A bar on standard error for work that may take seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from depthwise.report.terminal import stderr

Step = Callable[[int, int], None]


@contextmanager
def steps_bar(title: str) -> Iterator[Step]:
    """Show a bar on a terminal while steps are done, and take it away afterwards.

    Args:
        title: What is done, written before the bar.

    Yields:
        What to call with steps done and steps in all; elsewhere than on a terminal it
        shows nothing.

    Example:
        >>> with steps_bar("Tracing") as step:
        ...     step(1, 2)
    """
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=stderr(), transient=True) as progress:
        task = progress.add_task(title, total=None, visible=False)

        def step(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, visible=True)

        yield step
