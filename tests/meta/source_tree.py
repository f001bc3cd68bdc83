"""Read a source tree: its modules, and every import in them wherever it hides."""

import ast
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

PACKAGE = "depthwise"


@dataclass(frozen=True)
class Import:
    """One import: the dotted name asked for, or None where it is not a literal."""

    target: str | None
    line: int


@dataclass(frozen=True)
class Module:
    """One source file and the dotted name that Python gives it."""

    name: str
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def room(self) -> str:
        """First name below the package; the package itself is the room ''."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else ""


def read_modules(source: Path) -> dict[str, Module]:
    """Modules below ``source`` (the folder that holds the package), by dotted name."""
    modules = {}
    for path in sorted((source / PACKAGE).rglob("*.py")):
        parts = path.relative_to(source).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        name = ".".join(parts)
        modules[name] = Module(name, path)
    return modules


def find_imports(module: Module) -> tuple[Import, ...]:
    """Every import of a file: top level, in functions, in TYPE_CHECKING, by call."""
    parts = module.name.split(".")
    return _find_imports(tuple(parts if module.is_package else parts[:-1]), module.text)


@cache  # many tests look at the same files in copies of the tree
def _find_imports(package: tuple[str, ...], text: str) -> tuple[Import, ...]:
    tree = ast.parse(text)
    importers = _importer_names(tree)
    found: list[Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(package, node)
            names = [f"{base}.{alias.name}" for alias in node.names]
            found += [Import(name, node.lineno) for name in names]
        elif isinstance(node, ast.Call) and _called(node) in importers:
            found.append(Import(_literal(node), node.lineno))
    return tuple(found)


def _absolute(package: tuple[str, ...], node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _importer_names(tree: ast.Module) -> set[str]:
    """Names under which a file can call an import function."""
    names = {"__import__", "import_module"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "importlib":
            wanted = (a for a in node.names if a.name == "import_module")
            names |= {alias.asname or alias.name for alias in wanted}
    return names


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _literal(node: ast.Call) -> str | None:
    values = [*node.args, *(k.value for k in node.keywords if k.arg == "name")]
    if values and isinstance(values[0], ast.Constant):
        return str(values[0].value)
    return None
