"""The page that teaches, filled with what is measured on this machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from depthwise.errors import MissingDependencyError
from depthwise.jobs import lesson_examples as examples
from depthwise.jobs.counting import cost
from depthwise.report.lesson import Lesson, write_lesson

NETWORK = "mobilenet_v1"
_SHAPE = (1, 3, 224, 224)

Found = TypeVar("Found")


def explain(out: Path, *, quick: bool = False, progress: bool = True) -> Path:
    """Write the page that explains depthwise separable convolution.

    Args:
        out: The file to write.
        quick: Leave out what must be trained or measured, which takes a minute.
        progress: Whether to show progress on stderr.

    Returns:
        The path.

    Raises:
        MissingDependencyError: If Plotly, Jinja2 or torch is not installed.

    Source:
        Howard et al. 2017, arXiv:1704.04861, sections 3.1 and 3.2.

    Example:
        >>> import tempfile
        >>> page = explain(Path(tempfile.mkdtemp()) / "explain.html", quick=True)
        >>> page.stat().st_size > 1e6
        True
    """
    dense = cost(NETWORK, _SHAPE, conv="dense")

    def try_to(find: Callable[[], Found]) -> Found | str:
        if quick:
            return "Left out on request: make this page without --quick to see it."
        try:
            return find()
        except MissingDependencyError as error:
            return f"Not shown: {error}."

    lesson = Lesson(
        network=cost(NETWORK, _SHAPE),
        dense=replace(dense, name=f"{NETWORK}, dense"),
        dead=try_to(lambda: examples.dead_channels("digits", progress=progress)),
        sensors=try_to(lambda: examples.sensors("watch", progress=progress)),
        times=try_to(examples.layer_times),
    )
    return write_lesson(out, lesson)
