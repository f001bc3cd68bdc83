"""Folders of images, each with one thing spoilt."""

import os
import struct
import unicodedata
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from tests.unit.data.cases import Case

SHAPE = (12, 10, 3)
GOOD = 8


def picture(seed: int, shape: tuple[int, ...] = SHAPE) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return Image.fromarray(pixels)


def good(root: Path) -> Path:
    """Two classes of four pictures."""
    for label, start in (("cat", 0), ("dog", 4)):
        (root / label).mkdir(parents=True)
        for number in range(start, start + 4):
            picture(number).save(root / label / f"{number}.png")
    return root


def with_extra(write: Callable[[Path], object]) -> Callable[[Path], Path]:
    def build(root: Path) -> Path:
        write(good(root) / "cat")
        return root

    return build


def save(name: str, image: Image.Image, **options: object) -> Callable[[Path], Path]:
    return with_extra(lambda folder: image.save(folder / name, **options))


def cut_short(name: str, **options: object) -> Callable[[Path], Path]:
    def write(folder: Path) -> None:
        image = picture(50, (200, 160, 3))
        image.resize((10, 12)).save(folder / name)
        image.save(folder / name, **options)
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) * 2 // 3])

    return with_extra(write)


def write_bytes(name: str, content: bytes) -> Callable[[Path], Path]:
    return with_extra(lambda folder: (folder / name).write_bytes(content))


def bomb(folder: Path) -> None:
    """A header that announces 40,000 by 40,000 pixels, and nothing more."""
    (folder / "bomb.pgm").write_bytes(b"P5 40000 40000 255\n" + bytes(64))


def wrong_suffix(folder: Path) -> None:
    picture(60).save(folder / "really-a-png.jpg", format="PNG")


def same_picture_as_a_dog(folder: Path) -> None:
    picture(4).save(folder / "copy.bmp")


def turned(folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(61, (10, 12, 3)).save(folder / "turned.jpg", exif=exif)


def palette_with_clear(folder: Path) -> None:
    image = picture(62).quantize(8)
    image.save(folder / "palette.png", transparency=0)


def deep(folder: Path) -> None:
    pixels = np.arange(120, dtype=np.uint16).reshape(12, 10) * 500
    Image.fromarray(pixels).save(folder / "deep.png")


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG."""
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png(width: int, height: int, bits: int, kind: int, rows: bytes) -> bytes:
    """A PNG of any size and depth; Pillow cannot write 16-bit colour."""
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def deep_colour() -> bytes:
    values = np.random.default_rng(68).integers(0, 65536, SHAPE).astype(">u2")
    return png(10, 12, 16, 2, b"".join(b"\0" + row.tobytes() for row in values))


def bad_checksum(folder: Path) -> None:
    content = bytearray((folder / "0.png").read_bytes())
    content[60] ^= 0xFF
    (folder / "flipped.png").write_bytes(content)


def bytes_that_are_no_text(root: Path) -> Path:
    """A class folder and a file with names that are not UTF-8."""
    folder = good(root) / os.fsdecode(b"\xff\xfe")
    folder.mkdir()
    for number in (84, 85):
        picture(number).save(root / "new.png")
        (root / "new.png").rename(folder / os.fsdecode(b"\xe9%d.png" % number))
    return root


def animated(folder: Path) -> None:
    frames = [picture(n).quantize(16) for n in (70, 71, 72)]
    frames[0].save(folder / "film.gif", save_all=True, append_images=frames[1:])


def empty_class(root: Path) -> Path:
    (good(root) / "horse").mkdir()
    return root


def loop(root: Path) -> Path:
    (good(root) / "cat" / "again").symlink_to(root, target_is_directory=True)
    return root


def link_to_itself(folder: Path) -> None:
    (folder / "self.png").symlink_to(folder / "self.png")


def dangling(folder: Path) -> None:
    (folder / "gone.png").symlink_to(folder / "nowhere.png")


def decomposed_name(root: Path) -> Path:
    """One class, written by two file systems."""
    good(root)
    for form, seed in (("NFC", 80), ("NFD", 81)):
        folder = root / unicodedata.normalize(form, "Zür\u0131ch-猫")
        folder.mkdir()
        picture(seed).save(folder / f"{form}-é.png")
    return root


def outside_a_class(root: Path) -> Path:
    picture(82).save(good(root) / "nobody.png")
    return root


def lone_class(root: Path) -> Path:
    (good(root) / "horse").mkdir()
    picture(83).save(root / "horse" / "only.png")
    return root


def across_parts(root: Path) -> Path:
    good(root / "train")
    good(root / "test")
    for path in (root / "test").glob("*/*.png"):
        shift = 0 if path.name == "2.png" else 100
        picture(int(path.stem) + shift).save(path)
    return root


def unreadable(folder: Path) -> None:
    """A pipe with the name of an image: nobody may wait for it."""
    os.mkfifo(folder / "pipe.png")


_RGBA = Image.merge("RGBA", [*picture(63).split(), picture(64, (12, 10))])
_GREY = picture(65, (12, 10))
_CMYK = picture(66).convert("CMYK")
_NOTES = b"these are notes, not a picture"

IMAGE_CASES = [
    Case(
        "truncated JPEG",
        "image-truncated",
        cut_short("half.jpg", quality=95),
        "half.jpg",
        GOOD,
    ),
    Case("truncated PNG", "image-truncated", cut_short("half.png"), "half.png", GOOD),
    Case("zero bytes", "image-empty", write_bytes("zero.png", b""), "zero.png", GOOD),
    Case(
        "text named .png",
        "image-format",
        write_bytes("text.png", _NOTES),
        "text.png",
        GOOD,
    ),
    Case(
        "floating-point TIFF",
        "image-deep",
        with_extra(
            lambda f: Image.fromarray(np.ones((12, 10), np.float32)).save(f / "f.tif")
        ),
        "f.tif",
        GOOD,
    ),
    Case(
        "TIFF of 32-bit numbers",
        "image-deep",
        with_extra(
            lambda f: Image.fromarray(np.full((12, 10), 9**9, np.int32)).save(
                f / "i.tif"
            )
        ),
        "i.tif",
        GOOD,
    ),
    Case(
        "PNG whose checksum is wrong",
        "image-truncated",
        with_extra(bad_checksum),
        "broken data stream",
        GOOD,
    ),
    Case(
        "EPS named .png: nothing runs it",
        "image-format",
        write_bytes("page.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        "page.png",
        GOOD,
    ),
    Case(
        "PNG that unpacks to 10 gigabytes",
        "image-huge",
        write_bytes("bomb.png", png(60_000, 60_000, 8, 2, bytes(100_000))),
        "bomb.png",
        GOOD,
    ),
    Case(
        "one pixel",
        "image-size",
        save("dot.png", picture(69, (1, 1, 3))),
        "1 by 1",
        GOOD + 1,
    ),
    Case("announces 1.6 gigapixels", "image-huge", with_extra(bomb), "bomb.pgm", GOOD),
    Case("PNG named .jpg", "image-suffix", with_extra(wrong_suffix), ".jpg", GOOD + 1),
    Case(
        "one picture, two classes",
        "sample-mislabelled",
        with_extra(same_picture_as_a_dog),
        "4.png",
        GOOD - 1,
    ),
    Case("grey", "image-mode", save("grey.png", _GREY), "grey.png", GOOD + 1),
    Case("RGBA", "image-alpha", save("clear.png", _RGBA), "clear.png", GOOD + 1),
    Case("16 bits", "image-16bit", with_extra(deep), "deep.png", GOOD + 1),
    Case(
        "16 bits of colour",
        "image-16bit",
        write_bytes("deep.png", deep_colour()),
        "deep.png",
        GOOD + 1,
    ),
    Case(
        "YCbCr TIFF",
        "image-cmyk",
        save("video.tif", picture(75).convert("YCbCr")),
        "video.tif",
        GOOD + 1,
    ),
    Case(
        "names that are not UTF-8",
        "name-bytes",
        bytes_that_are_no_text,
        r"\xff\xfe",
        GOOD + 2,
        times=3,
    ),
    Case("CMYK", "image-cmyk", save("ink.jpg", _CMYK), "ink.jpg", GOOD + 1),
    Case(
        "palette with a clear colour",
        "image-palette",
        with_extra(palette_with_clear),
        "palette.png",
        GOOD + 1,
    ),
    Case(
        "EXIF orientation", "image-rotated", with_extra(turned), "turned.jpg", GOOD + 1
    ),
    Case(
        "another size",
        "image-size",
        save("big.png", picture(67, (31, 17, 3))),
        "big.png",
        GOOD + 1,
    ),
    Case("animated GIF", "image-frames", with_extra(animated), "film.gif", GOOD + 1),
    Case(
        "notes among images",
        "file-foreign",
        write_bytes("notes.txt", _NOTES),
        "notes.txt",
        GOOD,
    ),
    Case("class without images", "folder-empty", empty_class, "horse", GOOD),
    Case("link around a folder", "link-loop", loop, "again", GOOD),
    Case("link to itself", "link-loop", with_extra(link_to_itself), "self.png", GOOD),
    Case("dangling link", "link-broken", with_extra(dangling), "gone.png", GOOD),
    Case("pipe named .png", "file-unreadable", with_extra(unreadable), "pipe", GOOD),
    Case("non-ASCII class in two forms", "name-form", decomposed_name, "NFD", GOOD + 2),
    Case("image outside a class", "label-missing", outside_a_class, "nobody.png", GOOD),
    Case("class with one image", "class-single", lone_class, "'horse'", GOOD + 1),
    Case("copy in the test part", "duplicate-across", across_parts, "2.png", 15),
    Case(
        "copy in one part",
        "duplicate-within",
        with_extra(lambda folder: picture(0).save(folder / "twin.tif")),
        "twin.tif",
        GOOD + 1,
    ),
]
