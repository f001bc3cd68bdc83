"""The closed list of what a saved program may say.

Everything else is refused: a program is data, and no string of it may reach Python's
evaluator, its import system or generated code with a meaning of its own.
"""

from __future__ import annotations

import json
import re
from typing import Any

import torch
from torch._decomp import decomposition_table

from depthwise.bridge.aten import HANDLERS
from depthwise.errors import FormatError, UnsupportedOperatorError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[\w.+\-\[\] ]*")
_OPERATOR = re.compile(r"torch\.ops\.aten\.(\w+)\.(\w+)")
_ARITHMETIC = re.compile(
    r"_operator\.(getitem|add|sub|mul|floordiv|mod|neg|eq|ne|lt|le|gt|ge)"
    r"|torch\.sym_(int|float|max|min|not)"
)
_SYMBOL = r"Symbol\('[su]\d+'(, [a-z]+=True)*\)"
_FUNCTION = r"(Mul|Add|Integer|FloorDiv|Mod|Max|Min|Eq|Ne|Lt|Le|Gt|Ge)\("
_EXPRESSION = re.compile(rf"({_SYMBOL}|{_FUNCTION}|-?\d+|[(), +\-*])*")
_SPEC_TYPES = {
    None,
    "builtins.tuple",
    "builtins.list",
    "builtins.dict",
    "collections.OrderedDict",
}
_FREE = {"as_string", "as_strings", "nn_module_stack", "target"}
_LONGEST = 2000


def check_payloads(config: Any) -> None:
    """Check the list of a program's tensors.

    Args:
        config: What the file says.

    Raises:
        FormatError: If one is pickled, or is no tensor.

    Example:
        >>> check_payloads({"config": {}})
    """
    entries = config.get("config") if isinstance(config, dict) else None
    if not isinstance(entries, dict):
        raise FormatError("a program lists its tensors by name; got something else")
    for name, entry in entries.items():
        path = str(entry.get("path_name", ""))
        if entry.get("use_pickle") is not False:
            msg = f"tensors of a program must be stored as bytes; {name!r} is pickled"
            raise FormatError(msg, "save it again with plain tensors as parameters")
        if not re.fullmatch(r"(weight|tensor)_\d+", path):
            raise FormatError(f"a program must hold tensors only; got {path!r}")
        _check_tree(entry, "")


def cleaned_program(program: Any) -> Any:
    """Check a program, and leave out what is not needed to read it.

    Args:
        program: What the file says.

    Returns:
        The same program without stack traces and guards.

    Raises:
        FormatError: If it says anything outside the list.
        UnsupportedOperatorError: If it calls an operator that is not aten's.

    Example:
        >>> cleaned_program({"graph_module": {"graph": {"nodes": []}}})["guards_code"]
        []
    """
    try:
        nodes = program["graph_module"]["graph"]["nodes"]
        for node in nodes:
            _check_target(str(node["target"]))
            kept = str(node.get("metadata", {}).get("nn_module_stack", ""))
            is_plain = re.fullmatch(r"[\w.,;@\- ]*", kept) is not None
            node["metadata"] = {"nn_module_stack": kept} if kept and is_plain else {}
    except (KeyError, TypeError, AttributeError) as error:
        msg = f"a program must list its nodes; {error!r} is missing or misplaced"
        raise FormatError(msg) from error
    _check_tree(program, "")
    return {**program, "guards_code": []}


def _check_target(target: str) -> None:
    if _ARITHMETIC.fullmatch(target):
        return
    found = _OPERATOR.fullmatch(target)
    if found is None:
        msg = f"a program may call aten's operators; got {target[:80]!r}"
        raise UnsupportedOperatorError(msg)
    name, overload = found.groups()
    packet = getattr(torch.ops.aten, name, None)
    operator: Any = getattr(packet, overload, None)
    plain = name.removesuffix("_")
    if operator is None:
        raise UnsupportedOperatorError(f"aten has no operator {name}.{overload}")
    known = name in HANDLERS or plain in HANDLERS or name.startswith(("_assert", "sym"))
    known = known or operator in decomposition_table
    if not known and not operator._can_decompose():  # noqa: SLF001 - no other way
        hint = f"supported: {', '.join(sorted(HANDLERS))}"
        msg = f"operators must have a counterpart in ONNX; got aten.{name}"
        raise UnsupportedOperatorError(msg, hint)


def _check_tree(value: Any, key: str) -> None:
    """Walk everything that a program says; a string is judged by its key."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str) or not _PLAIN.fullmatch(name):
                raise FormatError(f"a program's keys must be plain; got {name!r:.80}")
            _check_tree(inner, name)
    elif isinstance(value, list):
        for inner in value:
            _check_tree(inner, key)
    elif isinstance(value, str):
        _check_text(value, key)


def _check_text(text: str, key: str) -> None:
    if key in {"in_spec", "out_spec"}:
        _check_spec(json.loads(text))
    elif key == "expr_str":
        plain = len(text) < _LONGEST and "**" not in text
        if not plain or not _EXPRESSION.fullmatch(text):
            raise FormatError(f"a size must be plain arithmetic; got {text[:80]!r}")
    elif key in {"name", "forward_arg_names"}:
        if text and not _NAME.fullmatch(text):
            raise FormatError(f"a name must be an identifier; got {text[:80]!r}")
    elif key not in _FREE and not _PLAIN.fullmatch(text):
        raise FormatError(f"a program's {key} must be plain; got {text[:80]!r}")


def _check_spec(spec: Any) -> None:
    """Check how arguments nest: sequences and dictionaries, no classes."""
    if isinstance(spec, list):
        for inner in spec:
            _check_spec(inner)
    elif isinstance(spec, dict):
        if spec.get("type") not in _SPEC_TYPES:
            got = str(spec.get("type"))[:80]
            raise FormatError(f"arguments must nest in plain containers; got {got!r}")
        _check_spec(spec.get("children_spec", []))
