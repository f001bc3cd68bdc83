"""Every test can fail: it asserts something, and so do the checkers it leans on.

A comparison helper in tests/ is a function named ``check_*`` or ``assert_*``. For each
there is a test named ``test_<helper>_can_fail`` that hands it something wrong inside
``pytest.raises``.
"""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

HELPERS = ("check_", "assert_")
ASSERTING = (*HELPERS, "expect_")
PYTEST = {"raises", "warns", "fail", "deprecated_call"}


def read_tests(folder: Path) -> dict[Path, ast.Module]:
    paths = sorted(folder.rglob("*.py"))
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def functions(trees: Iterable[ast.Module], *prefixes: str) -> list[ast.FunctionDef]:
    nodes = (node for tree in trees for node in ast.walk(tree))
    found = (node for node in nodes if isinstance(node, ast.FunctionDef))
    return [node for node in found if node.name.startswith(prefixes)]


def called(node: ast.AST) -> set[str]:
    """Last names of everything called within a function."""
    calls = (item.func for item in ast.walk(node) if isinstance(item, ast.Call))
    return {ast.unparse(call).rsplit(".", maxsplit=1)[-1] for call in calls}


def asserts(node: ast.FunctionDef) -> bool:
    plain = (item.test for item in ast.walk(node) if isinstance(item, ast.Assert))
    if not all(isinstance(test, ast.Constant) for test in plain):
        return True
    names = called(node)
    return bool(names & PYTEST) or any(name.startswith(ASSERTING) for name in names)


def find_idle_tests(folder: Path) -> list[str]:
    """Tests below ``folder`` that assert nothing."""
    trees = read_tests(folder)
    return [
        f"{path}:{node.lineno}: {node.name} asserts nothing"
        for path, tree in trees.items()
        for node in functions([tree], "test_")
        if not asserts(node)
    ]


def find_untested_helpers(folder: Path) -> list[str]:
    """Comparison helpers below ``folder`` that no test has seen fail."""
    trees = read_tests(folder).values()
    proofs = {node.name: node for node in functions(trees, "test_")}
    found = []
    for helper in functions(trees, *HELPERS):
        proof = proofs.get(f"test_{helper.name}_can_fail")
        if proof is None or not {helper.name, "raises"} <= called(proof):
            found.append(f"{helper.name} needs a test_{helper.name}_can_fail")
    return found


def find_mocks(folder: Path) -> list[str]:
    """Files below ``folder`` that replace a real part by a mock."""
    found = []
    for path, tree in read_tests(folder).items():
        imports = [
            n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))
        ]
        if any("mock" in ast.unparse(node) for node in imports):
            found.append(f"{path}: run the real part, not a mock")
    return found


@pytest.mark.parametrize("find", [find_idle_tests, find_untested_helpers, find_mocks])
def test_the_suite_is_sound(find, repo_root: Path) -> None:
    assert find(repo_root / "tests") == []


@pytest.mark.parametrize(
    "body",
    [
        "assert f(1) == 2",
        "with pytest.raises(ValueError): f(1)",
        "np.testing.assert_array_equal(f(1), 2)",
        "check_equal(f(1), 2)",
        "def inner():\n        assert f(1) == 2\n    inner()",
    ],
)
def test_an_asserting_test_passes(body: str, tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(f"def test_x():\n    {body}\n")
    assert find_idle_tests(tmp_path) == []


@pytest.mark.parametrize("body", ["f(1)", "assert True", "print(f(1) == 2)", "pass"])
def test_an_idle_test_is_found(body: str, tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(
        f"class TestX:\n  def test_x(self):\n    {body}\n"
    )
    assert len(find_idle_tests(tmp_path)) == 1


@pytest.mark.parametrize(
    ("proof", "problems"),
    [
        ("def test_check_equal_can_fail():\n  with raises(E): check_equal(1, 2)\n", 0),
        ("def test_check_equal_can_fail():\n  check_equal(1, 2)\n", 1),
        ("def test_check_equal_can_fail():\n  with raises(E): other(1, 2)\n", 1),
        ("", 1),
    ],
)
def test_a_helper_needs_its_proof(proof: str, problems: int, tmp_path: Path) -> None:
    helper = "def check_equal(a, b):\n    assert a == b\n"
    (tmp_path / "compare.py").write_text(helper + proof)
    assert len(find_untested_helpers(tmp_path)) == problems


def test_a_mock_is_found(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text("from unittest import mock\n")
    assert len(find_mocks(tmp_path)) == 1
