"""Files, functions and lines stay small, and the measuring can fail."""

from pathlib import Path

import pytest
from tests.meta.budget import (
    EXCEPTIONS,
    count_code_lines,
    count_nodes,
    find_excess,
    find_large_files,
)
from tests.meta.source_tree import Module


def test_the_package_is_within_budget(repo_root: Path) -> None:
    assert find_excess(repo_root / "src") == []


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_no_other_file_is_too_large(folder: str, repo_root: Path) -> None:
    assert find_large_files(repo_root / folder) == []


def test_every_exception_has_a_reason_and_a_file(repo_root: Path) -> None:
    assert all(EXCEPTIONS.values())
    assert [
        path for path in EXCEPTIONS if not (repo_root / "src" / path).is_file()
    ] == []


def plant(folder: Path, files: dict[str, str], **exceptions: str) -> list[str]:
    for name, text in files.items():
        path = folder / "depthwise" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return find_excess(folder, exceptions)


def test_a_small_tree_passes(tmp_path: Path) -> None:
    assert plant(tmp_path, {"one.py": "x = 1\n", "two.py": "y = 2\n"}) == []


def test_a_large_file_is_found(tmp_path: Path) -> None:
    files = {"big.py": "x = 1\n" * 401, "a.py": "x = 1\n", "b.py": "x = 1\n"}
    found = plant(tmp_path, files)
    assert len(found) == 1
    assert "at most 400 lines a file; got 401" in found[0]
    assert len(find_large_files(tmp_path)) == 1


def test_an_exception_admits_a_large_file(tmp_path: Path) -> None:
    files = {"big.py": "x = 1\n" * 401, "a.py": "x = 1\n", "b.py": "x = 1\n"}
    (tmp_path / "depthwise").mkdir()
    plant(tmp_path, files)
    assert find_excess(tmp_path, {"depthwise/big.py": "a table from a paper"}) == []


def test_a_large_median_is_found(tmp_path: Path) -> None:
    found = plant(tmp_path, {"one.py": "x = 1\n" * 131})
    assert found == ["the median file has at most 130 lines; got 131"]


def test_long_functions_are_found(tmp_path: Path) -> None:
    long = "def f():\n" + "    x = 1\n" * 40
    short = "def g():\n    return 1\n"
    found = plant(tmp_path, {"one.py": long + short * 18})
    assert len(found) == 1
    assert "1 of 19 have more" in found[0]
    assert plant(tmp_path, {"one.py": long + short * 19}) == []


DENSE = "x = [a(b, c), d(e, f), g(h)]\n"
RULE = "at most 6.0 syntax nodes a code line, 7.0 in one room; "


def test_dense_lines_are_found(tmp_path: Path) -> None:
    found = plant(tmp_path, {"room/one.py": DENSE, "other/one.py": "x = 1\n"})
    assert found == [
        f"{RULE}the package has 8.5",
        f"{RULE}other has 3.0",
        f"{RULE}room has 14.0",
    ]


def test_a_dense_room_does_not_hide_behind_the_others(tmp_path: Path) -> None:
    found = plant(tmp_path, {"room/one.py": DENSE, "other/one.py": "x = 1\n" * 9})
    assert found == [f"{RULE}room has 14.0"]


def test_counting_leaves_out_comments_blank_lines_and_docstrings(
    tmp_path: Path,
) -> None:
    path = tmp_path / "one.py"
    path.write_text('"""Doc.\n\nMore.\n"""\n\n# why\nx = 1\n\ny = """a\nb"""\n')
    module = Module("one", path)
    assert count_code_lines(module) == 3
    assert count_nodes(module.tree) == 6
