"""Public names stay callable whatever was imported, and are declared once each."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.meta.source_tree import find_imports, read_modules

import depthwise

# Import every module, then look at every public name: a submodule that bears the
# name of a public function would have taken its place.
SCRIPT = """
import importlib, json, pkgutil, sys, types, warnings
warnings.simplefilter("error")
package = importlib.import_module(sys.argv[1])
names = [m.name for m in pkgutil.walk_packages(package.__path__, sys.argv[1] + ".")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
public = [name for name in package.__all__ if name != "__version__"]
bad = [name for name in public if not callable(getattr(package, name))]
print(json.dumps({"modules": len(names), "public": len(public), "bad": bad}))
"""


def walk(package: str, env: dict[str, str], cwd: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, package],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_public_names_are_callable_after_importing_everything(
    cli_env: dict[str, str], tmp_path: Path
) -> None:
    result = walk("depthwise", cli_env, tmp_path)
    assert result["bad"] == []
    assert result["public"] == len(depthwise.__all__) - 1


def test_a_shadowed_name_is_found(tmp_path: Path, cli_env: dict[str, str]) -> None:
    package = tmp_path / "planted"
    package.mkdir()
    source = '__all__ = ["cost"]\ndef __getattr__(name):\n    return print\n'
    (package / "__init__.py").write_text(source, encoding="utf-8")
    env = {**cli_env, "PYTHONPATH": str(tmp_path)}
    assert walk("planted", env, tmp_path)["bad"] == []
    (package / "cost.py").write_text("", encoding="utf-8")
    assert walk("planted", env, tmp_path)["bad"] == ["cost"]


def find_shadows(source: Path) -> list[str]:
    """Names that a package imports from below and that are also its submodules."""
    modules = read_modules(source)
    found = []
    for package in modules.values():
        if package.is_package:
            targets = {item.target or "" for item in find_imports(package)}
            names = {t.split(".")[-1] for t in targets - set(modules)}
            names |= {getattr(node, "name", "") for node in package.tree.body}
            names |= set(depthwise.__all__) if package.name == "depthwise" else set()
            shadows = [n for n in sorted(names) if f"{package.name}.{n}" in modules]
            found += [f"{package.name}.{name}" for name in shadows]
    return found


def test_no_submodule_bears_a_public_name(repo_root: Path) -> None:
    assert find_shadows(repo_root / "src") == []


def test_a_submodule_with_a_public_name_is_found(tmp_path: Path) -> None:
    room = tmp_path / "depthwise" / "costing"
    room.mkdir(parents=True)
    code = "from depthwise.costing.cost import cost\n"
    (room / "__init__.py").write_text(code, encoding="utf-8")
    (room / "cost.py").write_text("def cost(): ...\n", encoding="utf-8")
    assert find_shadows(tmp_path) == ["depthwise.costing.cost"]


def test_the_table_and_the_type_checker_see_the_same_names(repo_root: Path) -> None:
    source = (repo_root / "src/depthwise/__init__.py").read_text(encoding="utf-8")
    guard = next(n for n in ast.parse(source).body if isinstance(n, ast.If))
    seen = {
        alias.asname: (node.module or "").removeprefix("depthwise.")
        for node in guard.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == depthwise._HOME


def test_dir_and_missing_names() -> None:
    assert set(dir(depthwise)) == set(depthwise.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        depthwise.nothing  # noqa: B018 - looking is the test
