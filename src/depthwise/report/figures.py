"""Plotly figures that several pages show; colours that everyone can tell apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours: distinct under every common colour blindness."""

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_MARGIN = {"l": 70, "r": 20, "t": 80, "b": 60}
BAR = {"thickness": 14, "outlinewidth": 0}
"""How the scale beside a matrix looks."""

_SMALL = 12
"""Rows up to which a square matrix needs little room."""
_SQUARE = 3
"""Rows a column, or columns a row, up to which the cells of a matrix are square."""


def lines(
    title: str,
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    x_title: str,
    y_title: str,
) -> Any:
    """Draw one line a series, told apart by colour and by dash.

    Args:
        title: The figure's title.
        series: x and y by name.
        x_title: What x is, with its unit.
        y_title: What y is, with its unit.

    Returns:
        A Plotly figure.

    Example:
        >>> figure = lines("t", {"a": ([1, 2], [3, 4])}, x_title="x", y_title="y")
        >>> len(figure.data)
        1
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for index, (name, (x, y)) in enumerate(series.items()):
        line = {"color": PALETTE[index % 6], "dash": _DASHES[index % 6], "width": 2.5}
        figure.add_scatter(x=list(x), y=list(y), name=name, mode="lines", line=line)
    return titled(figure, title, x_title, y_title)


def bars(
    title: str,
    names: Sequence[str],
    series: Mapping[str, Sequence[float]],
    *,
    y_title: str,
    logarithmic: bool = False,
    stacked: bool = False,
) -> Any:
    """Draw a group of bars a name.

    Args:
        title: The figure's title.
        names: What the groups are.
        series: Heights by name of the series.
        y_title: What the height is, with its unit.
        logarithmic: Whether the height axis is.
        stacked: Whether the bars of a group stand on each other.

    Returns:
        A Plotly figure.

    Example:
        >>> len(bars("t", ["a"], {"s": [1]}, y_title="y").data)
        1
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for index, (name, heights) in enumerate(series.items()):
        shape = ["", "/", "x", ".", "\\", "-"][index % 6]
        marker = {"color": PALETTE[index % 6], "pattern": {"shape": shape}}
        figure.add_bar(x=list(names), y=list(heights), name=name, marker=marker)
    figure.update_layout(barmode="stack" if stacked else "group")
    if logarithmic:
        found = [value for heights in series.values() for value in heights if value > 0]
        figure.update_yaxes(type="log", tickvals=ticks(found), tickformat=",~g")
    return titled(figure, title, "", y_title)


def heatmap(
    title: str,
    values: Sequence[Sequence[float]],
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    limits: tuple[float, float],
    diverging: bool = False,
    written: bool = False,
    square: bool = True,
    titles: tuple[str, str, str] = ("", "", ""),
) -> Any:
    """Draw a matrix as coloured cells, first row on top.

    Args:
        title: The figure's title.
        values: One row a list; NaN leaves a gap.
        rows: Names of the rows.
        columns: Names of the columns.
        limits: Values of the ends of the colour scale.
        diverging: Whether zero is the middle of the scale.
        written: Whether each cell shows its value.
        square: Whether cells are square, in a matrix that is not too long.
        titles: What columns, rows and colours are, with their units.

    Returns:
        A Plotly figure.

    Example:
        >>> cells = heatmap("t", [[1.0]], rows=["a"], columns=["b"], limits=(0, 1))
        >>> cells.data[0].zmax
        1
    """
    import plotly.graph_objects as go

    finite = [[None if math.isnan(v) else v for v in row] for row in values]
    figure = go.Figure(
        go.Heatmap(
            z=finite,
            x=list(columns),
            y=list(rows),
            zmin=limits[0],
            zmax=limits[1],
            colorscale="RdBu" if diverging else "Cividis",
            texttemplate="%{z}" if written else None,
            hovertemplate="%{y} / %{x}: %{z}<extra></extra>",
            colorbar={**BAR, "title": {"text": titles[2], "side": "right"}},
        ),
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(type="category")
    most, least = max(len(rows), len(columns)), min(len(rows), len(columns))
    if square and most <= _SQUARE * least:
        figure.update_yaxes(scaleanchor="x", constrain="domain")
        figure.update_xaxes(constrain="domain")
        figure.update_layout(height=540 if len(rows) > _SMALL else 400)
    return titled(figure, title, *titles[:2])


def heatmaps(
    title: str,
    pictures: Mapping[str, Sequence[Sequence[float]]],
    *,
    rows: Sequence[str] | None = None,
) -> Any:
    """Draw small matrices side by side, each with its own scale.

    Args:
        title: The figure's title.
        pictures: Values by name, rows from the top; NaN leaves a gap.
        rows: Names of the rows; None for square cells without names.

    Returns:
        A Plotly figure; a matrix with values below zero has zero in the middle.

    Example:
        >>> len(heatmaps("t", {"a": [[1.0]], "b": [[-1.0]]}).data)
        2
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(cols=len(pictures), subplot_titles=tuple(pictures))
    for column, values in enumerate(pictures.values(), start=1):
        finite = [[None if math.isnan(v) else float(v) for v in row] for row in values]
        known = [v for row in finite for v in row if v is not None]
        most = max(map(abs, known), default=0.0) or 1.0
        signed = min(known, default=0.0) < 0
        cells = go.Heatmap(
            z=finite,
            y=list(rows) if rows else None,
            zmin=-most if signed else 0.0,
            zmax=most,
            colorscale="RdBu" if signed else "Cividis",
            showscale=False,
        )
        figure.add_trace(cells, row=1, col=column)
        place = {"row": 1, "col": column}
        figure.update_yaxes(autorange="reversed", showticklabels=bool(rows), **place)
        if not rows:
            figure.update_xaxes(showticklabels=False, constrain="domain", **place)
            anchor = "x" if column == 1 else f"x{column}"
            figure.update_yaxes(scaleanchor=anchor, constrain="domain", **place)
    return titled(figure, title, "", "")


def ticks(values: Sequence[float]) -> list[float]:
    """Choose what a logarithmic axis is labelled with: 1, 2, 5, 10, 20, 50 and so on.

    Args:
        values: What the axis shows, above 0.

    Returns:
        Labels around all of them.

    Example:
        >>> ticks([3.0, 40.0])
        [1.0, 2.0, 5.0, 10.0, 20.0, 50.0]
    """
    if not values:
        return [1.0]
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    found = [step * 10.0**power for power in range(low, high + 1) for step in (1, 2, 5)]
    above = next((n for n in found if n >= max(values)), found[-1])
    return [value for value in found if value <= above]


def titled(figure: Any, title: str, x_title: str, y_title: str) -> Any:
    """Give a figure its titles and the look of all figures.

    Args:
        figure: A Plotly figure.
        title: The figure's title.
        x_title: What x is, with its unit.
        y_title: What y is, with its unit.

    Returns:
        The same figure.

    Example:
        >>> import plotly.graph_objects as go
        >>> titled(go.Figure(), "t", "x", "y").layout.title.text
        't'
    """
    figure.update_yaxes(automargin=True)
    figure.update_layout(
        template="none",
        title={"text": title, "x": 0.01, "y": 0.97, "yanchor": "top"},
        xaxis_title=x_title,
        yaxis_title=y_title,
        margin=_MARGIN,
        legend={
            "orientation": "h",
            "x": 1,
            "xanchor": "right",
            "y": 1.02,
            "yanchor": "bottom",
        },
    )
    return figure
