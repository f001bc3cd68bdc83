"""Channels of layers as pictures: states, firing rates, correlation, kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis import Fault, LayerDiagnosis
from depthwise.graph import Graph
from depthwise.report.figures import heatmap, titled

Array: TypeAlias = NDArray[Any]

MOST_CHANNELS = 96
"""Channels of a correlation picture; beyond, those that are most alike."""
_MOST_KERNELS = 64
_LIVE = "#c3cedb"
_BINS = 20
# What is seen of a channel with several faults: the first of these.
_INKS = {
    Fault.DEAD: "#D55E00",
    Fault.CONSTANT: "#E69F00",
    Fault.IGNORED: "#0072B2",
    Fault.ZERO_KERNEL: "#CC79A7",
    Fault.SATURATED: "#F0E442",
    Fault.DUPLICATE: "#56B4E9",
    Fault.EXPLODING: "#8b1a8b",
    Fault.RARE: "#5a6675",
    Fault.DELTA_KERNEL: "#009E73",
}
_ORDER = tuple(_INKS)


def strips(layers: Sequence[LayerDiagnosis]) -> Any:
    """Draw every channel of every layer as one cell in the colour of its fault.

    Channels with a fault come first, however few they are; their numbers are told
    where the pointer is, and their count stands beside the layer's name.

    Args:
        layers: One row each, the first on top.

    Returns:
        A Plotly figure.

    Example:
        >>> figure = strips([LayerDiagnosis("conv", "", 3, ())])
        >>> [list(row) for row in figure.data[0].z]
        [[0, 0, 0]]
    """
    import plotly.graph_objects as go

    states = [_states(layer) for layer in layers]
    inks = [_LIVE, *_INKS.values()]
    cells = go.Heatmap(
        **_cells(states),
        y=[_counted(*pair) for pair in zip(layers, states, strict=True)],
        zmin=-0.5,
        zmax=len(inks) - 0.5,
        colorscale=_steps(inks),
        showscale=False,
        hovertemplate="%{y}<br>channel %{text}<extra></extra>",
        ygap=2,
    )
    figure = go.Figure(cells)
    for state in sorted({state for row in states for state in row}):
        marker = {"symbol": "square", "size": 11, "color": inks[state]}
        figure.add_scatter(
            x=[None], y=[None], mode="markers", marker=marker, name=_WORDS[state]
        )
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    figure.update_xaxes(zeroline=False)
    figure.update_layout(height=max(240, 150 + 22 * len(layers)), showlegend=True)
    return titled(figure, "Channels of every layer", "channels", "")


_WORDS = ("carries something", *(str(fault) for fault in _ORDER))


def _cells(states: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Sort every row, those with a fault first, and fill it up to the longest."""
    width = max(map(len, states), default=1)
    numbers, texts = [], []
    for row in states:
        order = sorted(range(len(row)), key=lambda c: (row[c] == 0, row[c], c))
        gap = [None] * (width - len(row))
        numbers.append([*(row[c] for c in order), *gap])
        texts.append([*(f"{c}: {_WORDS[row[c]]}" for c in order), *gap])
    return {"z": numbers, "text": texts}


def _steps(inks: Sequence[str]) -> list[tuple[float, str]]:
    """A colour scale of steps, one colour a whole number."""
    count = len(inks)
    return [
        (edge / count, ink)
        for index, ink in enumerate(inks)
        for edge in (index, index + 1)
    ]


def _counted(layer: LayerDiagnosis, states: Sequence[int]) -> str:
    faulty = sum(state > 0 for state in states)
    return f"{layer.name}: {faulty} of {layer.channels}" if faulty else layer.name


def _states(layer: LayerDiagnosis) -> list[int]:
    row = [0] * layer.channels
    for index, fault in reversed(list(enumerate(_ORDER, start=1))):
        for finding in layer.findings:
            if finding.fault is fault:
                for channel in finding.channels:
                    row[channel] = index
    return row


def firing_rates(layers: Sequence[LayerDiagnosis]) -> Any:
    """Draw a histogram a layer: how many of its channels fire how often.

    Args:
        layers: With statistics, the first on top.

    Returns:
        A Plotly figure, one row a layer and one column a range of rates.

    Example:
        >>> len(firing_rates([]).data[0].y)
        0
    """
    edges = np.linspace(0, 1, _BINS + 1)
    seen = [(x, x.statistics) for x in layers if x.statistics is not None]
    counts = [np.histogram(s.firing_rate, edges)[0] / x.channels for x, s in seen]
    figure = heatmap(
        "How often channels are above zero",
        [(100 * row).round(1).tolist() for row in counts],
        rows=[layer.name for layer, _ in seen],
        columns=[f"{100 * a:.0f}–{100 * b:.0f}" for a, b in pairwise(edges)],
        limits=(0, max((100 * float(row.max()) for row in counts), default=100)),
        square=False,
        titles=("percent of positions", "", "% of the layer's channels"),
    )
    figure.update_layout(height=max(240, 150 + 22 * len(seen)))
    return figure


def correlation(layer: LayerDiagnosis) -> Any:
    """Draw a layer's correlation, channels that are alike beside one another.

    Args:
        layer: With statistics.

    Returns:
        A Plotly figure; None without statistics.

    Example:
        >>> correlation(LayerDiagnosis("conv", "", 3, ())) is None
        True
    """
    if layer.statistics is None:
        return None
    rho = np.nan_to_num(layer.statistics.correlation)
    chosen = alike(rho)[:MOST_CHANNELS]
    names = [str(channel) for channel in chosen]
    some = f"{len(names)} of {layer.channels:,} channels"
    which = some if len(names) < layer.channels else f"{layer.channels} channels"
    return heatmap(
        f"{layer.name}: correlation of {which}, the alike side by side",
        np.round(rho[np.ix_(chosen, chosen)], 3).tolist(),
        rows=names,
        columns=names,
        limits=(-1, 1),
        diverging=True,
        titles=("channel", "channel", "ρ"),
    )


def alike(rho: Array) -> list[int]:
    """Order channels so that each follows the one it is most alike.

    Args:
        rho: Correlation, ``[C, C]``.

    Returns:
        Every channel once, from the one that is most like all others.

    Example:
        >>> alike(np.array([[1, 0, 0.9], [0, 1, 0.1], [0.9, 0.1, 1]]))
        [2, 0, 1]
    """
    near = np.abs(rho).astype(float)
    np.fill_diagonal(near, 0)
    if not len(near):
        return []
    order = [int(near.sum(axis=1).argmax())]
    left = np.ones(len(near), bool)
    left[order[0]] = False
    while left.any():
        order.append(int(np.where(left, near[order[-1]], -1).argmax()))
        left[order[-1]] = False
    return order


def kernels(graph: Graph, name: str) -> Any:
    """Draw the kernels of a convolution, one small picture each.

    Args:
        graph: The network.
        name: Of a node.

    Returns:
        A Plotly figure; None for what is no convolution with constant weights.

    Example:
        >>> kernels(Graph("g", (), (), ()), "conv") is None
        True
    """
    nodes = (node for node in graph.nodes if (node.name or node.outputs[0]) == name)
    node = next(nodes, None)
    weight = None if node is None else graph.constants.get(_weight_of(node.inputs))
    if weight is None or weight.ndim < 3 or max(weight.shape[2:]) < 2:
        return None
    pictures = _pictures(np.asarray(weight, float))[:_MOST_KERNELS]
    most = float(np.abs(pictures).max()) or 1.0
    mosaic, owners, firsts = _mosaic(pictures)
    figure = heatmap(
        f"{name}: kernels" + (", the first" if len(weight) > _MOST_KERNELS else ""),
        mosaic.round(4).tolist(),
        rows=[str(i) for i in range(mosaic.shape[0])],
        columns=[str(i) for i in range(mosaic.shape[1])],
        limits=(-most, most),
        diverging=True,
        titles=("", "channel", "weight"),
    )
    figure.update_traces(
        text=owners, hovertemplate="channel %{text}: %{z}<extra></extra>"
    )
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(
        tickvals=list(firsts), ticktext=list(firsts.values()), showgrid=False
    )
    if pictures.shape[1] > 1:
        figure.update_yaxes(scaleanchor="x", constrain="domain")
    else:
        figure.update_yaxes(scaleanchor=None)
        figure.update_layout(height=150 + 20 * mosaic.shape[0] // 2)
    return figure


def _weight_of(inputs: Sequence[str]) -> str:
    return inputs[1] if len(inputs) > 1 else ""


def _pictures(weight: Array) -> Array:
    """One matrix a filter: its taps, or channels by taps where they are in a row."""
    if weight.ndim == 3:
        return weight
    while weight.ndim > 4:
        weight = weight[:, :, weight.shape[2] // 2]
    return np.asarray(weight.mean(axis=1))


def _mosaic(pictures: Array) -> tuple[Array, list[list[int]], dict[int, str]]:
    """Lay pictures out in rows, with gaps between them.

    Returns:
        The sheet, which picture each cell is of, and the first picture of each row by
        the middle of the row.
    """
    count, height, width = pictures.shape
    columns = max(1, math.ceil(math.sqrt(count * (height + 1) / (width + 1) * 2)))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    owners = np.zeros(sheet.shape, int)
    for index, picture in enumerate(pictures):
        top = index // columns * (height + 1)
        left = index % columns * (width + 1)
        sheet[top : top + height, left : left + width] = picture
        owners[top : top + height, left : left + width] = index
    middles = range((height - 1) // 2, len(sheet), height + 1)
    firsts = {m: f"{row * columns} →" for row, m in enumerate(middles)}
    return sheet, owners.tolist(), firsts
