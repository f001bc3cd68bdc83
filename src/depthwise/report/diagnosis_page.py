"""A diagnosis as a page: what to do, and pictures of the channels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from depthwise.diagnosis import Diagnosis, Fault, LayerDiagnosis
from depthwise.diagnosis.sensors import SensorAnalysis
from depthwise.graph import Graph
from depthwise.report import channels
from depthwise.report.diagnosis import (
    advice_lines,
    count_of,
    faults_of,
    spread_of,
)
from depthwise.report.figures import lines
from depthwise.report.page import Section, Table
from depthwise.report.sensor_details import sensor_details
from depthwise.report.sensor_figures import (
    contribution_bars,
    input_correlation,
    mixing_pictures,
)
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
    sections = [_found(told), *_worst(told), _every(told)]
    seen = [layer for layer in told.layers if layer.statistics is not None]
    if seen:
        sections += [_rates(seen), _alike(seen)]
    order = sorted(told.layers, key=lambda x: -x.share(Fault.ZERO_KERNEL))
    pictures = (channels.kernels(graph, layer.name) for layer in order)
    drawn = list(islice((picture for picture in pictures if picture), _SHOWN))
    if drawn:
        text = (
            "Red is below zero, blue above. A kernel without colour is a zero one; "
            "layers with such kernels come first."
        )
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
    """Say what is wrong, how it is known, and what to do; then where."""
    source = f"{told.samples:,} samples" if told.samples else "weights alone"
    text = (
        f"{told.channels:,} channels of {len(told.layers)} layers, from {source}. "
        "Proven holds for every possible input; observed held on these data."
    )
    found = [fault for fault in Fault if told.share(fault)]
    if not found:
        return Section("What was found", f"{text} {_sentences(advice_lines(told))}")
    rows = [
        (
            str(fault),
            count_of(told.findings, fault, proven=True),
            count_of(told.findings, fault, proven=False),
            f"{100 * told.share(fault):.1f} %",
            fault.meaning,
            fault.advice,
        )
        for fault in found
    ]
    head = ("fault", "proven", "observed", "of all", "what it is", "what to do")
    details = {"Every layer with a fault": _where(told)}
    return Section("What was found", text, (), Table(head, rows), details)


def _where(told: Diagnosis) -> Table:
    rows = [
        (
            layer.name,
            str(layer.channels),
            str(fault),
            count_of(layer.findings, fault, proven=True),
            count_of(layer.findings, fault, proven=False),
        )
        for layer in sorted(told.layers, key=lambda layer: -layer.worst)
        for fault in Fault
        if layer.share(fault)
    ]
    return Table(("layer", "channels", "fault", "proven", "observed"), rows)


def _worst(told: Diagnosis) -> list[Section]:
    """The layers to begin with."""
    rows = [
        (
            layer.name,
            str(layer.channels),
            f"{100 * layer.worst:.0f} %",
            *spread_of(layer),
            faults_of(layer),
        )
        for layer in told.worst()
    ]
    if not rows:
        return []
    head = ("layer", "channels", "carry nothing new", "effective rank")
    table = Table((*head, "90 % of variance in", "faults"), rows)
    text = "Those with the most channels that carry nothing, or what others carry too."
    return [Section("The layers to begin with", text, (), table)]


def _sentences(lines: Sequence[str]) -> str:
    return " ".join(f"{line[:1].upper()}{line[1:]}." for line in lines)


def _every(told: Diagnosis) -> Section:
    layers = told.layers[:_STRIPS]
    text = "One row a layer from the input on, one cell a channel."
    if len(layers) < len(told.layers):
        text += f" The first {_STRIPS} of {len(told.layers)} layers are drawn."
    figures = [channels.strips(layers)] if layers else []
    return Section("Every channel", text, figures)


def _rates(seen: Sequence[LayerDiagnosis]) -> Section:
    layers = seen[:_STRIPS]
    text = (
        "One row a layer. Channels on the far left hardly ever fire; a layer with many "
        "of them is wider than it need be."
    )
    return Section("Firing rates", text, [channels.firing_rates(layers)])


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
    alike = (
        "Correlation of the readings themselves, at the same time. What sensors do not "
        "share, a filter that mixes them from the start cannot keep apart."
    )
    mixed = (
        "The share of each channel in what a filter does. A filter of one channel is "
        "one cell; one that mixes all is a row of one colour."
    )
    return [
        Section(
            "What each sensor contributes",
            text,
            [contribution_bars(told)],
            details=sensor_details(told),
        ),
        Section("How alike the sensors are", alike, [input_correlation(told)]),
        Section("Which filters mix the sensors", mixed, mixing_pictures(told)),
    ]
