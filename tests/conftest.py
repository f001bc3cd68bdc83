"""Fixtures that every test may use, and how tests run: threads, skips, Hypothesis."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest
from tests.require_all import (  # noqa: F401 - pytest finds hooks by name
    pytest_addoption,
    pytest_make_collect_report,
    pytest_runtest_makereport,
)

# Two test workers on two cores: one thread each. Read when NumPy and torch load.
os.environ.setdefault("OMP_NUM_THREADS", "1")

hypothesis.settings.register_profile(
    "depthwise",
    deadline=None,
    print_blob=True,
    derandomize=bool(os.environ.get("CI")),
)
hypothesis.settings.load_profile("depthwise")

REPO_ROOT = Path(__file__).resolve().parents[1]
# Data that a Debian package, not a Python one, installs.
DEBIAN_DATA = {"dataset-fashion-mnist": Path("/usr/share/datasets/fashion-mnist")}


def pytest_runtest_setup() -> None:
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The folder that holds pyproject.toml."""
    return REPO_ROOT


@pytest.fixture(scope="session")
def cli_env() -> dict[str, str]:
    """Environment of a child process: this source tree, plain text, 100 columns."""
    return {
        **os.environ,
        "PYTHONPATH": str(REPO_ROOT / "src"),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


@pytest.fixture(scope="session")
def run_cli(
    cli_env: dict[str, str],
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``depthwise ARGUMENTS`` in a child process and return what came out."""

    def run(
        *arguments: str | Path, cwd: Path | None = None, timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "depthwise", *map(str, arguments)],
            cwd=cwd,
            env=cli_env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    return run


@pytest.fixture(scope="session")
def data_file() -> Callable[[str, str], Path]:
    """Find a file of an installed data package without importing the package.

    ``data_file("seglearn", "data/watch_dataset.npy")``; a Debian package goes by its
    own name. The test is skipped, with the reason, where the file is absent.
    """

    def find(package: str, relative: str) -> Path:
        for folder in _folders(package):
            if (folder / relative).is_file():
                return folder / relative
        pytest.skip(f"{relative} of the package {package} is not installed")

    return find


def _folders(package: str) -> list[Path]:
    if package in DEBIAN_DATA:
        return [DEBIAN_DATA[package]]
    spec = importlib.util.find_spec(package)
    return [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
