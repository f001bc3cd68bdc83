"""Which of the processes that torchrun started this one is."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class World:
    """The processes that train together.

    Args:
        rank: Number of this one, from 0.
        size: How many there are.
        local_size: How many of them on this machine.
    """

    rank: int = 0
    size: int = 1
    local_size: int = 1


def torchrun_world() -> World | None:
    """Read what torchrun says about this process.

    Returns:
        The world, or None if torchrun did not start this process.

    Example:
        >>> torchrun_world() is None
        True
    """
    names = ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RUN_ID")
    if not all(name in os.environ for name in names):
        return None
    rank, size, local = (int(os.environ[name]) for name in names[:3])
    return World(rank, size, local)


def is_main_process() -> bool:
    """Say whether this process reports and writes results.

    Returns:
        True, except in the processes above 0 that torchrun started.

    Example:
        >>> is_main_process()
        True
    """
    world = torchrun_world()
    return world is None or world.rank == 0
