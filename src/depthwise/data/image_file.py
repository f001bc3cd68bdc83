"""Read one image file as 8-bit grey or RGB, whatever it was stored as."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from depthwise.data.rulebook import found
from depthwise.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from depthwise.data.dataset import Array
    from depthwise.data.rules import Finding

SUFFIXES: Final = {
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff",
    ".webp", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".jp2", ".avif",
}  # fmt: skip
MAX_PIXELS: Final = 89_478_485
WHITE: Final = (255, 255, 255, 255)
GREY_MODES: Final = {"1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N"}
DEEP_MODES: Final = {"I", "I;16", "I;16B", "I;16L", "I;16N"}
ALPHA_MODES: Final = {"LA", "La", "RGBA", "RGBa", "PA"}
OTHER_COLOURS: Final = {"CMYK", "YCbCr", "LAB", "HSV"}
ORIENTATION: Final = 0x0112
# What makes a picture upright, by its EXIF orientation; 1 is upright.
UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
TURNED: Final = {5, 6, 7, 8}


@dataclass(frozen=True)
class ImageHeader:
    """What an image says of itself before it is decoded.

    Args:
        path: The file.
        size: Rows and columns, after the EXIF orientation.
        grey: Whether it has no colour.
        findings: What will be repaired in it.
    """

    path: Path
    size: tuple[int, int]
    grey: bool
    findings: tuple[Finding, ...]


def read_header(path: Path, content: bytes | None = None) -> ImageHeader | Finding:
    """Look at an image without decoding it.

    Args:
        path: The file, or what to call the image.
        content: The encoded image, if it is in no file.

    Returns:
        Its header, or why it cannot be used.
    """
    try:
        if (path.stat().st_size if content is None else len(content)) == 0:
            return found("image-empty", path, "0 bytes")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with _open(path, content) as image:
                return _header(image, path)
    except UnidentifiedImageError:
        return found("image-format", path, "no known image format")
    except Image.DecompressionBombError as error:
        return found("image-huge", path, str(error).split(",", maxsplit=1)[0])
    except OSError as error:
        code = "file-unreadable" if error.errno else "image-truncated"
        return found(code, path, str(error))
    except Exception as error:  # noqa: BLE001 - damaged headers raise anything
        return found("image-format", path, f"a damaged header ({error})")


def _header(image: Image.Image, path: Path) -> ImageHeader | Finding:
    width, height = image.size
    if width * height > MAX_PIXELS:
        return found("image-huge", path, f"{width} by {height}")
    if image.mode == "F":
        return found("image-deep", path, "32-bit floating point")
    if image.mode == "I" and image.format == "TIFF":
        return found("image-deep", path, "32-bit whole numbers")
    turn = _turn(image)
    size = (width, height) if turn in TURNED else (height, width)
    return ImageHeader(
        path, size, image.mode in GREY_MODES, tuple(_repairs(image, path, turn))
    )


def _repairs(image: Image.Image, path: Path, turn: int) -> list[Finding]:
    """What decoding will change in this image, apart from its size."""
    repairs = []
    known = {suffix for suffix, kind in _formats().items() if kind == image.format}
    if path.suffix and path.suffix.lower() not in known:
        repairs.append(found("image-suffix", path, f"{image.format} in {path.suffix}"))
    if image.mode in DEEP_MODES or _loses_bits(image):
        repairs.append(found("image-16bit", path, image.mode))
    if image.mode in ALPHA_MODES or "transparency" in image.info:
        repairs.append(found("image-alpha", path, image.mode))
    if image.mode == "P":
        repairs.append(found("image-palette", path, image.mode))
    if image.mode in OTHER_COLOURS:
        repairs.append(found("image-cmyk", path, image.mode))
    if turn in UPRIGHT:
        repairs.append(found("image-rotated", path, f"orientation {turn}"))
    frames = int(getattr(image, "n_frames", 1))
    if frames > 1 and image.format != "MPO":
        repairs.append(found("image-frames", path, f"{frames} frames"))
    return repairs


def _turn(image: Image.Image) -> int:
    """The EXIF orientation; 1 where it is none of the eight, or EXIF is damaged."""
    try:
        # A PNG's own method decodes all of it in search of a late chunk.
        turn = Image.Image.getexif(image).get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF raises anything
        return 1
    return turn if turn in UPRIGHT else 1


def _loses_bits(image: Image.Image) -> bool:
    """Whether Pillow decodes colour of 16 bits to 8."""
    return any(";16" in str(tile[-1]) for tile in getattr(image, "tile", ()))


@cache
def _formats() -> dict[str, str]:
    """Pillow's table of suffixes, with the one that phones write as JPEG."""
    Image.init()
    return {**Image.registered_extensions(), ".jfif": "JPEG"}


@cache
def _openable() -> tuple[str, ...]:
    """The formats of ``SUFFIXES``: others run programs (EPS) or read other files."""
    known = {kind for suffix, kind in _formats().items() if suffix in SUFFIXES}
    return tuple(sorted({*known, "MPO"} & set(Image.OPEN)))


def _open(path: Path, content: bytes | None) -> Image.Image:
    """Open an image of a format that we read, whatever its suffix."""
    return Image.open(
        path if content is None else BytesIO(content), formats=_openable()
    )


def decode(
    path: Path,
    *,
    size: tuple[int, int],
    mode: str,
    resize: int | None = None,
    content: bytes | None = None,
) -> Array:
    """Decode one image to a given size and pixel format.

    Args:
        path: The file.
        size: Rows and columns.
        mode: "L" or "RGB".
        resize: Length of the shorter side before the crop; None is just enough to
            cover ``size``.
        content: The encoded image, if it is in no file.

    Returns:
        uint8 ``[1 or 3, H, W]``.

    Raises:
        DataError: If the image cannot be decoded to its last row.
    """
    try:
        with _open(path, content) as image:
            image.load()
            turn = UPRIGHT.get(_turn(image))
            upright = image if turn is None else image.transpose(turn)
            flat = _flatten(upright, mode)
    except Exception as error:
        raise DataError(
            f"an image must decode to its last row; got {path}: {error}"
        ) from error
    pixels = np.asarray(_fit(flat, size, resize), np.uint8)
    if pixels.ndim == 2:
        return pixels[None]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _flatten(image: Image.Image, mode: str) -> Image.Image:
    """8 bits a channel, without palette and transparency."""
    if image.mode in DEEP_MODES:
        deep = np.asarray(image).astype(np.int64)
        shallow = np.clip((deep + 128) // 257, 0, 255).astype(np.uint8)
        return Image.fromarray(shallow).convert(mode)
    if image.mode in ALPHA_MODES or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, WHITE)
        return Image.alpha_composite(ground, image).convert(mode)
    return image if image.mode == mode else image.convert(mode)


def _fit(image: Image.Image, size: tuple[int, int], resize: int | None) -> Image.Image:
    """Scale until ``size`` is covered, then cut the centre out."""
    height, width = size
    if image.size == (width, height) and resize is None:
        return image
    scale = max(width / image.width, height / image.height)
    if resize is not None:
        scale = max(scale, resize / min(image.size))
    scaled = (
        max(width, round(image.width * scale)),
        max(height, round(image.height * scale)),
    )
    if scaled != image.size:
        image = image.resize(scaled, Image.Resampling.BICUBIC)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))
