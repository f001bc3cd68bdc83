"""What sensors contribute, how alike they are and which filters mix them: pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from depthwise.diagnosis.sensors import SensorAnalysis, Way
from depthwise.report.figures import PALETTE, heatmap, titled

_WRITTEN = 10
"""Channels up to which a matrix has its numbers in it."""
_ERROR = "#8a96a3"
"""Of intervals: seen on light paper, on dark, and on bars."""


def contribution_bars(told: SensorAnalysis) -> Any:
    """Draw the accuracy lost without each sensor, in every way of taking it away.

    Args:
        told: What was found.

    Returns:
        A Plotly figure.
    """
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
                "color": _ERROR,
            },
        )
    figure.update_xaxes(type="category")
    return titled(figure, "Accuracy lost without a sensor", "without", "points")


def input_correlation(told: SensorAnalysis) -> Any:
    """Draw the correlation between the channels of the data, by their names.

    Args:
        told: What was found.

    Returns:
        A Plotly figure; channels of one sensor lie side by side.
    """
    order = [channel for some in told.sensors.values() for channel in some]
    names = [told.channels[channel] for channel in order]
    rho = np.nan_to_num(told.lagged.correlation[0])[np.ix_(order, order)]
    return heatmap(
        "Correlation between the channels of the data",
        rho.round(2).tolist(),
        rows=names,
        columns=names,
        limits=(-1, 1),
        diverging=True,
        written=len(names) <= _WRITTEN,
        titles=("", "", "ρ"),
    )


def mixing_pictures(told: SensorAnalysis) -> list[Any]:
    """Draw what the filters of the first and the last layer are made of.

    Args:
        told: What was found.

    Returns:
        Plotly figures.
    """
    ends = told.mixing[:1] + told.mixing[1:][-1:]
    return [
        heatmap(
            f"{entry.layer}: what each filter is made of",
            entry.profile.round(3).tolist(),
            rows=[str(row) for row in range(len(entry.profile))],
            columns=entry.sensors,
            limits=(0, 1),
            square=False,
            titles=("", "filter", "share"),
        )
        for entry in ends
    ]
