"""A diagnosis as a page: what to do, and pictures of the channels."""

from __future__ import annotations

from collections.abc import Sequence

from depthwise.diagnosis import Diagnosis, Fault, LayerDiagnosis
from depthwise.diagnosis.sensors import SensorAnalysis, Way
from depthwise.graph import Graph
from depthwise.report import channels
from depthwise.report.diagnosis import advice_lines
from depthwise.report.figures import PALETTE, heatmap, lines, titled
from depthwise.report.page import Section, Table
from depthwise.report.sensors import sensor_lines

_SHOWN = 3
_STRIPS = 60


def diagnosis_sections(told: Diagnosis, graph: Graph) -> list[Section]:
    """Lay a diagnosis out for a page.

    Args:
        told: What was found.
        graph: The network it was found in.

    Returns:
        Findings and advice, strips of channels, then what data and kernels show.

    Example:
        >>> nothing = Diagnosis("nothing", ())
        >>> [s.title for s in diagnosis_sections(nothing, Graph("g", (), (), ()))]
        ['What was found', 'Every channel']
    """
    sections = [_found(told), _every(told)]
    seen = [layer for layer in told.layers if layer.statistics is not None]
    if seen:
        sections += [_rates(seen), _alike(seen)]
    pictures = [channels.kernels(graph, layer.name) for layer in told.layers]
    drawn = [picture for picture in pictures if picture is not None][:_SHOWN]
    if drawn:
        text = "Red is below zero, blue above. A kernel without colour is a zero one."
        sections.append(Section("Kernels", text, drawn))
    sections += _separable(told)
    if told.sensors is not None:
        sections += _sensors(told.sensors)
    return sections


def _separable(told: Diagnosis) -> list[Section]:
    """Draw what 1, 2, … separable terms hold of the dense layers that could pay."""
    dense = [layer for layer in told.layers if layer.pays_up_to]
    if not dense:
        return []
    step = -(-len(dense) // 6)
    series = {
        layer.name: (
            range(1, len(layer.separable) + 1),
            [100 * held for held in layer.separable],
        )
        for layer in dense[::step]
    }
    figure = lines(
        "Energy that separable terms hold", series, x_title="terms", y_title="%"
    )
    rows = [
        (layer.name, f"{100 * layer.separable[0]:.1f} %", str(layer.pays_up_to))
        for layer in dense
    ]
    text = (
        "A dense kernel is a sum of separable ones. The sooner a line nears 100 %, the "
        "fewer terms do its work; depthwise separate takes such a layer apart. More "
        "terms than those that pay cost more than the layer itself."
    )
    head = ("layer", "held by one term", "terms that pay")
    return [
        Section("How separable dense layers are", text, [figure], Table(head, rows))
    ]


def _found(told: Diagnosis) -> Section:
    rows = [
        (
            layer.name,
            str(layer.channels),
            str(fault),
            str(round(layer.share(fault) * layer.channels)),
            ", ".join(_sources(layer, fault)),
            fault.advice,
        )
        for layer in sorted(told.layers, key=lambda layer: -layer.worst)
        for fault in Fault
        if layer.share(fault)
    ]
    source = f"{told.samples:,} samples" if told.samples else "weights alone"
    text = (
        f"{told.channels:,} channels of {len(told.layers)} layers, from {source}. "
        "Proven holds for every possible input; observed held on these data. "
        + _sentences(advice_lines(told))
    )
    head = ("layer", "channels", "fault", "with it", "how known", "what to do")
    return Section("What was found", text, (), Table(head, rows) if rows else None)


def _sentences(lines: Sequence[str]) -> str:
    return " ".join(f"{line[:1].upper()}{line[1:]}." for line in lines)


def _sources(layer: LayerDiagnosis, fault: Fault) -> list[str]:
    found = {f.proven for f in layer.findings if f.fault is fault}
    return [
        word for word, kind in (("proven", True), ("observed", False)) if kind in found
    ]


def _every(told: Diagnosis) -> Section:
    layers = told.layers[:_STRIPS]
    text = "One row a layer from the input on, one cell a channel."
    if len(layers) < len(told.layers):
        text += f" The first {_STRIPS} of {len(told.layers)} layers are drawn."
    figures = [channels.strips(layers)] if layers else []
    return Section("Every channel", text, figures)


def _rates(seen: Sequence[LayerDiagnosis]) -> Section:
    step = -(-len(seen) // 6)
    text = (
        "Channels on the far left hardly ever fire; a layer with many of them is wider "
        "than it need be."
    )
    return Section("Firing rates", text, [channels.firing_rates(seen[::step])])


def _alike(seen: Sequence[LayerDiagnosis]) -> Section:
    wide = [layer for layer in seen if layer.channels > 1]
    order = sorted(wide, key=_sameness, reverse=True)[:_SHOWN]
    figures = [channels.correlation(layer) for layer in order]
    text = (
        "The layers whose channels are most alike. Blocks of one colour are channels "
        "that say the same."
    )
    return Section("Correlation", text, [figure for figure in figures if figure])


def _sameness(layer: LayerDiagnosis) -> float:
    return layer.worst - layer.rank / layer.channels


def _sensors(told: SensorAnalysis) -> list[Section]:
    text = (
        f"The network is right on {100 * told.accuracy:.1f} % of {told.samples} "
        "samples. Bars say how many points it loses when a sensor reads its mean, "
        "what it read in another sample, or its first value, with 95 % intervals. "
        + _sentences(sensor_lines(told))
    )
    figures = [_contributions(told), *_mixing(told)]
    return [Section("What each sensor contributes", text, figures)]


def _contributions(told: SensorAnalysis) -> object:
    import plotly.graph_objects as go

    figure = go.Figure()
    for index, way in enumerate(Way):
        mine = [entry for entry in told.contributions if entry.way is way]
        drops = [entry.drop for entry in mine]
        figure.add_bar(
            x=[entry.sensor for entry in mine],
            y=[100 * drop.value for drop in drops],
            name=str(way),
            marker={
                "color": PALETTE[index],
                "pattern": {"shape": ("", "/", "x")[index]},
            },
            error_y={
                "array": [100 * (drop.high - drop.value) for drop in drops],
                "arrayminus": [100 * (drop.value - drop.low) for drop in drops],
            },
        )
    return titled(figure, "Accuracy lost without a sensor", "", "points")


def _mixing(told: SensorAnalysis) -> list[object]:
    return [
        heatmap(
            f"{entry.layer}: what each filter is made of (rows are filters)",
            entry.profile.round(3).tolist(),
            rows=[str(row) for row in range(len(entry.profile))],
            columns=entry.sensors,
            limits=(0, 1),
        )
        for entry in told.mixing[:1]
    ]
