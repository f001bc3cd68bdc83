"""The machine that is measured, and how its newer instructions are hidden from all."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from depthwise.engine import host

SOURCE = Path(__file__).with_name("restrict_cpuid.c")
REFUSED = 3
"""How a process ends that cannot be restricted."""


def describe() -> dict[str, Any]:
    """Name the CPU, and the instruction set that programs here see."""
    facts = _cpuinfo()
    native = "avx512f" in facts.get("flags", "").split()
    name = facts.get("model name", "unknown")
    number = f"family {facts.get('cpu family')}, model {facts.get('model')}"
    isa = host().isa
    return {
        "cpu": f"{name} ({number})",
        "cores": os.cpu_count(),
        "isa": isa,
        "avx512_hidden": native and isa == "avx2",
    }


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    text = path.read_text("utf-8").partition("\n\n")[0] if path.exists() else ""
    pairs = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def run_restricted(words: list[str]) -> int:
    """Run ``python -m benchmarks.run`` again where CPUID answers without AVX-512."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "LD_PRELOAD": str(build(Path(folder)))}
        child = [sys.executable, "-m", "benchmarks.run", *words]
        code = subprocess.run(child, env=env, check=False).returncode
    if code == REFUSED:
        raise SystemExit("--isa avx2 needs a CPU and a kernel that let CPUID fault")
    return code


def build(folder: Path) -> Path:
    """Compile what hides AVX-512 into ``folder``."""
    library = folder / "restrict_cpuid.so"
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
    try:
        subprocess.run(command, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"--isa avx2 needs a C compiler, cc; got {error}") from error
    return library
