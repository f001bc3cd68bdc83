"""Every Example in a docstring of the package runs and gives what it shows."""

import doctest
import importlib
from pathlib import Path
from types import ModuleType

import pytest
from tests.docs.running import FLAGS
from tests.meta.source_tree import read_modules

ROOT = Path(__file__).resolve().parents[2]
MODULES = [
    name
    for name, module in read_modules(ROOT / "src").items()
    if ">>>" in module.text and not name.endswith("__main__")
]


def run_examples(module: ModuleType) -> tuple[int, str]:
    """(examples run, report of those that failed)."""
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        runner.run(test, out=report.append)
    return runner.tries, "".join(report)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    tries, report = run_examples(importlib.import_module(name))
    assert tries > 0
    assert report == ""


def test_a_wrong_example_is_found() -> None:
    module = ModuleType("planted", ">>> 1 + 1\n3\n")
    tries, report = run_examples(module)
    assert tries == 1
    assert "Expected:\n    3\nGot:\n    2" in report
