"""Every public name is documented to the letter, and the reading can fail."""

from pathlib import Path

import pytest
from tests.meta.docstrings import find_undocumented

GOOD = '''"""A module."""

from dataclasses import dataclass


def double(value: int, *, times: int = 1) -> int:
    """Double a value.

    Args:
        value: Any number.
        times: How often,
            at least once.

    Returns:
        The doubled value.

    Example:
        >>> double(2)
        4
    """
    return value * 2**times


@dataclass(frozen=True)
class Pair:
    """Two numbers.

    Attributes:
        left: First.
        right: Second.

    Example:
        >>> Pair(1, 2).left
        1
    """

    left: int
    right: int

    def plus(self, other: int) -> int:
        """Add other to both and sum."""
        return self.left + self.right + other

    @property
    def total(self) -> int:
        """Sum of both."""
        return self.left + self.right


def _private(x):
    return x
'''


def test_everything_public_is_documented(repo_root: Path) -> None:
    assert find_undocumented(repo_root / "src") == []


def examine(folder: Path, code: str, room: str = "graph") -> list[str]:
    package = folder / "depthwise" / room
    package.mkdir(parents=True, exist_ok=True)
    (folder / "depthwise/__init__.py").write_text('"""Doc."""\n', encoding="utf-8")
    exports = f'"""Doc."""\nfrom depthwise.{room}.pair import Pair, double\n'
    (package / "__init__.py").write_text(exports, encoding="utf-8")
    (package / "pair.py").write_text(code, encoding="utf-8")
    return find_undocumented(folder)


def test_a_documented_module_passes(tmp_path: Path) -> None:
    assert examine(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"""A module."""', "", "a module needs a docstring"),
        ("        times: How often,\n", "", "double needs Args for times"),
        ("        value: Any number.\n", "", "double needs Args for value"),
        ("    Args:\n", "    Arguments:\n", "double needs Args for value, times"),
        ("    Returns:\n        The doubled value.\n", "", "double needs Returns"),
        ("        >>> double(2)\n", "", "double is exported and needs an Example"),
        ("        >>> Pair(1, 2).left\n", "", "Pair is exported and needs an Example"),
        ("        right: Second.\n", "", "Pair needs Args or Attributes for right"),
        ('        """Sum of both."""\n', "", "Pair.total needs a docstring"),
        ("Add other to both", "Add to both", "Pair.plus must name other"),
        ("def _private", "def public", "public needs a docstring"),
    ],
)
def test_a_missing_part_is_found(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in GOOD
    found = examine(tmp_path, GOOD.replace(old, new))
    assert len(found) == 1
    assert found[0].endswith(expected)
    assert "pair.py:" in found[0]


def test_help_texts_need_no_sections(tmp_path: Path) -> None:
    code = '"""Doc."""\ndef double(value: int) -> int:\n    """Double it."""\n'
    assert examine(tmp_path, code, room="cli") == []


def test_a_command_needs_a_help_text(tmp_path: Path) -> None:
    code = '"""Doc."""\ndef double(value: int) -> int:\n    return value\n'
    assert len(examine(tmp_path, code, room="cli")) == 1
