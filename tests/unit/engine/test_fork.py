"""Networks after a fork: memory of its own, locks open, the parent's team unharmed."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMON = """
import os, sys, threading
import numpy as np
from depthwise.engine import compile_graph
from depthwise.graph import Batch, Graph, Input, Node, TensorType

threads = int(sys.argv[1])
x = Input("x", TensorType("float32", (Batch(), 64, 32, 32)))
w = np.ones((64, 64, 1, 1), "float32")
node = Node("Conv", ("x", "w"), ("y",))
graph = Graph("g", (x,), ("y",), (node,), {"w": w})
network = compile_graph(graph, threads=threads, cache=None)

def check(value, times):
    given = np.full((1, 64, 32, 32), value, "float32")
    for _ in range(times):
        assert (network(given) == 64 * value).all(), value

check(1, 2)
"""

BOTH_GO_ON = """
for value in (2, 3):
    if not os.fork():
        check(value, 40)
        sys.exit(0)  # runs what is registered for the end, as the parent will
check(5, 40)
assert [os.wait()[1] for _ in range(2)] == [0, 0]
check(7, 5)
print("good")
"""

WHILE_IT_RUNS = """
stop = threading.Event()
def work():
    while not stop.is_set():
        check(3, 1)
worker = threading.Thread(target=work)
worker.start()
codes = []
for _ in range(5):
    pid = os.fork()
    if not pid:
        compile_graph(graph, threads=1, cache=None)
        check(2, 3)
        os._exit(0)
    codes.append(os.waitpid(pid, 0)[1])
stop.set()
worker.join()
assert codes == [0] * 5, codes
print("good")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork on Windows")
@pytest.mark.parametrize("threads", ["1", "2"])
@pytest.mark.parametrize("script", [BOTH_GO_ON, WHILE_IT_RUNS], ids=["both", "amid"])
def test_a_fork_is_a_process_like_any_other(
    script: str, threads: str, cli_env: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "script.py"
    path.write_text(COMMON + script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(path), threads],
        env=cli_env,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "good\n"
