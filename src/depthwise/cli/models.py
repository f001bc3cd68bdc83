"""``depthwise models``: the networks that can be built by name."""

from __future__ import annotations

from typing import Annotated

import typer

from depthwise.cli import options


def models(
    pattern: Annotated[str, typer.Argument(help="A shell pattern.")] = "*",
    *,
    json: options.Json = False,
) -> None:
    """List the networks that can be built by name.

    Args:
        pattern: Shell pattern that names must match.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs.networks import describe_networks
    from depthwise.report.terminal import stdout, table, thousands

    found = describe_networks(pattern)
    if json:
        typer.echo(to_json([entry.to_dict() for entry in found]))
        return
    rows = [
        (
            entry.name,
            "x".join(map(str, entry.input_shape)),
            thousands(entry.params),
            entry.summary,
        )
        for entry in found
    ]
    stdout().print(
        table("", ("model", "input", "params", "what it is"), rows, prose=[3])
    )
