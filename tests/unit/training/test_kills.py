"""Killed with SIGKILL and resumed: the same bits as a run that was left alone."""

from __future__ import annotations

import json
import subprocess
import sys


def test_killed_and_resumed_equals_unbroken(cli_env, repo_root, tmp_path) -> None:
    script = [sys.executable, "-m", "benchmarks.accept_kill_and_resume"]
    done = subprocess.run(
        [*script, "--kills", "4", "--out", str(tmp_path / "found.json")],
        env={**cli_env, "OMP_NUM_THREADS": "1"},
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] == 4
    assert 0 < max(found["epochs_at_kills"]) < found["epochs"]
    assert found["equal_weights"]
    assert found["equal_best_weights"]
    assert found["equal_average"]
    assert found["equal_metrics"]
