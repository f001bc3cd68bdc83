"""What public docstrings must say: every argument, the result, and an example.

- Every public module, class, function and method has a docstring.
- A public function with arguments has ``Args`` naming each of them, and ``Returns``
  (or ``Yields``) unless it returns None.
- A public method names each of its arguments somewhere in its docstring.
- A class names its fields, or the arguments of its ``__init__``.
- What a room's ``__init__`` exports has an ``Example``.

Names that begin with ``_``, overloads and nested functions are free. Commands
(the room ``cli``) need a docstring alone: it is their help text.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.meta.source_tree import Module, find_imports, read_modules

Function = ast.FunctionDef | ast.AsyncFunctionDef
_NO_RESULT = {"None", "NoReturn", "Never", ""}
_HELP_TEXT_ROOMS = {"cli", "__main__"}
_HAS_RETURNS = re.compile(r"^(Returns|Yields):$", re.MULTILINE)
# Bases whose subclasses say enough by their docstring.
_PLAIN_BASES = {"Protocol", "Exception", "Error", "Enum", "StrEnum", "IntEnum"}


def find_undocumented(source: Path) -> list[str]:
    """Sentences on public names of the package that say too little."""
    modules = read_modules(source)
    exported = set[tuple[str, str]]()
    for module in modules.values():
        is_room = module.is_package and module.name.count(".") == 1
        if is_room and module.room not in _HELP_TEXT_ROOMS:
            exported |= _exports(module, modules)
    found = []
    for module in modules.values():
        if not ast.get_docstring(module.tree):
            found.append(f"{module.path}:1: a module needs a docstring")
        for node in module.tree.body:
            examined = _examine(module, node, exported)
            found += [f"{module.path}:{line}: {text}" for line, text in examined]
    return found


def _exports(package: Module, modules: dict[str, Module]) -> set[tuple[str, str]]:
    """(module, name) of what a package offers: imported there or written there."""
    targets = [item.target or "" for item in find_imports(package)]
    pairs = {tuple(target.rsplit(".", maxsplit=1)) for target in targets}
    imported = {(p[0], p[1]) for p in pairs if len(p) == 2 and p[0] in modules}
    own = {(package.name, getattr(n, "name", "")) for n in package.tree.body}
    return imported | own


def _examine(
    module: Module, node: ast.stmt, exported: set[tuple[str, str]]
) -> Iterator[tuple[int, str]]:
    if not isinstance(node, (Function, ast.ClassDef)) or _is_free(node):
        return
    text = ast.get_docstring(node)
    if text is None:
        yield node.lineno, f"{node.name} needs a docstring"
    elif module.room not in _HELP_TEXT_ROOMS:
        yield from _examine_text(node, text)
        needs_example = (module.name, node.name) in exported and not _is_plain(node)
        if needs_example and ("Example" not in text or ">>>" not in text):
            yield node.lineno, f"{node.name} is exported and needs an Example"
    if isinstance(node, ast.ClassDef):
        yield from _examine_methods(node, module.room in _HELP_TEXT_ROOMS)


def _examine_text(
    node: Function | ast.ClassDef, text: str
) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.ClassDef):
        missing = [] if _is_plain(node) else _unnamed(_fields(node), text)
        section = "Args or Attributes"
    else:
        missing = _unnamed_in_section(_parameters(node), text)
        section = "Args"
        if _needs_returns(node) and not _HAS_RETURNS.search(text):
            yield node.lineno, f"{node.name} needs Returns"
    if missing:
        names = ", ".join(missing)
        yield node.lineno, f"{node.name} needs {section} for {names}"


def _examine_methods(owner: ast.ClassDef, is_help: bool) -> Iterator[tuple[int, str]]:
    for node in owner.body:
        if not isinstance(node, Function) or _is_free(node):
            continue
        text = ast.get_docstring(node)
        name = f"{owner.name}.{node.name}"
        if text is None:
            yield node.lineno, f"{name} needs a docstring"
        elif not is_help and (missing := _unnamed(_parameters(node)[1:], text)):
            yield node.lineno, f"{name} must name {', '.join(missing)}"


def _is_free(node: Function | ast.ClassDef) -> bool:
    marks = {_last_name(mark) for mark in node.decorator_list}
    return node.name.startswith("_") or bool(marks & {"overload", "setter", "override"})


def _is_plain(node: ast.stmt) -> bool:
    bases = node.bases if isinstance(node, ast.ClassDef) else []
    names = {_last_name(base) for base in bases}
    return any(name.endswith(tuple(_PLAIN_BASES)) for name in names)


def _last_name(node: ast.expr) -> str:
    while isinstance(node, (ast.Call, ast.Subscript)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return ast.unparse(node).rsplit(".", maxsplit=1)[-1]


def _parameters(node: Function) -> list[str]:
    spec = node.args
    stars = [star for star in (spec.vararg, spec.kwarg) if star]
    return [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *stars)]


def _fields(node: ast.ClassDef) -> list[str]:
    """Names that building an instance takes: dataclass fields, or __init__'s."""
    marks = {_last_name(mark) for mark in node.decorator_list}
    bases = {_last_name(base) for base in node.bases}
    if "dataclass" in marks or "NamedTuple" in bases:
        fields = (item for item in node.body if isinstance(item, ast.AnnAssign))
        taken = [
            item for item in fields if "ClassVar" not in ast.unparse(item.annotation)
        ]
        return [ast.unparse(item.target) for item in taken]
    for item in node.body:
        if isinstance(item, Function) and item.name == "__init__":
            return _parameters(item)[1:]
    return []


def _needs_returns(node: Function) -> bool:
    result = ast.unparse(node.returns) if node.returns else ""
    return bool(_parameters(node)) and result not in _NO_RESULT


def _unnamed(names: list[str], text: str) -> list[str]:
    public = [name for name in names if not name.startswith("_")]
    return [name for name in public if not re.search(rf"\b{re.escape(name)}\b", text)]


def _unnamed_in_section(names: list[str], text: str) -> list[str]:
    match = re.search(r"^Args:\n((?:[ ].*\n?|\n)*)", text, re.MULTILINE)
    section = match.group(1) if match else ""
    listed = re.findall(r"^    ([\w, *]+?)(?: \([^)]*\))?:", section, re.MULTILINE)
    known = {name.strip(" *") for row in listed for name in row.split(",")}
    return [n for n in names if not n.startswith("_") and n not in known]
