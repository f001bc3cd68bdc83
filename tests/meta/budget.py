"""How long files and functions are, and how dense their lines."""

import ast
import io
import statistics
import tokenize
from pathlib import Path

from tests.meta.source_tree import Module, read_modules

MEDIAN_FILE = 130
LARGEST_FILE = 400
P95_FUNCTION = 40
NODES_PER_LINE = 6.0
# One room may be somewhat denser than the whole, which must not hide a dense room.
NODES_PER_LINE_IN_A_ROOM = 7.0

# Path below the source folder -> why this file may be larger than LARGEST_FILE.
EXCEPTIONS: dict[str, str] = {}

_BLANK = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def find_excess(source: Path, exceptions: dict[str, str] = EXCEPTIONS) -> list[str]:
    """Sentences on what is over the budget of the package in ``source``."""
    modules = list(read_modules(source).values())
    return [
        *_large_files(source, exceptions),
        *_median_file(modules),
        *_long_functions(modules),
        *_dense_parts(modules),
    ]


def find_large_files(folder: Path) -> list[str]:
    """Files below ``folder`` that are longer than the largest may be."""
    return _large_files(folder, {})


def _large_files(folder: Path, exceptions: dict[str, str]) -> list[str]:
    sizes = {path: _lines(path) for path in sorted(folder.rglob("*.py"))}
    return [
        f"{path}: at most {LARGEST_FILE} lines a file; got {size}"
        for path, size in sizes.items()
        if size > LARGEST_FILE and path.relative_to(folder).as_posix() not in exceptions
    ]


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _median_file(modules: list[Module]) -> list[str]:
    median = statistics.median(_lines(module.path) for module in modules)
    if median <= MEDIAN_FILE:
        return []
    return [f"the median file has at most {MEDIAN_FILE} lines; got {median}"]


def _long_functions(modules: list[Module]) -> list[str]:
    lengths = sorted(
        ((node.end_lineno or 0) - node.lineno + 1, f"{module.path}:{node.lineno}")
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    long = [item for item in lengths if item[0] > P95_FUNCTION]
    if len(long) * 20 <= len(lengths):
        return []
    longest = ", ".join(f"{place} ({length})" for length, place in reversed(long))
    rule = f"95 % of functions have at most {P95_FUNCTION} lines"
    return [f"{rule}; {len(long)} of {len(lengths)} have more: {longest}"]


def _dense_parts(modules: list[Module]) -> list[str]:
    rooms = sorted({module.room for module in modules} - {""})
    parts = {room: [m for m in modules if m.room == room] for room in rooms}
    dense = {room: _density(part) for room, part in parts.items()}
    over = {r: d for r, d in dense.items() if d > NODES_PER_LINE_IN_A_ROOM}
    whole = _density(modules)
    if whole > NODES_PER_LINE:
        over = {"the package": whole, **dense}
    rule = f"at most {NODES_PER_LINE} syntax nodes a code line"
    rule += f", {NODES_PER_LINE_IN_A_ROOM} in one room"
    return [f"{rule}; {part} has {density}" for part, density in over.items()]


def _density(modules: list[Module]) -> float:
    nodes = sum(count_nodes(module.tree) for module in modules)
    lines = sum(count_code_lines(module) for module in modules)
    return round(nodes / max(lines, 1), 1)


def count_nodes(tree: ast.Module) -> int:
    """Expressions and statements of a file, docstrings left out."""
    counted = sum(isinstance(node, (ast.expr, ast.stmt)) for node in ast.walk(tree))
    return counted - 2 * len(_docstrings(tree))


def count_code_lines(module: Module) -> int:
    """Lines that hold code: no blank lines, comments or docstrings."""
    used: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type not in _BLANK:
            used.update(range(token.start[0], token.end[0] + 1))
    for string in _docstrings(module.tree):
        used.difference_update(range(string.lineno, (string.end_lineno or 0) + 1))
    return len(used)


def _docstrings(tree: ast.Module) -> list[ast.stmt]:
    return [
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None
    ]
