"""Run the blocks of a page as a reader would, top to bottom in one folder."""

import doctest
import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from tests.docs.blocks import Block

RUN = {"python", "pycon", "console"}
SHOWN = {"sh", "text", "json", "toml", "mermaid", "diff"}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_PROGRAMS = (["depthwise"], ["python", "-m", "depthwise"])

RunCli = Callable[..., "CompletedProcess[str]"]


def run_blocks(blocks: list[Block], run_cli: RunCli, folder: Path) -> list[str]:
    """Run what can be run; later blocks see the names and files of earlier ones.

    Returns sentences on what went wrong, each beginning with file:line.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    problems: list[str] = []
    for block in blocks:
        if block.reason or block.language in SHOWN:
            continue
        if block.language == "python":
            problems += _run_python(block, names)
        elif block.language == "pycon":
            problems += _run_session(block, names)
        elif block.language == "console":
            problems += _run_console(block, run_cli, folder)
        else:
            known = ", ".join(sorted(RUN | SHOWN))
            problems.append(f"{block}: a fence names one of {known}")
    return problems


def _run_python(block: Block, names: dict[str, Any]) -> list[str]:
    padding = "\n" * (block.line - 1)
    try:
        exec(compile(padding + block.text, str(block.path), "exec"), names)  # noqa: S102 - the page is ours
    except Exception as error:  # noqa: BLE001 - whatever it is, the page is wrong
        trace = error.__traceback__ and error.__traceback__.tb_next
        line = trace.tb_lineno if trace else block.line
        return [f"{block.path.name}:{line}: {type(error).__name__}: {error}"]
    return []


def _run_session(block: Block, names: dict[str, Any]) -> list[str]:
    parser = doctest.DocTestParser()
    test = parser.get_doctest(
        block.text, {}, block.path.name, str(block.path), block.line - 1
    )
    test.globs = names
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
    failed, _ = runner.run(test, out=report.append, clear_globs=False)
    return [f"{block}: {''.join(report)}"] if failed else []


def _run_console(block: Block, run_cli: RunCli, folder: Path) -> list[str]:
    problems = []
    for offset, command, expected in _commands(block.text):
        place = f"{block.path.name}:{block.line + offset}"
        program = next((p for p in _PROGRAMS if command[: len(p)] == p), None)
        if program is None:
            problems.append(f"{place}: only depthwise runs here; use a sh fence")
            continue
        done = run_cli(*command[len(program) :], cwd=folder)
        out = done.stdout + done.stderr
        if done.returncode:
            problems.append(f"{place}: exit code {done.returncode}\n{out}")
        elif expected and not _matches(expected, done.stdout):
            problems.append(f"{place}: expected\n{expected}got\n{done.stdout}")
    return problems


def _commands(text: str) -> list[tuple[int, list[str], str]]:
    """(line offset, words, expected output) of each ``$`` line."""
    found: list[tuple[int, list[str], str]] = []
    for offset, line in enumerate(text.splitlines()):
        if line.startswith("$ "):
            found.append((offset, shlex.split(line[2:], comments=True), ""))
        elif found:
            start, words, expected = found[-1]
            found[-1] = (start, words, f"{expected}{line}\n")
    return found


def _matches(expected: str, got: str) -> bool:
    return doctest.OutputChecker().check_output(expected, got, FLAGS)
