"""The page that teaches what depthwise separable convolution is and is for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from depthwise.costing import CostReport, Kind, LayerCost
from depthwise.files import write_text
from depthwise.report.figures import bars, heatmap, heatmaps, lines, ticks
from depthwise.report.page import Section, Table, render, safe_json
from depthwise.report.terminal import thousands

TITLE = "Depthwise separable convolution"
LEAD = (
    "Ordinary convolution lets every output channel read every input channel at every "
    "tap. Taken apart into a filter for each channel and a mix at each position, it "
    "costs a fraction. This page shows how, and what it is good for, on this machine."
)
EXAMPLES = (
    ("8×8×3 and one 3×3×3 kernel", {"kind": "dense", "n": 1}),
    ("the same, separable: it does not pay", {"kind": "separable", "n": 1}),
    ("two outputs: it pays", {"kind": "separable", "n": 2}),
    ("256 outputs", {"kind": "separable", "n": 256}),
    ("a layer of MobileNet", {"kind": "separable", "dg": 14, "m": 512, "n": 512}),
)
_START = {"dk": 3, "dg": 6, "m": 3, "n": 1, "groups": 1, "multiplier": 1, "stride": 1}
BLOCKS = (
    ("Ordinary", ("3×3 convolution", "batch norm", "ReLU")),
    (
        "MobileNetV1",
        (
            "3×3 depthwise", "batch norm", "ReLU",
            "1×1 pointwise", "batch norm", "ReLU",
        ),
    ),
    (
        "MobileNetV2, inverted residual",
        (
            "1×1 pointwise, 6 times wider", "batch norm, ReLU6",
            "3×3 depthwise", "batch norm, ReLU6",
            "1×1 pointwise, narrow again", "batch norm",
            "plus what came in, at stride 1",
        ),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class DeadChannels:
    """What an ordinary network without norms made of its channels.

    Args:
        sample: One input, ``[H, W]``.
        maps: What some channels make of it, ``[H, W]`` each, by name.
        dead: Channels that fire for no sample at all.
        channels: All channels.
        samples: Samples that were looked at.
        learning_rate: What it was trained with.
    """

    sample: Any
    maps: dict[str, Any]
    dead: int
    channels: int
    samples: int
    learning_rate: float


@dataclass(frozen=True)
class Sensors:
    """Channels of recordings, and filters of the first layer that read them.

    Args:
        names: Of the channels.
        correlation: Between the raw channels, ``[C, C]``.
        dense: One filter of the ordinary network, ``[C, taps]``.
        separable: One filter of its twin, NaN for the sensors it does not read.
    """

    names: Sequence[str]
    correlation: Any
    dense: Any
    separable: Any


@dataclass(frozen=True)
class LayerTime:
    """One layer, measured here.

    Args:
        place: Which layer of which network.
        form: "dense", "depthwise", "pointwise" or "separable".
        macs: Multiply-accumulates.
        torch_us: Microseconds in torch, one thread.
        engine_us: Microseconds compiled by the engine, one thread.
    """

    place: str
    form: str
    macs: int
    torch_us: float
    engine_us: float


@dataclass(frozen=True)
class Lesson:
    """What the page shows beside the walk through one convolution.

    Args:
        network: MobileNetV1's costs.
        dense: Its dense twin's.
        dead: Dead channels, or why there is no picture of them.
        sensors: Correlation and filters, or why there are none.
        times: Measured layers, or why there are none.
    """

    network: CostReport
    dense: CostReport
    dead: DeadChannels | str
    sensors: Sensors | str
    times: Sequence[LayerTime] | str


def write_lesson(path: Path, lesson: Lesson) -> Path:
    """Write the page, whole or not at all.

    Args:
        path: The file to write.
        lesson: What to show.

    Returns:
        The path.

    Raises:
        MissingDependencyError: If Plotly or Jinja2 is not installed.

    Example:
        >>> import tempfile
        >>> nothing = CostReport("nothing", 1, ())
        >>> lesson = Lesson(nothing, nothing, "no torch", "no torch", "no torch")
        >>> write_lesson(Path(tempfile.mkdtemp()) / "explain.html", lesson).name
        'explain.html'
    """
    sections = [
        _formulas(),
        _stages(lesson.network),
        _cost(lesson),
        _dead(lesson.dead),
        _sensors(lesson.sensors),
        _times(lesson.times),
    ]
    figures = [figure for section in sections for figure in section.figures]
    program = resources.files("depthwise.report").joinpath("templates/explain.js")
    page = render(
        "explain.html",
        figures,
        title=TITLE,
        lead=LEAD,
        sections=sections,
        blocks=BLOCKS,
        examples=[(name, safe_json(_START | given)) for name, given in EXAMPLES],
        walk=program.read_text(encoding="utf-8"),
    )
    return write_text(path, page)


def _formulas() -> Section:
    squares = "Dk·Dk·"
    rows = (
        ("dense", f"{squares}M·N·Dg·Dg", f"{squares}M·N"),
        ("grouped, g groups", f"{squares}M·N·Dg·Dg / g", f"{squares}M·N / g"),
        ("depthwise, multiplier k", f"{squares}k·M·Dg·Dg", f"{squares}k·M"),
        ("pointwise", "M·N·Dg·Dg", "M·N"),
        ("separable", f"{squares}M·Dg·Dg + M·N·Dg·Dg", f"{squares}M + M·N"),
        ("separable / dense", "1/N + 1/Dk²", "1/N + 1/Dk²"),
    )
    outputs = [2**power for power in range(11)]
    ratios = {
        f"{size}×{size} kernel": (outputs, [1 / n + 1 / size**2 for n in outputs])
        for size in (3, 5, 7)
    }
    figure = lines(
        "Cost of separable in parts of dense",
        ratios,
        x_title="output channels N",
        y_title="separable / dense",
    )
    figure.update_xaxes(type="log", tickvals=outputs)
    shown = ticks([value for _, values in ratios.values() for value in values])
    figure.update_yaxes(type="log", tickvals=shown, tickformat="~g")
    text = "Kernel Dk×Dk, M channels in, N out, output Dg×Dg; biases are not counted."
    head = ("convolution", "multiply-accumulates", "parameters")
    return Section("The formulas", text, [figure], Table(head, rows))


def _stages(report: CostReport) -> Section:
    working = [layer for layer in report.layers if layer.kind is not Kind.OTHER]
    rows = [_stage(layer, report.macs) for layer in working]
    text = (
        f"{report.name}: {len(working)} layers, {report.macs:,} multiply-accumulates "
        f"and {report.params:,} parameters. Nearly all work is in the 1×1 halves."
    )
    head = ("layer", "kernel", "stride", "output", "MACs", "share", "parameters")
    return Section("MobileNet, layer by layer", text, (), Table(head, rows))


def _stage(layer: LayerCost, whole: int) -> tuple[str, ...]:
    geometry = layer.geometry
    kernel = "×".join(map(str, geometry.kernel_size)) if geometry else ""
    stride = str(geometry.stride[0]) if geometry else ""
    output = "×".join(map(str, layer.output_shape[1:]))
    share = f"{layer.macs / whole:.1%}"
    macs, params = thousands(layer.macs), thousands(layer.params)
    return (str(layer.kind), kernel, stride, output, macs, share, params)


def _cost(lesson: Lesson) -> Section:
    reports = (lesson.dense, lesson.network)
    kinds = [kind for kind in Kind if any(r.by_kind[kind][0] for r in reports)]
    series = {
        report.name: [report.by_kind[kind][0] for kind in kinds] for report in reports
    }
    figure = bars(
        "Multiply-accumulates by kind of layer",
        [str(kind) for kind in kinds],
        series,
        y_title="multiply-accumulates",
    )
    text = (
        "First problem of ordinary convolution: what it costs. The same table of "
        f"layers takes {thousands(lesson.dense.macs)} multiply-accumulates dense and "
        f"{thousands(lesson.network.macs)} separable."
    )
    return Section("Cost", text, [figure])


def _dead(found: DeadChannels | str) -> Section:
    lead = "Second problem: channels that carry nothing. "
    if isinstance(found, str):
        return Section("Dead channels", lead + found)
    text = (
        f"{lead}An ordinary network without norms, trained on handwritten digits at a "
        f"learning rate of {found.learning_rate:g} when this page was made: "
        f"{found.dead} of its {found.channels} channels are zero at every position of "
        f"all {found.samples:,} digits. They cost as much as the others."
    )
    figure = heatmaps("One digit, and what channels make of it", {
        "input": found.sample, **found.maps,
    })  # fmt: skip
    return Section("Dead channels", text, [figure])


def _sensors(found: Sensors | str) -> Section:
    lead = "Third problem: channels that are different sensors. "
    if isinstance(found, str):
        return Section("Sensors", lead + found)
    text = (
        f"{lead}A watch's accelerometer and gyroscope, as their channels correlate. A "
        "filter of an ordinary first layer reads all of them at once; one of a "
        "depthwise first layer reads its own sensor, and what a sensor does stays "
        "apart until the pointwise layers. Blue weights are above zero, red ones "
        "below; empty rows are sensors that the filter does not read."
    )
    matrix = heatmap(
        "Correlation of the raw channels",
        [[round(float(value), 2) for value in row] for row in found.correlation],
        rows=found.names,
        columns=found.names,
        limits=(-1, 1),
        diverging=True,
        written=True,
    )
    filters = {"an ordinary filter": found.dense, "a depthwise filter": found.separable}
    kernels = heatmaps(
        "Weights of a filter: sensors by taps in time", filters, rows=found.names
    )
    return Section("Sensors", text, [matrix, kernels])


def _times(found: Sequence[LayerTime] | str) -> Section:
    title = "The same layers on this machine"
    if isinstance(found, str):
        return Section(title, found)
    places = list(dict.fromkeys(time.place for time in found))
    forms = list(dict.fromkeys(time.form for time in found))
    cells = {(time.place, time.form): time for time in found}
    series = {
        form: [cells[place, form].engine_us for place in places] for form in forms
    }
    figure = bars(
        "Time of a layer, one sample, one thread, compiled by the engine",
        places,
        series,
        y_title="microseconds",
        logarithmic=True,
    )
    rows = [
        (
            f"{time.place}, {time.form}",
            thousands(time.macs),
            f"{time.torch_us:,.0f} µs",
            f"{time.engine_us:,.0f} µs",
            f"{time.macs / time.engine_us / 1e3:.1f}",
        )
        for time in found
    ]
    text = (
        "Fewer multiply-accumulates are not as much less time: a depthwise layer does "
        "little with what it reads, and waits for memory. The last column is how many "
        "thousand million multiply-accumulates a second each layer reaches."
    )
    head = ("layer", "MACs", "torch", "engine", "G/s")
    return Section(title, text, [figure], Table(head, rows))
