"""Channels of layers as pictures: states, firing rates, correlation, kernels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.diagnosis import Fault, LayerDiagnosis
from depthwise.graph import Graph
from depthwise.report.figures import PALETTE, heatmap, lines, titled

Array: TypeAlias = NDArray[Any]

MOST_CHANNELS = 96
"""Channels of a correlation picture; beyond, those that are most alike."""
_MOST_KERNELS = 64
_LIVE = "#9fb3c8"
_BINS = 20
# What is seen of a channel with several faults: the first of these.
_ORDER = (
    Fault.DEAD,
    Fault.CONSTANT,
    Fault.IGNORED,
    Fault.ZERO_KERNEL,
    Fault.SATURATED,
    Fault.DUPLICATE,
    Fault.EXPLODING,
    Fault.RARE,
    Fault.DELTA_KERNEL,
)
_INKS = (*PALETTE, "#F0E442", "#000000", "#7a5195")


def strips(layers: Sequence[LayerDiagnosis]) -> Any:
    """Draw every channel of every layer as one cell in the colour of its fault.

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

    width = max((layer.channels for layer in layers), default=1)
    states = [_states(layer, width) for layer in layers]
    inks = [_LIVE, *_INKS]
    count = len(inks)
    scale = [
        (edge / count, ink)
        for index, ink in enumerate(inks)
        for edge in (index, index + 1)
    ]
    words = ["carries something", *(str(fault) for fault in _ORDER)]
    shown = [[words[s] if s is not None else None for s in row] for row in states]
    figure = go.Figure(
        go.Heatmap(
            z=states,
            y=[layer.name for layer in layers],
            text=shown,
            zmin=-0.5,
            zmax=count - 0.5,
            colorscale=scale,
            colorbar={"tickvals": list(range(count)), "ticktext": words},
            hovertemplate="%{y}, channel %{x}: %{text}<extra></extra>",
            ygap=2,
        )
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_layout(height=max(380, 120 + 22 * len(layers)))
    return titled(figure, "Channels of every layer", "channel", "")


def _states(layer: LayerDiagnosis, width: int) -> list[int | None]:
    row: list[int | None] = [0] * layer.channels + [None] * (width - layer.channels)
    for index, fault in reversed(list(enumerate(_ORDER, start=1))):
        for finding in layer.findings:
            if finding.fault is fault:
                for channel in finding.channels:
                    row[channel] = index
    return row


def firing_rates(layers: Sequence[LayerDiagnosis]) -> Any:
    """Draw how many channels of each layer fire how often.

    Args:
        layers: With statistics.

    Returns:
        A Plotly figure, one line a layer.

    Example:
        >>> len(firing_rates([]).data)
        0
    """
    edges = np.linspace(0, 1, _BINS + 1)
    series = {}
    for layer in layers:
        if layer.statistics is not None:
            counts, _ = np.histogram(layer.statistics.firing_rate, edges)
            middles = 50 * (edges[1:] + edges[:-1])
            share = 100 * counts / layer.channels
            series[layer.name] = (middles.tolist(), share.tolist())
    figure = lines(
        "How often channels are above zero",
        series,
        x_title="percent of positions",
        y_title="percent of the layer's channels",
    )
    figure.update_traces(line_shape="hvh")
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
    return heatmap(
        f"{layer.name}: correlation between channels, the alike side by side",
        np.round(rho[np.ix_(chosen, chosen)], 3).tolist(),
        rows=names,
        columns=names,
        limits=(-1, 1),
        diverging=True,
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
    mosaic = _mosaic(pictures)
    figure = heatmap(
        f"{name}: kernels" + (", the first" if len(weight) > _MOST_KERNELS else ""),
        mosaic.tolist(),
        rows=[str(i) for i in range(mosaic.shape[0])],
        columns=[str(i) for i in range(mosaic.shape[1])],
        limits=(-most, most),
        diverging=True,
    )
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, scaleanchor="x", constrain="domain")
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


def _mosaic(pictures: Array) -> Array:
    """Lay pictures out in rows, with gaps between them."""
    count, height, width = pictures.shape
    columns = max(1, math.ceil(math.sqrt(count * (height + 1) / (width + 1) * 2)))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for index, picture in enumerate(pictures):
        top = index // columns * (height + 1)
        left = index % columns * (width + 1)
        sheet[top : top + height, left : left + width] = picture
    return sheet
