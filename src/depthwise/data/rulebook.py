"""Every rule about input, by its code; the table in the documentation is this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from depthwise.data.names import readable
from depthwise.data.rules import Finding, Rule

if TYPE_CHECKING:
    from pathlib import Path

    from depthwise.data.rules import Outcome

LONGEST: Final = 160
# (code, what must hold, outcome, what is done where it does not hold)
_FILES: Final[list[tuple[str, str, Outcome, str]]] = [
    ("link-broken", "a link must lead to a file", "drop", "the link is left out"),
    ("link-loop", "links must not lead in a circle", "drop", "the link is left out"),
    ("file-unreadable", "a file must be readable", "drop", "the file is left out"),
    ("file-foreign", "a file should be of this kind of data", "note", "it is ignored"),
    (
        "folder-empty",
        "a class folder must hold samples",
        "drop",
        "the class is left out",
    ),
    (
        "name-form",
        "names should be in composed Unicode (NFC)",
        "repair",
        "the class is named in NFC; equal names become one class",
    ),
    (
        "name-bytes",
        "names should be UTF-8",
        "repair",
        r"bytes that are not are written as \xff",
    ),
]
_IMAGES: Final[list[tuple[str, str, Outcome, str]]] = [
    ("image-empty", "an image must have bytes", "drop", "the file is left out"),
    (
        "image-format",
        "an image must be in a format that Pillow reads",
        "drop",
        "the file is left out",
    ),
    (
        "image-deep",
        "an image must have whole numbers of at most 16 bits",
        "drop",
        "the file is left out",
    ),
    (
        "image-truncated",
        "an image must decode to its last row",
        "drop",
        "the file is left out",
    ),
    (
        "image-huge",
        "an image must have at most 89 million pixels",
        "drop",
        "the file is left out, undecoded",
    ),
    (
        "image-suffix",
        "the suffix should say the format",
        "repair",
        "the content decides",
    ),
    (
        "image-mode",
        "images should have one pixel format",
        "repair",
        "grey among colour becomes colour",
    ),
    (
        "image-alpha",
        "images should be opaque",
        "repair",
        "it is laid on white",
    ),
    (
        "image-16bit",
        "images should have 8 bits a channel",
        "repair",
        "grey is divided by 257, colour by 256",
    ),
    ("image-cmyk", "images should be RGB or grey", "repair", "it is turned into RGB"),
    (
        "image-palette",
        "images should have no palette",
        "repair",
        "colours are looked up",
    ),
    (
        "image-rotated",
        "rows should run from top to bottom",
        "repair",
        "the EXIF orientation is applied",
    ),
    (
        "image-size",
        "images should have one size",
        "repair",
        "resized until it covers the most frequent size, then cropped at the centre",
    ),
    ("image-frames", "an image should be one frame", "repair", "the first is taken"),
]
_RECORDINGS: Final[list[tuple[str, str, Outcome, str]]] = [
    ("table-empty", "a recording must have rows", "drop", "it is left out"),
    (
        "table-ragged",
        "every row must have a field for each column",
        "drop",
        "the recording is left out",
    ),
    (
        "table-header",
        "a table must begin with the names of its columns",
        "drop",
        "the recording is left out",
    ),
    (
        "table-wide",
        "a table must have at most 10,000 columns",
        "drop",
        "the recording is left out",
    ),
    (
        "column-nameless",
        "every column should have a name",
        "repair",
        "columns without one, such as row numbers, are left out",
    ),
    (
        "table-text",
        "samples must be numbers with a decimal point",
        "drop",
        "the recording is left out",
    ),
    (
        "table-encoding",
        "a text file must be UTF-8",
        "drop",
        "the recording is left out",
    ),
    (
        "table-damaged",
        "a Parquet file must be whole",
        "drop",
        "the recording is left out",
    ),
    (
        "time-unsorted",
        "times should ascend",
        "repair",
        "rows are sorted by time",
    ),
    (
        "time-restart",
        "time should run once through a recording",
        "repair",
        "where it begins anew, so does a recording",
    ),
    ("time-repeated", "times should differ", "repair", "the first row is kept"),
    (
        "time-gap",
        "samples should be evenly spaced",
        "repair",
        "the recording is cut there; no window spans a gap over 1.5 periods",
    ),
    ("time-broken", "times must be finite", "drop", "the recording is left out"),
    (
        "value-missing",
        "samples must not be NaN",
        "drop",
        "the recording is cut around them",
    ),
    (
        "value-infinite",
        "samples must be finite",
        "drop",
        "the recording is cut around them",
    ),
    (
        "recording-short",
        "a recording must be as long as a window",
        "drop",
        "it is left out",
    ),
    (
        "channels-other",
        "recordings must have the same channels",
        "drop",
        "the recording is left out",
    ),
    (
        "channels-order",
        "channels should be in one order",
        "repair",
        "columns are reordered by name",
    ),
    (
        "channel-constant",
        "a channel should change",
        "note",
        "it is kept, and becomes 0 after standardising",
    ),
    (
        "rate-other",
        "recordings must have one sampling rate, to 2 %",
        "drop",
        "the recording is left out",
    ),
    (
        "rate-odd",
        "a sampling rate should lie between 0.1 Hz and 1 MHz",
        "note",
        "it is kept; a time column named …_ms, …_us or …_ns says its unit",
    ),
    (
        "label-missing",
        "a recording or image must have a label",
        "drop",
        "it is left out",
    ),
    (
        "label-mixed",
        "a recording labelled by file must have one label",
        "drop",
        "the recording is left out",
    ),
]
_SETS: Final[list[tuple[str, str, Outcome, str]]] = [
    (
        "sample-mislabelled",
        "equal samples must have one class",
        "drop",
        "every copy is left out",
    ),
    (
        "sample-broken",
        "samples must be finite",
        "drop",
        "the sample is left out",
    ),
    (
        "axes-order",
        "samples should be [channels, length] or [channels, rows, columns]",
        "note",
        "they are taken for that; more channels than values look like another order",
    ),
    (
        "class-single",
        "a class should have two samples, to train on and to test",
        "note",
        "it stays in training and is never tested",
    ),
    (
        "class-unseen",
        "every class that is tested must be seen in training",
        "drop",
        "its samples are left out of the test part",
    ),
    (
        "duplicate-across",
        "a sample must be in one part only",
        "drop",
        "the copy in the earlier part (training first) is left out",
    ),
    (
        "duplicate-within",
        "samples of a part should differ",
        "note",
        "both are kept, and a split leaves them in one part",
    ),
]

RULES: Final[dict[str, Rule]] = {
    row[0]: Rule(*row) for row in (*_FILES, *_IMAGES, *_RECORDINGS, *_SETS)
}


def found(code: str, path: Path | str, got: str) -> Finding:
    """Say that a rule is broken.

    Args:
        code: The code of the rule.
        path: The file, with the line or sample where that helps.
        got: What was found there.

    Returns:
        The finding.

    Example:
        >>> print(found("image-empty", "cat/1.png", "0 bytes"))
        cat/1.png: an image must have bytes; got 0 bytes
    """
    return Finding(RULES[code], readable(str(path)), readable(_short(got)))


def _short(got: str) -> str:
    """So much of what was found as a sentence bears."""
    return got if len(got) <= LONGEST else f"{got[:LONGEST]}…"
