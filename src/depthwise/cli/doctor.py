"""``depthwise doctor``: what is installed, and on what machine."""

from __future__ import annotations

import typer

from depthwise.cli import options


def doctor(*, json: options.Json = False) -> None:
    """Show versions, installed sizes and the processor.

    Args:
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs.doctor import examine
    from depthwise.report.terminal import stdout, table

    found = examine()
    if json:
        typer.echo(to_json(found.to_dict()))
        return
    out = stdout()
    out.print(f"depthwise {found.depthwise}, Python {found.python}, {found.system}")
    out.print(f"{found.processor}, {found.cores} cores")
    out.print(f"The engine needs NumPy and llvmlite: {found.engine_megabytes:.0f} MB")
    rows = [
        (
            package.name,
            package.extra or "core",
            package.version or "not installed",
            f"{package.megabytes:.0f} MB" if package.version else "",
        )
        for package in found.packages
    ]
    out.print(table("", ("package", "extra", "version", "size"), rows))
