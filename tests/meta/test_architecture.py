"""The real imports equal the declared table, and the comparison can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.meta.architecture import ROOMS, find_cycles, find_violations
from tests.meta.source_tree import PACKAGE, read_modules

HEAVY = ("torch", "lightning", "llvmlite")


def test_imports_follow_the_table(repo_root: Path) -> None:
    assert find_violations(repo_root / "src") == []


def test_every_room_of_the_table_exists(repo_root: Path) -> None:
    rooms = {module.room for module in read_modules(repo_root / "src").values()}
    assert rooms == set(ROOMS)


def test_the_table_itself_has_no_cycle() -> None:
    # Rooms that are no one's import any more can be taken away; a cycle stays.
    left = {room: set(targets) for room, targets in ROOMS.items()}
    while free := [room for room, targets in left.items() if not targets & set(left)]:
        for room in free:
            del left[room]
    assert left == {}


@pytest.fixture
def copy(repo_root: Path, tmp_path: Path) -> Path:
    shutil.copytree(repo_root / "src", tmp_path / "src")
    return tmp_path / "src"


def plant(copy: Path, name: str, code: str) -> list[str]:
    """Write a file into the copy; violations that were not there before."""
    before = find_violations(copy)
    path = copy / PACKAGE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")
    return [problem for problem in find_violations(copy) if problem not in before]


@pytest.mark.parametrize(
    "code",
    [
        "import torch\n",
        "import torch.nn.functional as F\n",
        "def f():\n    import torch\n",
        "def f():\n    from torch import nn\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\n",
        'import importlib\nt = importlib.import_module("torch")\n',
        'from importlib import import_module as load\nt = load("torch")\n',
        't = __import__("torch")\n',
        'import importlib\nt = importlib.import_module(name="torch.nn")\n',
        'import importlib\nt = importlib.import_module("tor" + "ch")\n',
        "from safetensors.torch import load_file\n",
        "import lightning as L\n",
        "import llvmlite.binding as llvm\n",
        "import polars\n",
        "from depthwise.nn import anything\n",
        "from ..nn import anything\n",
        "from .. import bridge\n",
        "from depthwise import DepthwiseError\n",
        "def f():\n    from depthwise.jobs import open_model\n",
    ],
)
def test_a_planted_import_is_found(copy: Path, code: str) -> None:
    found = plant(copy, "costing/planted.py", code)
    assert len(found) == 1
    assert "planted.py" in found[0]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nn/planted.py", "import torch\nfrom safetensors.torch import load_file\n"),
        ("engine/planted.py", "from llvmlite import ir\n"),
        ("costing/planted.py", "import numpy\nfrom depthwise.graph import Anything\n"),
        ("measure/peers/planted.py", "def f():\n    import onnxruntime\n"),
        ("report/planted.py", "import jinja2\nfrom depthwise.costing import Cost\n"),
    ],
)
def test_an_allowed_import_passes(copy: Path, name: str, code: str) -> None:
    assert plant(copy, name, code) == []


def test_peers_stay_in_their_folder(copy: Path) -> None:
    assert len(plant(copy, "measure/planted.py", "import onnxruntime\n")) == 1


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc", "base"])
def test_an_empty_name_is_found(copy: Path, name: str) -> None:
    assert len(plant(copy, f"graph/{name}.py", "")) == 1


def test_an_undeclared_room_is_found(copy: Path) -> None:
    assert "no room" in plant(copy, "attic/__init__.py", "")[0]


def test_a_deferred_cycle_is_found(copy: Path) -> None:
    plant(copy, "graph/one.py", "from depthwise.graph import two\n")
    found = plant(
        copy, "graph/two.py", "def f():\n    from depthwise.graph.one import x\n"
    )
    assert len(found) == 1
    assert "depthwise.graph.one -> depthwise.graph.two" in found[0]


def test_there_is_no_cycle(repo_root: Path) -> None:
    assert find_cycles(read_modules(repo_root / "src")) == []


@pytest.mark.parametrize(
    "code",
    ["import depthwise", "import runpy; runpy.run_module('depthwise', None, 'x')"],
)
def test_importing_loads_nothing_heavy(code: str, cli_env: dict[str, str]) -> None:
    assert loaded(code, [], cli_env) == ""


def test_help_loads_nothing_heavy(cli_env: dict[str, str]) -> None:
    code = "import runpy; runpy.run_module('depthwise', None, '__main__')"
    assert loaded(code, ["--help"], cli_env) == ""


def loaded(code: str, arguments: list[str], env: dict[str, str]) -> str:
    """Heavy modules that are in memory after running ``code``, comma separated."""
    script = (
        "import atexit, sys\n"
        f"heavy = lambda: ','.join(n for n in {HEAVY} if n in sys.modules)\n"
        "atexit.register(lambda: print('LOADED', heavy()))\n"
        f"{code}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.rsplit("LOADED", maxsplit=1)[1].strip()


def test_the_memory_check_can_fail(cli_env: dict[str, str]) -> None:
    assert loaded("import llvmlite", [], cli_env) == "llvmlite"
