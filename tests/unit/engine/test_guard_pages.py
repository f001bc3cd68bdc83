"""No kernel touches a byte outside its buffers: forbidden pages lie around each."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run_guarded(cli_env: dict[str, str], repo_root: Path):
    """Run networks between guard pages in a process that may die of it."""
    path = f"{repo_root / 'src'}:{repo_root}"

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tests.unit.engine.guarded", *words]
        env = {**cli_env, "PYTHONPATH": path}
        return subprocess.run(
            command, cwd=repo_root, env=env, capture_output=True, text=True, check=False
        )

    return run


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """Say how a process ended before it was done, and on which network."""
    if done.returncode == 0 and done.stdout.endswith("done\n"):
        return ""
    return f"{done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_convolutions_and_fused_chains_stay_inside(run_guarded) -> None:
    assert complaint(run_guarded("convolutions", "25")) == ""


def test_every_operator_stays_inside(run_guarded) -> None:
    done = run_guarded("vectors", "1", "0")
    assert complaint(done) == ""
    assert int(done.stdout.splitlines()[-2].split()[0]) >= 400


def test_one_element_too_many_ends_the_process(run_guarded) -> None:
    done = run_guarded("touch")
    assert done.returncode == -11
    assert complaint(done).startswith("-11")
    assert done.stdout == "one element too many\n"
