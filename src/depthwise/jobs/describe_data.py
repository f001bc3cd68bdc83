"""Open labelled data and say what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depthwise.data import describe, open_data
from depthwise.data.columns import Columns
from depthwise.data.recording_set import LabelBy
from depthwise.data.rules import OnBad
from depthwise.data.sheet import write_sheet
from depthwise.errors import OutputExistsError, UsageError


@dataclass(frozen=True)
class Described:
    """What is in the data.

    Args:
        summary: The description in plain values.
        sheet: Where the picture sheet was written, or None.
    """

    summary: dict[str, Any]
    sheet: Path | None


def describe_data(
    source: str | Path,
    *,
    window: int | None = None,
    step: int | None = None,
    label: LabelBy = "majority",
    rate_hz: float | None = None,
    columns: Columns | None = None,
    size: tuple[int, int] | None = None,
    mode: str | None = None,
    on_bad: OnBad = "skip",
    sheet: Path | None = None,
) -> Described:
    """Describe data of any kind.

    Args:
        source: What ``open_data`` takes: a registered name, a folder or a file.
        window: Samples a window, for recordings.
        step: From one window to the next.
        label: Label windows by the "majority" of their rows or by "file".
        rate_hz: Samples a second that every recording must have.
        columns: Names of the columns of tables that are no channels.
        size: Rows and columns of images.
        mode: "L" or "RGB" for images.
        on_bad: Leave bad input out and count it, or refuse it.
        sheet: Where to write a picture sheet; nothing may be there.

    Returns:
        The summary, and where the sheet is.

    Raises:
        OutputExistsError: If the sheet exists already.
        DataError: If nothing can be read.

    Example:
        >>> import numpy as np
        >>> np.savez("toy.npz", inputs=np.eye(4)[:, None], labels=[0, 1, 0, 1])
        >>> describe_data("toy.npz").summary["samples"]
        4
    """
    if sheet is not None and sheet.exists():
        raise OutputExistsError(f"a picture sheet must be a new file; got {sheet}")
    dataset = open_data(
        source,
        window=window,
        step=step,
        label=label,
        rate_hz=rate_hz,
        columns=columns,
        size=size,
        mode=mode,
        on_bad=on_bad,
    )
    if sheet is not None:
        write_sheet(dataset, sheet)
    return Described(describe(dataset).to_dict(), sheet)


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Read rows and columns as a user writes them.

    Args:
        text: Such as "224" or "120,160"; None for nothing.

    Returns:
        Rows and columns, or None.

    Raises:
        UsageError: If these are not one or two positive numbers.

    Example:
        >>> parse_size("224"), parse_size("120,160")
        ((224, 224), (120, 160))
    """
    if text is None:
        return None
    words = text.split(",")
    numbers = [int(word) for word in words if word.strip().isdecimal()]
    if not len(numbers) == len(words) <= 2 or min(numbers) < 1:
        raise UsageError(
            f"--size must be one or two positive numbers; got {text!r}",
            "--size 120,160",
        )
    return numbers[0], numbers[-1]
