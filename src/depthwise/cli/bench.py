"""``depthwise bench``: the engine's speed beside that of other runtimes."""

from __future__ import annotations

from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.network_options import NetworkOptions


def bench(
    models: Annotated[
        list[str],
        typer.Argument(help="One MODEL or more, as for cost.", metavar="MODEL..."),
    ],
    shape: options.InputShape = None,
    *,
    threads: Annotated[
        str, typer.Option(help="Numbers of threads to measure: 1,2.")
    ] = "1",
    peers: Annotated[
        str | None,
        typer.Option(
            help="Some of onnxruntime, openvino, litert, ncnn, torch, torch_compiled; "
            "all but the last where it is not given.",
            show_default=False,
        ),
    ] = None,
    rounds: Annotated[
        int, typer.Option(help="Undisturbed rounds to wait for.", min=1)
    ] = 60,
    json: options.Json = False,
) -> None:
    """Time networks on this machine, in the engine and in other runtimes, in turn.

    Every result is compared with float64 before it is timed. One sample at a time.

    Args:
        models: What to time.
        shape: Sizes of one batch.
        threads: Numbers of threads, with commas.
        peers: Runtimes, with commas.
        rounds: Undisturbed rounds to wait for.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs.bench import bench as measure
    from depthwise.jobs.bench import parse_plan, versions
    from depthwise.jobs.open import parse_shape
    from depthwise.report.bench import bench_table
    from depthwise.report.terminal import stdout

    plan = parse_plan(threads, peers, rounds)
    say = None if json else lambda line: typer.echo(line, err=True)
    cases = []
    for model in models:
        opened = NetworkOptions().open(model, parse_shape(shape))
        cases += measure(opened.graph, opened.name, plan, say=say)
    if json:
        report = {"versions": versions(plan.peers), "cases": cases}
        typer.echo(to_json(report))
        return
    stdout().print(bench_table(cases))
    for row in cases:
        for reason in row["left_out"].values():
            typer.echo(reason, err=True)
