"""What the project must not say: paths of one machine, and promises in the code."""

import re
import subprocess
from pathlib import Path

import pytest

# Written in two halves: this file is read by its own test.
FOLDERS = ("home/", "root/", "work/", "Users/", "workspace/")
MACHINE_PATH = re.compile(r"(?<![\w.~}*-])/(?:" + "|".join(FOLDERS) + r")")
PROMISES = re.compile(
    r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|NotImplemented" + r"Error)\b"
)


def tracked_files(repo: Path) -> list[Path]:
    """Files that are committed or could be: what git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, check=True)
    paths = [repo / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def find_wording(paths: list[Path], pattern: re.Pattern[str]) -> list[str]:
    """Lines of text files that hold the pattern."""
    found = []
    for path in paths:
        content = path.read_bytes()
        if b"\0" not in content:
            lines = content.decode("utf-8").splitlines()
            hits = [n for n, line in enumerate(lines, start=1) if pattern.search(line)]
            found += [f"{path}:{number}" for number in hits]
    return found


def test_no_file_names_a_machine(repo_root: Path) -> None:
    assert find_wording(tracked_files(repo_root), MACHINE_PATH) == []


def test_the_code_makes_no_promises(repo_root: Path) -> None:
    sources = sorted((repo_root / "src").rglob("*.py"))
    assert find_wording(sources, PROMISES) == []


@pytest.mark.parametrize(
    "line",
    [
        f"see {'/' + FOLDERS[0]}me/x",
        f'"{"/" + FOLDERS[2]}data"',
        "/" + FOLDERS[1] + "a",
    ],
)
def test_a_machine_path_is_found(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"fine\n{line}\n")
    assert find_wording([tmp_path / "a.md"], MACHINE_PATH) == [f"{tmp_path / 'a.md'}:2"]


@pytest.mark.parametrize(
    "line",
    ["https://x.org/" + FOLDERS[0], "frame" + "/" + FOLDERS[2], "../" + FOLDERS[2]],
)
def test_other_slashes_pass(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(line)
    assert find_wording([tmp_path / "a.md"], MACHINE_PATH) == []


@pytest.mark.parametrize(
    "word", ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error"]
)
def test_a_promise_is_found(word: str, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(f"# {word}: later\n")
    assert len(find_wording([tmp_path / "a.py"], PROMISES)) == 1
