"""What a machine can do at most, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from depthwise.errors import UsageError


@dataclass(frozen=True, slots=True)
class Level:
    """A cache, or the memory behind all caches.

    Args:
        name: "L1", "L2", "L3" or "memory".
        nbytes: What it holds; of memory, nothing is ever too large.
        bandwidth_gbs: Billions of bytes a second that can be read from it.

    Example:
        >>> Level("L1", 32768, 150.0).name
        'L1'
    """

    name: str
    nbytes: int
    bandwidth_gbs: float


@dataclass(frozen=True, slots=True)
class Machine:
    """The two roofs of a machine: arithmetic, and each memory's bandwidth.

    Args:
        cpu: What the processor is called.
        threads: Threads that share the work.
        peak_gflops: Billions of operations a second, in registers, of all threads.
        levels: The nearest first; the last one holds what no cache does.
        lanes: float32 elements that one operation takes.

    Raises:
        UsageError: If there is no level, or a roof is not above 0.

    Example:
        >>> levels = (Level("L1", 32768, 100.0), Level("memory", 1 << 40, 10.0))
        >>> machine = Machine("small", 1, 50.0, levels)
        >>> machine.level_for(1 << 20).name, machine.ridge(levels[0])
        ('memory', 0.5)
    """

    cpu: str
    threads: int
    peak_gflops: float
    levels: tuple[Level, ...]
    lanes: int = 8

    def __post_init__(self) -> None:
        roofs = [self.peak_gflops, *(level.bandwidth_gbs for level in self.levels)]
        if len(roofs) < 2 or not all(roof > 0 for roof in roofs):
            rule = "a machine has a peak and one level of memory or more, all above 0"
            raise UsageError(f"{rule}; got {roofs}")

    def level_for(self, nbytes: int) -> Level:
        """Find the nearest level that holds some bytes.

        Args:
            nbytes: What is read and written again and again.

        Returns:
            The level; memory where no cache is large enough.
        """
        fitting = (level for level in self.levels if nbytes <= level.nbytes)
        return next(fitting, self.levels[-1])

    def ridge(self, level: Level) -> float:
        """Find the intensity from which on arithmetic is the limit.

        Args:
            level: Where operands come from.

        Returns:
            Operations a byte.
        """
        return self.peak_gflops / level.bandwidth_gbs

    def compute_us(self, macs: float) -> float:
        """Find the least time for some arithmetic.

        Args:
            macs: Multiply-accumulates.

        Returns:
            Microseconds.
        """
        return 2e-3 * macs / self.peak_gflops

    def to_dict(self) -> dict[str, Any]:
        """Turn the machine into plain values for JSON.

        Returns:
            Values by field name; ``machine_from`` reads them.
        """
        return asdict(self)


def moving_us(nbytes: float, level: Level) -> float:
    """Find the least time to move some bytes.

    Args:
        nbytes: How many.
        level: Where they are.

    Returns:
        Microseconds.

    Example:
        >>> moving_us(1_000_000, Level("memory", 1 << 40, 10.0))
        100.0
    """
    return 1e-3 * nbytes / level.bandwidth_gbs


def machine_from(values: Mapping[str, Any]) -> Machine:
    """Read a machine from plain values.

    Args:
        values: As ``Machine.to_dict`` writes them.

    Returns:
        The machine.

    Raises:
        UsageError: If values are missing or wrong.

    Example:
        >>> small = Machine("small", 1, 50.0, (Level("memory", 1 << 40, 10.0),))
        >>> machine_from(small.to_dict()) == small
        True
    """
    try:
        return Machine(
            str(values["cpu"]),
            int(values["threads"]),
            float(values["peak_gflops"]),
            tuple(
                Level(str(one["name"]), int(one["nbytes"]), float(one["bandwidth_gbs"]))
                for one in values["levels"]
            ),
            int(values["lanes"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        rule = "a machine is written as its fields by name"
        raise UsageError(f"{rule}; got {error!r:.120}") from error
