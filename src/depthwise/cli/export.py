"""``depthwise export``: a model as an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.network_options import NetworkOptions


def export(
    model: options.Model,
    shape: options.InputShape = None,
    *,
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="The .onnx file to write."),
    ],
    check: Annotated[
        bool,
        typer.Option("--check", help="Compare with ONNX Runtime before writing."),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a file that is there."),
    ] = False,
    network: NetworkOptions,
    json: options.Json = False,
) -> None:
    """Write a model as an ONNX file that other tools read.

    Args:
        model: What to write.
        shape: Sizes of one batch.
        out: The file.
        check: Whether to compare with ONNX Runtime.
        overwrite: Whether to replace a file.
        network: What a registered network is made with.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs.export import check_place
    from depthwise.jobs.export import export as exported
    from depthwise.jobs.open import parse_shape
    from depthwise.report.export import export_table
    from depthwise.report.terminal import stdout

    check_place(out, overwrite=overwrite)
    opened = network.open(model, parse_shape(shape))
    written = exported(opened.graph, out, check=check, overwrite=overwrite)
    if json:
        typer.echo(to_json(written.to_dict()))
        return
    stdout().print(export_table(written.to_dict()))
