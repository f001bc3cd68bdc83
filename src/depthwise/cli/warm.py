"""``depthwise warm`` and ``depthwise cache``: machine code that waits on disk."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from depthwise.cli import options
from depthwise.cli.network_options import NetworkOptions


def warm(
    model: options.Model,
    shape: options.InputShape = None,
    *,
    threads: options.Threads = None,
    network: NetworkOptions,
    json: options.Json = False,
) -> None:
    """Compile a model into the cache, so that the next start takes no compilation.

    Args:
        model: What to compile.
        shape: Sizes of one batch.
        threads: Threads that will share the work.
        network: What a registered network is made with.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs.compiling import warm as warmed
    from depthwise.jobs.open import parse_shape

    sizes = parse_shape(shape)
    done = warmed(network.open(model, sizes), sizes, threads=threads)
    if json:
        typer.echo(to_json(done.to_dict()))
        return
    how = "was there" if done.was_there else "compiled"
    typer.echo(
        f"{done.model}: {how} in {done.seconds:.2f} s for batches of {done.batch} on "
        f"{done.threads} threads; {done.steps} steps, "
        f"weights {done.weight_bytes:,} bytes, activations {done.activation_bytes:,}"
    )


class Action(StrEnum):
    """What to do with the cache.

    Example:
        >>> Action("path").value
        'path'
    """

    PATH = "path"
    CLEAR = "clear"


def cache(
    action: Annotated[Action, typer.Argument(help="path or clear")],
    *,
    json: options.Json = False,
) -> None:
    """Say where machine code is kept, or delete it.

    Args:
        action: What to do.
        json: Whether to print JSON.
    """
    from depthwise.files import to_json
    from depthwise.jobs.compiling import cache_facts, clear_cache

    facts = cache_facts()
    if action is Action.CLEAR:
        facts["cleared"] = clear_cache()
    if json:
        typer.echo(to_json(facts))
    elif action is Action.CLEAR:
        typer.echo(f"{facts['cleared']} entries, {facts['bytes']:,} bytes deleted")
    else:
        typer.echo(str(facts["path"]))
