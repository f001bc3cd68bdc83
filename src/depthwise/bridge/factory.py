"""Models that the user names by a reference to Python code, and their weights."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from depthwise.errors import (
    DepthwiseError,
    FormatError,
    MissingDependencyError,
    UnknownNameError,
    UsageError,
)

_WRAPPERS = ("module.", "_orig_mod.")
"""What parallel training and torch.compile put before every name."""

_NESTS = ("state_dict", "model_state_dict", "model", "net")


def load_factory(reference: str) -> nn.Module:
    """Import the user's code and let it make a module.

    The code is run: a reference is trusted as a program is.

    Args:
        reference: "file.py:name" or "package.module:name"; the name is a module, or
            a class or function that makes one without arguments.

    Returns:
        The module.

    Raises:
        UsageError: If there is no such file or package, or no module comes of it.
        UnknownNameError: If the code has no such name.

    Example:
        >>> load_factory("torch.nn:Identity")
        Identity()
    """
    place, colon, name = reference.rpartition(":")
    if not colon or not place or not name:
        msg = f"a factory is named file.py:name or package.module:name; got {reference}"
        raise UsageError(msg)
    code = _import_file(Path(place)) if place.endswith(".py") else _import(place)
    found: Any = code
    for part in name.split("."):
        if not hasattr(found, part):
            raise UnknownNameError.of(f"a name in {place}", part, _public(found))
        found = getattr(found, part)
    made = found if isinstance(found, nn.Module) else _make(found, reference)
    if not isinstance(made, nn.Module):
        kind = type(made).__name__
        raise UsageError(f"a factory makes a torch module; {reference} made a {kind}")
    return made


def _public(place: object) -> list[str]:
    return [name for name in dir(place) if not name.startswith("_")]


def _make(factory: Any, reference: str) -> object:
    if not callable(factory):
        kind = type(factory).__name__
        raise UsageError(f"a factory is called; {reference} is a {kind}")
    try:
        return factory()
    except DepthwiseError:
        raise
    except Exception as error:
        msg = f"a factory is called without arguments; {reference} failed: {error}"
        raise UsageError(msg, "a function that fills its arguments in") from error


def _import(name: str) -> ModuleType:
    with _importable(Path.cwd()):
        try:
            return importlib.import_module(name)
        except ImportError as error:
            msg = f"a factory's package must be importable; got {name}: {error}"
            raise UsageError(msg, "run in its folder, or install it") from error
        except Exception as error:
            msg = f"a factory's package must run; {name} failed: {error}"
            raise UsageError(msg) from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UsageError(f"a factory's file must exist; got {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"a factory's file must be Python; got {path}")
    code = importlib.util.module_from_spec(spec)
    with _importable(path.resolve().parent):
        sys.modules.setdefault(path.stem, code)
        try:
            spec.loader.exec_module(code)
        except Exception as error:
            msg = f"a factory's file must run; {path} failed: {error}"
            raise UsageError(msg) from error
    return code


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let code import what lies beside it."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def load_weights(module: nn.Module, path: Path) -> None:
    """Load weights into a module, without running anything that the file holds.

    Args:
        module: The module to fill, in place.
        path: A safetensors file, or one written by torch.save, of which only tensors
            are read.

    Raises:
        FormatError: If it is no such file, or names and shapes do not fit; the hint
            lists what is missing and what is left over.
        MissingDependencyError: If safetensors is not installed.

    Example:
        >>> import tempfile
        >>> net, path = nn.Linear(2, 2), Path(tempfile.mkdtemp()) / "net.pth"
        >>> torch.save(net.state_dict(), path)
        >>> load_weights(nn.Linear(2, 2), path)
    """
    if not path.is_file():
        raise FormatError(f"a file of weights must exist; got {path}")
    read = _read_safetensors if path.suffix == ".safetensors" else _read_torch
    given = _unwrap(read(path), module.state_dict())
    _compare(module.state_dict(), given, path)
    module.load_state_dict(given)


def _read_safetensors(path: Path) -> Mapping[str, Any]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        msg = "safetensors files need the package safetensors; it is not installed"
        raise MissingDependencyError(msg, "pip install safetensors") from error
    try:
        return dict(load_file(path))
    except (SafetensorError, OSError) as error:
        raise FormatError(f"{path} must be a safetensors file; {error}") from error


def _read_torch(path: Path) -> Mapping[str, Any]:
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        first = str(error).strip().split("\n", 1)[0]
        kind = type(error).__name__
        msg = f"{path} must hold tensors that torch.save wrote; {kind}: {first}"
        hint = "files that hold Python objects are never loaded: save a state_dict"
        raise FormatError(msg, hint) from error
    for name in _NESTS:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
    if not isinstance(found, Mapping):
        kind = type(found).__name__
        raise FormatError(f"{path} must hold tensors by name; it holds a {kind}")
    return {n: t for n, t in found.items() if isinstance(t, torch.Tensor)}


def _unwrap(given: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Take off the prefix of a wrapper, if every name has it and none should."""
    for prefix in _WRAPPERS:
        wrapped = given and all(name.startswith(prefix) for name in given)
        if wrapped and not all(name.startswith(prefix) for name in wanted):
            given = {name.removeprefix(prefix): t for name, t in given.items()}
    return dict(given)


def _compare(wanted: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> None:
    counters = {n for n in wanted if n.endswith("num_batches_tracked")}
    missing = sorted(set(wanted) - set(given) - counters)
    extra = sorted(set(given) - set(wanted))
    if missing or extra:
        msg = (
            f"{path} must hold the module's tensors; "
            f"{len(missing)} are missing, {len(extra)} are left over"
        )
        raise FormatError(msg, _hint(missing, extra))
    for name in given:
        if given[name].shape != wanted[name].shape:
            shapes = (
                f"{tuple(given[name].shape)}, the module {tuple(wanted[name].shape)}"
            )
            raise FormatError(f"shapes must match; {name} has {shapes}")


def _hint(missing: list[str], extra: list[str]) -> str:
    lines = []
    for kind, names in (("missing", missing), ("left over", extra)):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            lines.append(f"{kind}: {', '.join(names[:3])}{more}")
    prefix = _common_prefix(missing, extra)
    if prefix:
        lines.append(f"all names in the file begin with {prefix!r}")
    return "; ".join(lines)


def _common_prefix(missing: list[str], extra: list[str]) -> str:
    """Find what the file puts before every name that the module misses."""
    if not missing or not extra or not extra[0].endswith(missing[0]):
        return ""
    prefix = extra[0].removesuffix(missing[0])
    rest = {name.removeprefix(prefix) for name in extra}
    return prefix if set(missing) <= rest else ""
