"""The page of costs: counts, memory and roofs of one network or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from depthwise.jobs.counting import cost_of
from depthwise.jobs.machine import calibrate
from depthwise.jobs.open import Opened
from depthwise.jobs.roofs import measured, roofline
from depthwise.report.cost_page import Costed, cost_sections
from depthwise.report.page import write_page

LEAD = (
    "Counted exactly from the graph that runs, and held under the roofs of the machine "
    "that this page was made on. Nothing was executed to count."
)


def write_cost_page(
    opened: Sequence[Opened],
    out: Path,
    *,
    batch: int = 1,
    threads: int = 1,
    measure: bool = False,
    again: bool = False,
    say: Callable[[str], object] = str,
) -> Path:
    """Write one page on what networks cost.

    Args:
        opened: One or more networks.
        out: The file to write.
        batch: Samples a run.
        threads: Threads of the roofline.
        measure: Whether to measure every layer here, in torch and the engine.
        again: Whether to measure the machine's roofs again.
        say: Called with a line about what is left out.

    Returns:
        The path.

    Raises:
        MissingDependencyError: If Plotly or Jinja2 is not installed.

    Example:
        >>> import tempfile
        >>> from depthwise.jobs.open import open_model
        >>> path = Path(tempfile.mkdtemp()) / "cost.html"
        >>> write_cost_page([open_model("sensor_net")], path).name
        'cost.html'
    """
    found = calibrate(threads=threads, again=again)
    networks = []
    for name, each in zip(_names(opened), opened, strict=True):
        report = cost_of(each, batch=batch)
        model = roofline(each.graph, batch=report.batch, calibration=found)
        if measure:
            model = measured(model, each.graph, peers=(), say=say)
        networks.append(Costed(name, report, model))
    title = "What " + " and ".join(each.name for each in networks) + " cost"
    return write_page(out, title, LEAD, cost_sections(networks))


def _names(opened: Sequence[Opened]) -> list[str]:
    """Names of networks; those that are there twice are numbered."""
    times = Counter(each.name for each in opened)
    seen: Counter[str] = Counter()
    names = []
    for each in opened:
        seen[each.name] += 1
        number = f" ({seen[each.name]})" if times[each.name] > 1 else ""
        names.append(f"{each.name}{number}")
    return names
