"""From text to machine code: no IR passes, one JIT a process, objects cached."""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from depthwise.engine.cache import Cache
from depthwise.engine.target import Target, host
from depthwise.errors import CompileError

_lock = threading.Lock()


def _unlock() -> None:
    """Begin with an open lock in a forked child: its holder is not there."""
    global _lock  # noqa: PLW0603 (one lock a process)
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)


@dataclass
class Native:
    """Loaded machine code; it stays in memory as long as this object.

    Args:
        addresses: Where each public function begins.
        owner: LLVM's handle on the memory.
        cached: Whether the object came from disk.
    """

    addresses: dict[str, int]
    owner: Any = field(repr=False)
    cached: bool

    def function(self, name: str, arguments: Sequence[Any]) -> Callable[..., None]:
        """Make ``name`` callable with ``arguments`` of ctypes; it drops the GIL."""
        return ctypes.CFUNCTYPE(None, *arguments)(self.addresses[name])


@cache
def _initialise() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@cache
def _machine(target: Target) -> Any:
    if target.triple != host().triple:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    _initialise()
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, reloc="pic", codemodel="small"
    )


@cache
def _linker() -> Any:
    """Make the linker that puts all sections of an object into one piece of memory.

    The other one asks for a piece a section; in a full process these may lie further
    apart than an address of 32 bits reaches, which ends the process.
    """
    _initialise()
    return llvm.create_lljit_compiler(_machine(host()), use_jit_link=True)


def key_of(text: str, target: Target) -> str:
    """Name what a text compiles to: equal keys mean equal machine code.

    Args:
        text: A module.
        target: The CPU.

    Returns:
        64 hexadecimal digits.

    Example:
        >>> key_of("a", host()) == key_of("b", host())
        False
    """
    version = ".".join(map(str, llvm.llvm_version_info))
    known = (llvmlite.__version__, version, target.triple, target.cpu, target.features)
    parts = "\0".join((*known, text))
    return hashlib.sha256(parts.encode("utf-8")).hexdigest()


def compile_object(text: str, target: Target) -> bytes:
    """Compile a module to an object file.

    Args:
        text: A module; it is verified first.
        target: The CPU; its kind need not be the one at hand.

    Returns:
        The object file.

    Raises:
        CompileError: If the text is not a valid module.

    Example:
        >>> len(compile_object("define void @f() { ret void }", host())) > 100
        True
    """
    machine = _machine(target)
    return bytes(machine.emit_object(_parse(text)))


def assembly(text: str, target: Target) -> str:
    """Compile a module to readable assembly.

    Args:
        text: A module; it is verified first.
        target: The CPU; its kind need not be the one at hand.

    Returns:
        The assembly.

    Raises:
        CompileError: If the text is not a valid module.

    Example:
        >>> "ret" in assembly("define void @f() { ret void }", host())
        True
    """
    machine = _machine(target)
    return str(machine.emit_assembly(_parse(text)))


def _parse(text: str) -> Any:
    try:
        module = llvm.parse_assembly(text)
        module.verify()
    except RuntimeError as error:
        line = str(error).strip().splitlines()[0]
        raise CompileError(f"generated code must be valid; got {line!r}") from error
    return module


_serial = 0


def load(
    text: str, names: Sequence[str], target: Target, store: Cache | None
) -> Native:
    """Compile a module, or take it from the cache, and load it.

    Args:
        text: A module.
        names: Its public functions.
        target: The CPU at hand.
        store: Where objects are kept, or None for nowhere.

    Returns:
        The loaded code.

    Raises:
        CompileError: If the text is not a valid module.

    Example:
        >>> native = load("define void @f() { ret void }", ["f"], host(), None)
        >>> native.function("f", [])()
    """
    global _serial  # noqa: PLW0603 (a library's name is used once in a process)
    key = key_of(text, target)
    with _lock:
        found = store.load(key) if store else None
        content = found or compile_object(text, target)
        if store and not found:
            store.store(key, content)
        _serial += 1
        builder = llvm.JITLibraryBuilder().add_object_img(content)
        for name in names:
            builder.export_symbol(name)
        owner = builder.link(_linker(), f"depthwise{_serial}")
    return Native({name: owner[name] for name in names}, owner, bool(found))
