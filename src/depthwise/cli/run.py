"""``depthwise run``: arrays from a file through a compiled model into a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.network_options import NetworkOptions


def run(
    model: options.Model,
    arrays: Annotated[
        Path,
        typer.Option(
            "--input",
            help="A .npy with one float32 batch, or an .npz with arrays by input name.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("-o", "--out", help="A .npy for one output, an .npz for several."),
    ],
    *,
    threads: options.Threads = None,
    profile: Annotated[
        bool,
        typer.Option("--profile", help="Show the time and % of peak of every step."),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a file that is there."),
    ] = False,
    network: NetworkOptions,
    json: options.Json = False,
) -> None:
    """Compile a model for this CPU, run it on arrays and write the results.

    Args:
        model: What to run.
        arrays: Its input.
        out: Where results go.
        threads: Threads that share the work.
        profile: Whether to show where the time goes.
        overwrite: Whether to replace a file.
        network: What a registered network is made with.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs import running
    from depthwise.jobs.compiling import compile_opened
    from depthwise.report.engine import profile_table
    from depthwise.report.terminal import stdout

    running.check_output(out, overwrite=overwrite)
    given = running.read_arrays(arrays)
    shape = running.first_shape(given)
    compiled = compile_opened(network.open(model, shape), shape, threads=threads)
    done = running.run_network(compiled, given, out)
    times = compiled.profile() if profile else ()
    if json:
        steps = [time.to_dict() for time in times]
        typer.echo(to_json({**done.to_dict(), **({"steps": steps} if times else {})}))
        return
    if times:
        stdout().print(profile_table(times))
    stdout().print(f"{done.samples} samples in {done.latency_us:.0f} us: {done.path}")
