"""One run at a time in a folder, and none locked out by one that was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.unit.training.small import small_net

from depthwise.errors import TrainingError
from depthwise.training import claimed, is_vacant, train
from depthwise.training.claim import CLAIM

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys, time
from pathlib import Path
from depthwise.training import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
# One that another process keeps claimed for two seconds after this one is killed.
SHARE = """
import multiprocessing, os, signal, sys, time
from pathlib import Path
from depthwise.training import claimed
from depthwise.training.claim import share_of
def work(share, folder):
    print("held", flush=True)
    time.sleep(2)
    (folder / "late").touch()
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with claimed(folder):
        spawn = multiprocessing.get_context("spawn")
        spawn.Process(target=work, args=(share_of(folder), folder)).start()
        time.sleep(60)
"""
COUNT = """
import sys
from pathlib import Path
from depthwise.errors import TrainingError
from depthwise.training import claimed
number, left = Path(sys.argv[1], "number"), 50
while left:
    try:
        with claimed(number.parent):
            number.write_text(str(int(number.read_text()) + 1))
            left -= 1
    except TrainingError:
        pass
"""


@pytest.fixture
def start(cli_env, repo_root, tmp_path):
    """Start a script that is ended after the test."""
    started = []

    def begin(script: str, folder: Path, words: str = "") -> subprocess.Popen[str]:
        file = tmp_path / f"script{len(started)}.py"
        file.write_text(script)
        process = subprocess.Popen(
            [sys.executable, file, folder],
            env={**cli_env, "PYTHONPATH": str(repo_root / "src")},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        if words:
            assert process.stdout.readline() == f"{words}\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_a_second_run_is_refused(start, digits, parts, settings, tmp_path) -> None:
    folder = tmp_path / "run"
    holder = start(HOLD, folder, "held")
    plan = replace(settings, epochs=1)
    with pytest.raises(TrainingError, match="one run at a time") as caught:
        train(small_net(), digits, parts, plan, folder=folder, progress=False)
    assert f"process {holder.pid} on " in caught.value.message
    assert [path.name for path in folder.iterdir()] == [CLAIM]


def test_what_a_killed_run_left_locks_nobody_out(
    start, digits, parts, settings, tmp_path
) -> None:
    folder = tmp_path / "run"
    holder = start(HOLD, folder, "held")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (folder / CLAIM).exists()
    plan = replace(settings, epochs=1)
    train(small_net(), digits, parts, plan, folder=folder, progress=False)
    assert not (folder / CLAIM).exists()


def test_a_killed_run_holds_its_folder_until_its_processes_end(start, tmp_path) -> None:
    folder = tmp_path / "run"
    holder = start(SHARE, folder, "held")
    holder.send_signal(signal.SIGKILL)
    os.waitpid(holder.pid, 0)
    with claimed(folder):
        assert (folder / "late").exists()


def test_what_is_read_and_written_back_under_a_claim_is_never_lost(
    start, tmp_path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "number").write_text("0")
    for process in [start(COUNT, folder) for _ in range(3)]:
        assert process.wait() == 0
    assert (folder / "number").read_text() == "150"


def test_a_refused_run_leaves_no_folder(tmp_path) -> None:
    with pytest.raises(ZeroDivisionError), claimed(tmp_path / "runs" / "a"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_a_holder_may_claim_again(tmp_path) -> None:
    with claimed(tmp_path):
        with claimed(tmp_path):
            pass
        assert (tmp_path / CLAIM).exists()
        assert is_vacant(tmp_path)
    assert not (tmp_path / CLAIM).exists()
