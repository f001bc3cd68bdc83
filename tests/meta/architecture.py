"""Which room may import which, declared once and compared with the real imports."""

import sys
from pathlib import Path

from tests.meta.source_tree import PACKAGE, Import, Module, find_imports, read_modules

_GRAPH_SIDE = {"graph", "formats", "execute", "costing", "diagnosis", "separation"}
_TORCH_SIDE = {"nn", "training", "bridge"}
_MEASURED = {"graph", "formats", "execute", "costing", "engine"}

# Room -> rooms it may import; every room may import those of EVERYWHERE too.
# '' is the package itself, whose names load lazily.
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "version": set(),
    "files": set(),
    "graph": set(),
    "formats": {"graph"},
    "execute": {"graph"},
    "costing": {"graph"},
    # These two watch a network run, so they name the protocol it runs by.
    "diagnosis": {"graph", "execute"},
    "separation": {"graph", "execute"},
    "engine": {"graph"},
    "data": set(),
    "measure": _MEASURED,
    "report": _GRAPH_SIDE | {"engine", "measure"},
    "nn": set(),
    "training": {"data", "nn"},
    # It is one of the implementations of the protocol of execution.
    "bridge": {"graph", "nn", "execute"},
    "jobs": _GRAPH_SIDE | _TORCH_SIDE | {"engine", "data", "measure", "report"},
    "cli": {"jobs", "report"},
    "": _GRAPH_SIDE | _TORCH_SIDE | {"engine", "data", "measure", "report", "jobs"},
    "__main__": {"cli"},
}
# Single files at the bottom. They import one another only in this order.
EVERYWHERE = ("errors", "version", "files")

_TORCH_ROOMS = ("nn", "training", "bridge")
# Third-party package -> places (rooms, or folders in rooms) that may import it.
# The longest matching name counts. None: anywhere. A package that is not listed
# here is not declared in pyproject.toml either.
THIRD_PARTY: dict[str, tuple[str, ...] | None] = {
    "numpy": None,
    "rich": None,
    "PIL": None,
    "pandas": ("costing",),
    "torch": _TORCH_ROOMS,
    "lightning": _TORCH_ROOMS,
    "safetensors": None,
    "safetensors.torch": _TORCH_ROOMS,
    "tensorboard": ("training",),
    "llvmlite": ("engine",),
    "onnx": ("formats",),
    "plotly": ("report",),
    "jinja2": ("report",),
    "typer": ("cli",),
    "click": ("cli",),
    "datasets": ("data",),
    "pyarrow": ("data",),
    "huggingface_hub": ("data",),
    "onnxruntime": ("measure.peers",),
    "openvino": ("measure.peers",),
    "ai_edge_litert": ("measure.peers",),
    "ncnn": ("measure.peers",),
    "flatbuffers": ("measure.peers",),
}

# Modules that may import a name computed at run time, each with its reason.
COMPUTED: dict[str, str] = {
    "depthwise": "public names load on first use, from a table that tests walk",
    "depthwise.training": "metrics need no torch; the table HOMES is walked by tests",
    "depthwise.bridge.factory": "the user names the package that makes the model",
}

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "base"}


def find_violations(source: Path) -> list[str]:
    """Sentences on every import or file name that breaks the table; none is good.

    ``source`` is the folder that holds the package.
    """
    modules = read_modules(source)
    found = [_bad_name(module) for module in modules.values()]
    for module in modules.values():
        for item in find_imports(module):
            problem = _judge(module, item, modules)
            found.append(problem and f"{module.path}:{item.line}: {problem}")
    found += [f"import cycle: {' -> '.join(c)}" for c in find_cycles(modules)]
    return [problem for problem in found if problem]


def _bad_name(module: Module) -> str:
    last = module.name.rsplit(".", maxsplit=1)[-1]
    if last.strip("_").lower() in FORBIDDEN_NAMES:
        return f"{module.path}: a file name must say what is inside; got {last}"
    if module.room not in ROOMS:
        return f"{module.path}: no room named {module.room} is declared"
    return ""


def _judge(module: Module, item: Import, modules: dict[str, Module]) -> str:
    if item.target is None:
        allowed = module.name in COMPUTED
        return "" if allowed else "a computed import needs a reason in COMPUTED"
    top = item.target.split(".", maxsplit=1)[0]
    if top == PACKAGE:
        return _judge_room(module, resolve(item.target, modules))
    return "" if top in sys.stdlib_module_names else _judge_package(module, item)


def _judge_room(module: Module, target: str) -> str:
    if target == PACKAGE:
        return f"{module.name} must not import the package itself; name the module"
    room = target.split(".")[1]
    below = EVERYWHERE
    if module.room in EVERYWHERE:
        below = EVERYWHERE[: EVERYWHERE.index(module.room)]
    if room in {*ROOMS.get(module.room, ()), *below, module.room}:
        return ""
    return f"{module.room or PACKAGE} must not import {room}; got {target}"


def _judge_package(module: Module, item: Import) -> str:
    target = item.target or ""
    parts = target.split(".")
    prefixes = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    known = next((prefix for prefix in prefixes if prefix in THIRD_PARTY), None)
    if known is None:
        return f"{target} is in no row of THIRD_PARTY"
    places = THIRD_PARTY[known]
    inside = module.name.removeprefix(f"{PACKAGE}.") + "."
    if places is None or inside.startswith(tuple(f"{p}." for p in places)):
        return ""
    return f"{known} may only be imported in {', '.join(places)}; got {module.name}"


def resolve(target: str, modules: dict[str, Module]) -> str:
    """Module that a dotted name lives in: the longest prefix that is a file."""
    parts = target.split(".")
    prefixes = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((p for p in prefixes if p in modules), target)


def find_cycles(modules: dict[str, Module]) -> list[list[str]]:
    """Import cycles among modules, deferred and typing imports included."""
    edges = {
        name: {
            resolve(item.target, modules)
            for item in find_imports(module)
            if item.target and item.target.split(".")[0] == PACKAGE
        }
        - {name}
        for name, module in modules.items()
    }
    done: set[str] = set()
    cycles: list[list[str]] = []

    def visit(name: str, trail: list[str]) -> None:
        if name in trail:
            cycles.append([*trail[trail.index(name) :], name])
        elif name not in done:
            for target in sorted(edges.get(name, ())):
                visit(target, [*trail, name])
            done.add(name)

    for name in modules:
        visit(name, [])
    return cycles
