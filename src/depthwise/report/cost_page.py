"""What one network costs, or several side by side, as parts of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from depthwise.costing import CostReport, Kind, LayerCost
from depthwise.costing.roofline import Roofline, compared, reasons, times_by_kind
from depthwise.report.cost import ALTERNATIVES, TOTALS, alternatives_rows
from depthwise.report.figures import bars, lines
from depthwise.report.page import Section, Table
from depthwise.report.roofs import roofs
from depthwise.report.terminal import thousands


@dataclass(frozen=True)
class Costed:
    """One network of the page.

    Args:
        name: What it is called; names of a page differ.
        report: Its counts.
        roofline: It under the roofs of a machine, or None.

    Example:
        >>> Costed("nothing", CostReport("nothing", 1, ())).roofline is None
        True
    """

    name: str
    report: CostReport
    roofline: Roofline | None = None


def cost_sections(networks: Sequence[Costed]) -> list[Section]:
    """Lay networks out, one beside the other.

    Args:
        networks: One or more.

    Returns:
        Totals, kinds, layers, cumulative cost, memory and, where a machine is known,
        its roofs and what limits the networks under them.

    Example:
        >>> nothing = Costed("nothing", CostReport("nothing", 1, ()))
        >>> [section.title for section in cost_sections([nothing])][:2]
        ['Totals', 'By kind of layer']
    """
    sections = [_totals(networks)]
    sections += [_unknown(each) for each in networks if each.report.unknown]
    sections += [_kinds(networks), *map(_layers, networks)]
    sections += [_depth(networks), _memory(networks)]
    sections += [_apart(each) for each in networks if each.report.taken_apart]
    held = {n.name: n.roofline for n in networks if n.roofline is not None}
    if held:
        sections += [roofs(held), _why(held)]
    return sections


def _totals(networks: Sequence[Costed]) -> Section:
    first = networks[0].report
    rows = [
        (title, *(thousands(getattr(each.report, name)) for each in networks))
        for title, name in TOTALS.items()
    ]
    for title, name in _TIMES:
        times = [getattr(each.roofline, name, None) for each in networks]
        if any(times):
            rows.append((title, *("" if t is None else f"{t:,.0f} µs" for t in times)))
    head = ("", *(each.name for each in networks))
    text = f"Batch {first.batch}. A multiply-accumulate is two operations."
    return Section("Totals", text, (), Table(head, rows))


_TIMES = (("least time on this machine", "bound_us"), ("predicted", "predicted_us"))


def _unknown(network: Costed) -> Section:
    rows = [
        (layer.name, layer.op, _sizes(layer.output_shape[1:]))
        for layer in network.report.unknown
    ]
    text = (
        "Operators that the table lacks. What they do is in no total, and memory is at "
        "most what is said."
    )
    table = Table(("node", "operator", "output"), rows)
    return Section(f"Not counted in {network.name}", text, (), table)


def _kinds(networks: Sequence[Costed]) -> Section:
    known = [k for k in Kind if any(each.report.by_kind[k][0] for each in networks)]
    series = {
        str(kind): [each.report.by_kind[kind][0] for each in networks] for kind in known
    }
    figure = bars(
        "Multiply-accumulates by kind",
        [each.name for each in networks],
        series,
        y_title="multiply-accumulates",
        stacked=True,
    )
    text = (
        "Where the arithmetic is. Depthwise halves are cheap, pointwise ones are not."
    )
    return Section("By kind of layer", text, [figure])


def _layers(network: Costed) -> Section:
    working = [layer for layer in network.report.layers if layer.macs]
    names = [_label(index, layer) for index, layer in enumerate(working)]
    known = dict.fromkeys(layer.kind for layer in working)
    series = {
        str(kind): [layer.macs if layer.kind is kind else 0 for layer in working]
        for kind in known
    }
    figure = bars(
        f"{network.name}: multiply-accumulates of every layer",
        names,
        series,
        y_title="multiply-accumulates",
        stacked=True,
    )
    figure.update_xaxes(showticklabels=False, title="layers, from the input on")
    text = f"{len(working)} layers multiply. Point at a bar for the layer's name."
    details = {f"{network.name}: layers in numbers": _table(network.report)}
    return Section(f"Layers of {network.name}", text, [figure], details=details)


def _table(report: CostReport) -> Table:
    head = ("layer", "kind", "MACs", "share", "parameters", "output", "sees")
    rows = [
        (
            layer.scope or layer.name,
            str(layer.kind) if layer.macs else layer.op,
            f"{layer.macs:,}" if layer.known else "not counted",
            f"{100 * layer.macs / (report.macs or 1):.1f} %",
            f"{layer.params:,}",
            _sizes(layer.output_shape[1:]),
            _sizes(layer.receptive_field),
            f"{layer.moved_bytes:,}",
            f"{layer.intensity:.2f}",
        )
        for layer in report.layers
    ]
    return Table((*head, "bytes moved", "operations a byte"), rows)


def _sizes(sizes: Sequence[int]) -> str:
    return "×".join(map(str, sizes))


def _label(index: int, layer: LayerCost) -> str:
    return f"{index + 1} {layer.scope or layer.name}"


def _depth(networks: Sequence[Costed]) -> Section:
    series = {}
    for each in networks:
        sums = list(accumulate(layer.macs for layer in each.report.layers))
        series[each.name] = (_shares(len(sums)), [float(value) for value in sums])
    figure = lines(
        "Multiply-accumulates from the input on",
        series,
        x_title="share of the nodes that have run",
        y_title="multiply-accumulates",
    )
    figure.update_xaxes(tickformat=".0%")
    text = "A steep part is where a network spends its work."
    return Section("Cumulative cost", text, [figure])


def _apart(network: Costed) -> Section:
    text = (
        "What each ordinary layer with more than one tap would cost as depthwise "
        "separable convolution, the other way around (blueprint), and as a sum of T "
        "separable ones: T·(1/N + 1/Dk²) of what it costs now."
    )
    rows = alternatives_rows(network.report)
    title = f"What if: dense layers of {network.name} taken apart"
    return Section(title, text, (), Table(ALTERNATIVES, rows))


def _memory(networks: Sequence[Costed]) -> Section:
    series = {
        each.name: (
            _shares(len(each.report.layers)),
            [layer.live_bytes / 1024 for layer in each.report.layers],
        )
        for each in networks
    }
    figure = lines(
        "Activations alive while each node runs",
        series,
        x_title="share of the nodes that have run",
        y_title="KiB",
    )
    figure.update_traces(line_shape="hv")
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(tickformat=",d")
    text = "The highest point is the memory that activations need at least."
    return Section("Memory over time", text, [figure])


def _shares(count: int) -> list[float]:
    return [round((index + 1) / count, 4) for index in range(count)]


def _why(held: Mapping[str, Roofline]) -> Section:
    sentences = []
    for name, found in held.items():
        for engine in found.engines or ("",):
            place = f"{name}, {engine}" if engine else name
            sentences += [(place, line) for line in reasons(found, engine)]
    first, *others = held
    sentences += [(f"{first} / {o}", compared(held[first], held[o])) for o in others]
    figures = [_shares_of_time(name, found) for name, found in held.items()]
    text = (
        "Where the arithmetic is, beside where the time goes. A kind that takes more "
        "of the time than of the arithmetic is held up by what the sentence names."
    )
    table = Table(("", "what holds it up"), sentences) if sentences else None
    return Section("Fewer MACs, why not faster?", text, figures, table)


def _shares_of_time(name: str, found: Roofline) -> Any:
    engine = next(iter(found.engines), "")
    kinds = times_by_kind(found, engine)
    word = f"time in {engine}" if engine else "predicted time"
    series = {
        "multiply-accumulates": _percents([kind.macs for kind in kinds]),
        "bytes moved": _percents([kind.moved_bytes for kind in kinds]),
        word: _percents([kind.time_us for kind in kinds]),
    }
    names = [kind.kind for kind in kinds]
    return bars(f"{name}: shares of kinds", names, series, y_title="percent")


def _percents(values: Sequence[float]) -> list[float]:
    whole = sum(values) or 1.0
    return [100 * value / whole for value in values]
