"""How to read data: windows of recordings, sizes of images, names of columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import typer

_series = partial(typer.Option, rich_help_panel="Reading recordings")
_picture = partial(typer.Option, rich_help_panel="Reading images")


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """How data are read, as options; what is left out the reader decides.

    Example:
        >>> DataOptions(window=64, size="24,32").parsed()["size"]
        (24, 32)
    """

    window: Annotated[int | None, _series(help="Samples a window.", min=1)] = None
    step: Annotated[
        int | None, _series(help="Samples from one window to the next.", min=1)
    ] = None
    label: Annotated[
        Literal["majority", "file"], _series(help="What labels a window.")
    ] = "majority"
    rate_hz: Annotated[
        float | None,
        _series("--rate-hz", help="Samples a second that every recording must have."),
    ] = None
    columns: Annotated[
        str | None,
        _series(
            help="Columns that are no channels, by what they are: "
            "time=t,label=exercise,group=who,recording=file."
        ),
    ] = None
    size: Annotated[
        str | None, _picture(help="Rows and columns of images: 120,160.")
    ] = None
    mode: Annotated[
        Literal["L", "RGB"] | None,
        _picture(help="Grey or colour; grey only if every image is."),
    ] = None

    def parsed(self) -> dict[str, Any]:
        """Turn the options into arguments of ``open_dataset``.

        Returns:
            Arguments by name.

        Raises:
            UsageError: If a size or a column cannot be read.
        """
        from depthwise.jobs.dataset import parse_columns
        from depthwise.jobs.describe_data import parse_size

        columns, size = parse_columns(self.columns), parse_size(self.size)
        return {**vars(self), "columns": columns, "size": size}
