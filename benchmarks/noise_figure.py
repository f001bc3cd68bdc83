"""The figure of the noise experiment, as SVG: accuracy, and how much noise is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
CONVS = {"dense": "#b5542b", "separable": "#1f6f8b"}
NOISE = (0, 3, 6)
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 300, 190, 60, 34, 90


def runs_of(cells: Mapping[str, Figures], conv: str, noise: int) -> list[Figures]:
    """Every seed's network of one sort."""
    return [c for c in cells.values() if (c["conv"], c["noise"]) == (conv, noise)]


def mean(values: Iterable[float]) -> float:
    """Average one value or more."""
    found = list(values)
    return sum(found) / len(found)


def figure(cells: Mapping[str, Figures]) -> str:
    """Draw both panels.

    Args:
        cells: Of ``results/noise_sensors.json``.

    Returns:
        An SVG document: at the left the accuracy of every network and the means, at
        the right the mean share of noise in what the last layer's filters do.
    """
    accuracy = _panel(
        cells, 0, "accuracy on people never seen, %", (70, 95), _accuracy, dots=True
    )
    share = _panel(
        cells, 1, "share of noise in the last layer's filters, %", (0, 5), _share
    )
    width, height = 2 * (_WIDTH + _GAP) + 20, _TOP + _HEIGHT + 64
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>\n'
    )
    names = "".join(
        _text(_LEFT + 110 * place, height - 8, name, colour, anchor="start")
        for place, (name, colour) in enumerate(CONVS.items())
    )
    return f"{head}{accuracy}{share}{names}</svg>\n"


def _accuracy(run: Figures) -> float:
    return 100 * float(run["windows"])


def _share(run: Figures) -> float:
    return 100 * float(run["layers"][-1]["noise_share"])


def _panel(
    cells: Mapping[str, Figures],
    place: int,
    title: str,
    span: tuple[float, float],
    value: Any,
    *,
    dots: bool = False,
) -> str:
    left = _LEFT + place * (_WIDTH + _GAP)
    low, high = span

    def at(number: float, noise: int) -> tuple[float, float]:
        across = left + _WIDTH * (0.1 + 0.8 * noise / NOISE[-1])
        return across, _TOP + _HEIGHT * (high - number) / (high - low)

    parts = [_text(left, _TOP - 14, title, "black", anchor="start")]
    parts += _axes(left, span, at)
    for number, (conv, colour) in enumerate(CONVS.items()):
        shift = 5 * (2 * number - 1)
        means = []
        for noise in NOISE:
            found = [value(run) for run in runs_of(cells, conv, noise)]
            means.append(at(mean(found), noise))
            spots = [at(one, noise) for one in found] if dots else []
            parts += [_dot(x + shift, y, colour) for x, y in spots]
        parts.append(_line(means, colour))
    return "".join(parts)


def _axes(left: float, span: tuple[float, float], at: Any) -> list[str]:
    low, high = span
    parts = []
    for step in range(6):
        number = low + (high - low) * step / 5
        _, y = at(number, 0)
        parts.append(
            f'<line x1="{left}" x2="{left + _WIDTH}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke="#ddd"/>\n'
        )
        parts.append(_text(left - 8, y + 4, f"{number:g}", "black", anchor="end"))
    for noise in NOISE:
        x, _ = at(low, noise)
        parts.append(_text(x, _TOP + _HEIGHT + 18, str(noise), "black"))
    middle = left + _WIDTH / 2
    parts.append(_text(middle, _TOP + _HEIGHT + 36, "channels of noise", "black"))
    return parts


def _dot(x: float, y: float, colour: str) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}" '
        'fill-opacity="0.45"/>\n'
    )


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline points="{told}" fill="none" stroke="{colour}" stroke-width="2"/>\n'
    )


def _text(x: float, y: float, words: str, colour: str, anchor: str = "middle") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" '
        f'text-anchor="{anchor}">{words}</text>\n'
    )
