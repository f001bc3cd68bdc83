"""What a CPU offers to generated code: instruction set, lanes, registers, caches."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm

from depthwise.errors import UnknownNameError

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_OLD_QUOTA = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
_OLD_PERIOD = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
_SIZE_UNITS = {"K": 1 << 10, "M": 1 << 20}


@dataclass(frozen=True)
class Target:
    """A CPU as the emitter and the scheduler see it.

    Args:
        isa: "avx512", "avx2", "sse" or "neon".
        triple: LLVM's name of the system.
        cpu: LLVM's name of the CPU.
        features: LLVM's feature string, sorted.
        lanes: float32 elements a vector register holds.
        registers: Vector registers.
        fma: Whether a fused multiply-add is one instruction.
        l1_bytes: First-level data cache of one core.
        l2_bytes: Second-level cache of one core.

    Example:
        >>> preset("avx2").lanes
        8
    """

    isa: str
    triple: str
    cpu: str
    features: str
    lanes: int
    registers: int
    fma: bool
    l1_bytes: int = 32 << 10
    l2_bytes: int = 512 << 10

    @property
    def is_arm(self) -> bool:
        """Whether the instruction set is ARM's."""
        return self.isa == "neon"


_LINUX = "x86_64-unknown-linux-gnu"
_ARM_LINUX = "aarch64-unknown-linux-gnu"
_SSE = "+sse2"
_AVX2 = "+avx,+avx2,+fma,+sse2"
_AVX512 = "+avx,+avx2,+avx512bw,+avx512dq,+avx512f,+avx512vl,+fma,+sse2"

_PRESETS = {
    "sse": Target("sse", _LINUX, "x86-64", _SSE, 4, 16, fma=False),
    "avx2": Target("avx2", _LINUX, "haswell", _AVX2, 8, 16, fma=True),
    "avx512": Target("avx512", _LINUX, "icelake-server", _AVX512, 16, 32, fma=True),
    "neon": Target("neon", _ARM_LINUX, "cortex-a76", "+neon", 4, 32, fma=True),
}


def preset(isa: str) -> Target:
    """Describe a CPU that need not be here: code for it can be emitted and read.

    Args:
        isa: "avx512", "avx2", "sse" or "neon".

    Returns:
        The target.

    Raises:
        UnknownNameError: If there is no such preset.

    Example:
        >>> preset("neon").registers
        32
    """
    if isa not in _PRESETS:
        raise UnknownNameError.of("instruction set", isa, _PRESETS)
    return _PRESETS[isa]


@cache
def host() -> Target:
    """Describe the CPU at hand.

    Returns:
        The target; its features are those that the system lets a process use.

    Example:
        >>> host().lanes in (4, 8, 16)
        True
    """
    features = llvm.get_host_cpu_features()
    names = sorted(f"{'+' if on else '-'}{name}" for name, on in features.items())
    triple = llvm.get_process_triple()
    isa = _host_isa(triple, features)
    model = preset(isa)
    return Target(
        isa,
        triple,
        llvm.get_host_cpu_name(),
        ",".join(names),
        model.lanes,
        model.registers,
        model.fma or bool(features.get("fma")),
        _cache_bytes(1, model.l1_bytes),
        _cache_bytes(2, model.l2_bytes),
    )


def _host_isa(triple: str, features: dict[str, bool]) -> str:
    if triple.startswith(("aarch64", "arm64")):
        return "neon"
    if features.get("avx512f") and features.get("avx512vl"):
        return "avx512"
    return "avx2" if features.get("avx2") and features.get("fma") else "sse"


def _cache_bytes(level: int, default: int) -> int:
    """Read a cache size; virtual machines that hide or misstate it get the default."""
    for index in sorted(_CACHES.glob("index*")):
        kind = _read(index / "type")
        if kind in {"Data", "Unified"} and _read(index / "level") == str(level):
            text = _read(index / "size")
            digits, unit = text[:-1], text[-1:]
            if digits.isdigit() and unit in _SIZE_UNITS:
                return int(digits) * _SIZE_UNITS[unit]
    return default


def last_level_bytes() -> int:
    """Read the size of the cache behind the second level.

    Returns:
        Bytes; 0 where there is none, or the system does not tell.

    Example:
        >>> last_level_bytes() >= 0
        True
    """
    return _cache_bytes(3, 0)


def default_threads() -> int:
    """Count the cores that this process may keep busy.

    Returns:
        The smallest of physical cores, CPU affinity and the control group's quota,
        at least 1.

    Example:
        >>> default_threads() >= 1
        True
    """
    allowed = _affinity()
    cores = _physical_cores(allowed) or len(allowed)
    return max(1, min(cores, len(allowed), _quota()))


def _affinity() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def _physical_cores(allowed: set[int]) -> int:
    """Count distinct cores: two hardware threads of one core share its units."""
    groups = {
        _read(Path(f"/sys/devices/system/cpu/cpu{index}/topology/thread_siblings_list"))
        for index in allowed
    }
    return len(groups - {""})


def _quota() -> int:
    """Whole cores of the control group's limit, rounded up; no limit is a million."""
    fields = _read(_CGROUP_QUOTA).split()
    if len(fields) != 2:
        fields = [_read(_OLD_QUOTA), _read(_OLD_PERIOD)]
    if all(field.isdigit() for field in fields):
        return max(1, math.ceil(int(fields[0]) / int(fields[1])))
    return 1_000_000


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
