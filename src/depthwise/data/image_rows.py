"""Images of one size and format, decoded when they are asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from depthwise.data.duplicates import hash_values
from depthwise.data.image_file import decode
from depthwise.data.row_indices import wanted_rows
from depthwise.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from depthwise.data.dataset import Array


class Encoded(Protocol):
    """Encoded images by their number."""

    def __getitem__(self, row: int, /) -> bytes: ...


@dataclass(frozen=True)
class ImageRows:
    """Files that look like one array.

    Args:
        paths: The files.
        size: Rows and columns.
        mode: "L" or "RGB".
        contents: The encoded images; None if ``paths`` are files.
    """

    paths: tuple[Path, ...]
    size: tuple[int, int]
    mode: str
    contents: Encoded | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """``[n, C, H, W]``."""
        return (len(self.paths), 1 if self.mode == "L" else 3, *self.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of pixels: uint8."""
        return np.dtype(np.uint8)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, indices: Any, /) -> Array:
        rows, single = wanted_rows(indices, len(self))
        out = np.empty((rows.size, *self.shape[1:]), np.uint8)
        for place, row in enumerate(rows.tolist()):
            content = None if self.contents is None else self.contents[row]
            out[place] = decode(
                self.paths[row], size=self.size, mode=self.mode, content=content
            )
        return out[0] if single else out


@dataclass(frozen=True, eq=False)
class Decoded:
    """What decoding every image once gave.

    Args:
        pixels: uint8 ``[n, C, H, W]``, or None if they were not to be kept.
        hashes: A hash of each image; empty where it does not decode.
        reasons: Why an image does not decode, by its number.
    """

    pixels: Array | None
    hashes: tuple[str, ...]
    reasons: dict[int, str]


def decode_once(rows: ImageRows, *, hold: bool) -> Decoded:
    """Decode every image once, on all cores.

    Args:
        rows: The images.
        hold: Whether to keep the pixels.

    Returns:
        Pixels, hashes, and why some do not decode.
    """
    held = np.zeros(rows.shape, np.uint8) if hold else None
    reasons: dict[int, str] = {}

    def one(row: int) -> str:
        try:
            pixels = rows[row]
        except DataError as error:
            reasons[row] = str(error.__cause__)
            return ""
        if held is not None:
            held[row] = pixels
        return hash_values(pixels)

    with ThreadPoolExecutor() as pool:
        hashes = tuple(pool.map(one, range(len(rows))))
    return Decoded(held, hashes, reasons)
