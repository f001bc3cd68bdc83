"""Every block of README.md and docs/ runs and prints what the page says."""

from pathlib import Path

import pytest
from tests.docs.blocks import Block, read_blocks
from tests.docs.running import run_blocks

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Why a block may stay out: nothing else is a reason.
REASONS = ("needs the network", "takes minutes", "needs a display", "shape of a file")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_page_runs(page: Path, run_cli, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_blocks(read_blocks(page), run_cli, tmp_path) == []


def test_blocks_that_do_not_run_say_why() -> None:
    blocks = [block for page in PAGES for block in read_blocks(page)]
    unexplained = [
        f"{block}: {block.reason}"
        for block in blocks
        if block.reason and not block.reason.startswith(REASONS)
    ]
    assert unexplained == []


def read(text: str, folder: Path) -> list[Block]:
    page = folder / "page.md"
    page.write_text(text, encoding="utf-8")
    return read_blocks(page)


def test_blocks_are_read_with_their_lines(tmp_path: Path) -> None:
    text = (
        "# A\n\n```python\nx = 1\ny = 2\n```\n\n"
        "<!-- not run: because -->\n\n```sh\nls\n```\n"
    )
    first, second = read(text, tmp_path)
    assert (first.line, first.language, first.text) == (4, "python", "x = 1\ny = 2\n")
    assert first.reason == ""
    assert (second.line, second.language, second.reason) == (11, "sh", "because")


def test_an_open_block_is_found(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="never closed"):
        read("```python\nx = 1\n", tmp_path)


def test_blocks_share_names_from_top_to_bottom(tmp_path: Path, run_cli) -> None:
    text = "```python\nx = 2\n```\n\n```pycon\n>>> x + 1\n3\n```\n"
    assert run_blocks(read(text, tmp_path), run_cli, tmp_path) == []


def test_a_console_block_runs_and_is_compared(tmp_path: Path, run_cli) -> None:
    one, two = "$ depthwise --help\n...sage...\n", "$ python -m depthwise --help\n"
    text = f"```console\n{one}{two}```\n"
    assert run_blocks(read(text, tmp_path), run_cli, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```python\nx = 1\n1 / 0\n```", "page.md:3: ZeroDivisionError"),
        ("```python\nx = = 1\n```", "page.md:2: SyntaxError"),
        ("```pycon\n>>> 1 + 1\n3\n```", "page.md:2: "),
        ("```pycon\n>>> undefined\n```", "NameError"),
        ("```console\n$ ls\n```", "page.md:2: only depthwise runs here"),
        ("```console\n$ depthwise --help\nnot in the help\n```", "page.md:2: expected"),
        ("```console\n$ depthwise --no-such-option\n```", "page.md:2: exit code 2"),
        ("```\nx\n```", "a fence names one of"),
    ],
)
def test_a_wrong_block_is_found(
    text: str, problem: str, tmp_path: Path, run_cli
) -> None:
    found = run_blocks(read(text, tmp_path), run_cli, tmp_path)
    assert len(found) == 1
    assert problem in found[0]


def test_a_block_with_a_reason_stays_out(tmp_path: Path, run_cli) -> None:
    text = "<!-- not run: takes minutes -->\n```python\n1 / 0\n```\n"
    assert run_blocks(read(text, tmp_path), run_cli, tmp_path) == []
