"""``depthwise inspect``: from a node down to the assembly that computes it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.network_options import NetworkOptions


class Stage(StrEnum):
    """How deep to look.

    Example:
        >>> Stage("ir").value
        'ir'
    """

    SCHEDULE = "schedule"
    LOOPS = "loops"
    IR = "ir"
    ASSEMBLY = "assembly"


class Isa(StrEnum):
    """Whose code to look at.

    Example:
        >>> Isa("neon").value
        'neon'
    """

    AVX512 = "avx512"
    AVX2 = "avx2"
    SSE = "sse"
    NEON = "neon"


def inspect(
    model: options.Model,
    shape: options.InputShape = None,
    *,
    node: Annotated[
        str | None,
        typer.Option(help="A node, a kernel or a step's number; all by default."),
    ] = None,
    stage: Annotated[
        list[Stage] | None,
        typer.Option(help="How deep to look; repeat it. By default all for one node."),
    ] = None,
    isa: Annotated[
        Isa | None, typer.Option(help="Another CPU's code; this one's by default.")
    ] = None,
    threads: Annotated[int, typer.Option(help="Threads that share the work.")] = 1,
    network: NetworkOptions,
    json: options.Json = False,
) -> None:
    """Show each step of the machine code: schedule, loop nest, LLVM IR, assembly.

    Args:
        model: What to look into.
        shape: Sizes of one batch.
        node: Which step to show.
        stage: How deep to look.
        isa: Whose code to show.
        threads: Threads that share the work.
        network: What a registered network is made with.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs import inspecting
    from depthwise.jobs.open import parse_shape
    from depthwise.report.engine import memory_line, schedule_table
    from depthwise.report.terminal import stdout

    sizes = parse_shape(shape)
    opened = network.open(model, sizes)
    plan = inspecting.inspect_model(opened, sizes, threads=threads, isa=isa)
    every = inspecting.STAGES if node else inspecting.STAGES[:1]
    stages = [word.value for word in stage or ()] or every
    views = inspecting.choose(plan, node)
    facts = [inspecting.step_facts(view, stages) for view in views]
    memory = inspecting.memory_facts(opened, plan)
    if json:
        head = {"model": opened.name, "isa": plan.target.isa, "cpu": plan.target.cpu}
        typer.echo(to_json({**head, "memory": memory, "steps": facts}))
        return
    if "schedule" in stages:
        stdout().print(schedule_table(facts))
        stdout().print(memory_line(memory))
    for step in facts:
        for word in ("loops", "ir", "assembly"):
            if word in step:
                typer.echo(f"\n-- {step['number']} {step['kernel']}: {word}")
                typer.echo(step[word])
