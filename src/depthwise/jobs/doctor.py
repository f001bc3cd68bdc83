"""What this machine offers: packages, versions, processor."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from depthwise.version import __version__

_PACKAGES = {
    "": ("numpy", "llvmlite", "onnx", "pillow", "typer", "rich"),
    "torch": ("torch", "safetensors"),
    "train": ("lightning", "tensorboard"),
    "hub": ("datasets", "huggingface-hub"),
    "report": ("plotly", "jinja2"),
    "peers": ("onnxruntime", "openvino", "ai-edge-litert", "ncnn"),
    "data": ("seglearn", "mlxtend", "aeon"),
}
_ENGINE = ("numpy", "llvmlite")
"""What runs a compiled network; neither needs another package."""


@dataclass(frozen=True)
class Package:
    """One package that depthwise can use.

    Args:
        name: On PyPI.
        extra: Which extra installs it; empty for the core.
        version: What is installed, or None.
        megabytes: Installed size, in units of 10^6 bytes.
    """

    name: str
    extra: str
    version: str | None
    megabytes: float


@dataclass(frozen=True)
class Checkup:
    """What was found.

    Args:
        depthwise: Version of this package.
        python: Version of Python.
        system: Operating system and architecture.
        processor: Its name, as the system gives it.
        cores: How many this process may use.
        packages: What is installed and what is not.
    """

    depthwise: str
    python: str
    system: str
    processor: str
    cores: int
    packages: tuple[Package, ...]

    @property
    def engine_megabytes(self) -> float:
        """Installed size of what compiled networks need: NumPy and llvmlite."""
        needed = [p.megabytes for p in self.packages if p.name in _ENGINE]
        return round(sum(needed), 1)

    def to_dict(self) -> dict[str, Any]:
        """Turn the result into plain values.

        Returns:
            Values by field name, and "engine_megabytes".
        """
        return {**asdict(self), "engine_megabytes": self.engine_megabytes}


def examine() -> Checkup:
    """Look at the machine and the installed packages; nothing is imported.

    Returns:
        What was found.

    Example:
        >>> examine().cores >= 1
        True
    """
    packages = [
        _package(name, extra) for extra, names in _PACKAGES.items() for name in names
    ]
    return Checkup(
        depthwise=__version__,
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        packages=tuple(packages),
    )


def _package(name: str, extra: str) -> Package:
    try:
        found = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return Package(name, extra, None, 0.0)
    files = found.files or []
    size = sum(file.size or 0 for file in files) / 1e6
    return Package(name, extra, found.version, round(size, 1))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
