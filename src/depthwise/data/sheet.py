"""A picture sheet: a row a class, with some of its samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from depthwise.files import write_with

if TYPE_CHECKING:
    from pathlib import Path

    from depthwise.data.dataset import Array, Dataset, Indices

CELL: Final = 96
GAP: Final = 6
TITLE: Final = 120
LEGEND: Final = 20
MAX_CLASSES: Final = 40
# Distinct also for readers who cannot tell red from green.
COLOURS: Final = (
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
)  # fmt: skip


def draw_sheet(dataset: Dataset, *, columns: int = 8) -> Image.Image:
    """Draw samples of every class, evenly spaced through the dataset.

    Args:
        dataset: The samples; only those that are drawn are read.
        columns: Samples a class.

    Returns:
        An RGB picture; a class beyond the fortieth is not drawn. Below series stand
        the names of the channels in their colours, as many as there is room for.

    Example:
        >>> from depthwise.data.dataset import Dataset
        >>> data = Dataset(np.zeros((4, 1, 8)), np.array([0, 1, 0, 1]), ("a", "b"),
        ...     ("x",), name="toy")
        >>> draw_sheet(data, columns=2).size
        (330, 230)
    """
    shown = dataset.classes[:MAX_CLASSES]
    width = TITLE + columns * (CELL + GAP) + GAP
    height = len(shown) * (CELL + GAP) + GAP
    series = dataset.kind == "sensor"
    sheet = Image.new("RGB", (width, height + LEGEND * series), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=13)
    if series:
        _legend(pen, dataset.channels, height - GAP // 2)
    for row, name in enumerate(shown):
        top = GAP + row * (CELL + GAP)
        chosen = _spread(np.flatnonzero(dataset.labels == row), columns)
        count = int(np.sum(dataset.labels == row))
        pen.text((GAP, top + GAP), f"{name[:16]}\n{count}", fill="black", font=font)
        for column, sample in enumerate(np.asarray(dataset.inputs[chosen])):
            tile = _picture(sample) if sample.ndim == 3 else _curves(sample)
            sheet.paste(tile, (TITLE + column * (CELL + GAP), top))
    return sheet


def write_sheet(dataset: Dataset, path: Path, *, columns: int = 8) -> Path:
    """Write the sheet as a PNG file, whole or not at all.

    Args:
        dataset: The samples.
        path: The file.
        columns: Samples a class.

    Returns:
        The path.

    Example:
        >>> from pathlib import Path
        >>> from depthwise.data.dataset import Dataset
        >>> data = Dataset(np.zeros((2, 1, 8)), np.array([0, 1]), ("a", "b"), ("x",),
        ...     name="toy")
        >>> write_sheet(data, Path("sheet.png")).stat().st_size > 100
        True
    """
    sheet = draw_sheet(dataset, columns=columns)
    return write_with(path, lambda place: sheet.save(place, format="PNG"))


def _legend(pen: ImageDraw.ImageDraw, channels: tuple[str, ...], top: int) -> None:
    """Names of channels in the colours of their lines."""
    font = ImageFont.load_default(size=13)
    left = float(TITLE)
    for number, name in enumerate(channels):
        colour = COLOURS[number % len(COLOURS)]
        pen.text((left, top), name[:16], fill=colour, font=font)
        left += pen.textlength(name[:16], font=font) + 2 * GAP


def _spread(rows: Indices, count: int) -> Indices:
    """At most so many of the rows, evenly spaced."""
    if len(rows) <= count:
        return rows
    return rows[np.linspace(0, len(rows) - 1, count).astype(np.int64)]


def _scaled(values: Array) -> Array:
    """Values between 0 and 1."""
    finite = np.nan_to_num(np.asarray(values, np.float64))
    low, high = finite.min(), finite.max()
    return (finite - low) / (high - low) if high > low else finite * 0 + 0.5


def _picture(sample: Array) -> Image.Image:
    """One image, fitted into a cell; other than 1 or 3 channels as their mean."""
    if sample.shape[0] not in {1, 3}:
        sample = sample.mean(axis=0, keepdims=True)
    scaled = sample if sample.dtype == np.uint8 else _scaled(sample) * 255
    pixels = np.asarray(scaled, np.uint8).transpose(1, 2, 0)
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    scale = CELL / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.convert("RGB").resize(size, Image.Resampling.NEAREST)


def _curves(sample: Array) -> Image.Image:
    """One series, a line a channel, on one scale."""
    tile = Image.new("RGB", (CELL, CELL), "#f4f4f4")
    pen = ImageDraw.Draw(tile)
    across = np.linspace(0, CELL - 1, sample.shape[1])
    down = (1 - _scaled(sample)) * (CELL - 5) + 2
    for number, line in enumerate(down):
        colour = COLOURS[number % len(COLOURS)]
        pen.line(list(zip(across.tolist(), line.tolist(), strict=True)), fill=colour)
    return tile
