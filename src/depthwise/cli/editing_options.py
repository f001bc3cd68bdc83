"""What changing a model's idle channels takes, whatever becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from depthwise.cli import options
from depthwise.cli.data_options import DataOptions

if TYPE_CHECKING:
    from depthwise.jobs.idle_channels import IdleResult
    from depthwise.jobs.open import Opened

Data = Annotated[
    str | None,
    typer.Argument(
        help="Labelled data to measure the accuracy on.", show_default=False
    ),
]


@dataclass(frozen=True, kw_only=True)
class EditingOptions:
    """Where a changed model goes, and which of its channels change.

    Args:
        out: Where to write.
        observed: Whether what carried nothing on the data changes too.
        nearly: Whether saturated and rare channels change with that.
        shape: Sizes of one batch.
        on_bad: What to do with bad input.
        json: Whether to print JSON.

    Example:
        >>> EditingOptions(out=Path("smaller.onnx")).observed
        False
    """

    out: Annotated[
        Path, typer.Option("-o", "--out", help="A new .onnx file or model folder.")
    ]
    observed: Annotated[
        bool,
        typer.Option(
            "--observed",
            help="Change what carried nothing on DATA too, not what is proven alone.",
        ),
    ] = False
    nearly: Annotated[
        bool,
        typer.Option(
            "--nearly",
            help="With --observed: saturated and rare channels too, as their mean.",
        ),
    ] = False
    shape: options.InputShape = None
    on_bad: options.OnBadOption = options.OnBad.FAIL
    json: options.Json = False

    def apply(
        self,
        job: Callable[..., IdleResult],
        opening: Callable[..., Opened],
        data: str | None,
        reading: DataOptions,
    ) -> None:
        """Change a model, write it, and print what became of it.

        Args:
            job: Removes or revives idle channels of an opened model.
            opening: Opens the model, from sizes of one batch.
            data: Labelled data.
            reading: How the data are read.
        """
        from depthwise.cli.outcome import show_paths
        from depthwise.files import to_json
        from depthwise.jobs.export import check_new, write_edited
        from depthwise.jobs.open import parse_shape
        from depthwise.report.diagnosis import idle_tables
        from depthwise.report.terminal import stdout

        check_new(self.out)
        opened = opening(parse_shape(self.shape))
        parsed = {**reading.parsed(), "on_bad": self.on_bad.value}
        asked = {"observed": self.observed, "nearly": self.nearly}
        result = job(opened, data, **asked, reading=parsed)
        told = result.to_dict()
        path = write_edited(result.graph, opened.folder, self.out, {result.done: told})
        if self.json:
            typer.echo(to_json({**told, "path": str(path)}))
            return
        for table in idle_tables(told, result.done):
            stdout().print(table)
        show_paths({"model": path})
