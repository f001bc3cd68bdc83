"""Options that travel together: a record in a command's signature stands for them.

A command says ``training: TrainingOptions``; the user sees one option for each field of
that frozen dataclass, and the command gets them as one value.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from inspect import Parameter
from typing import Any, get_type_hints


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command one option for each field of the records in its signature.

    Args:
        command: Some of its parameters may be annotated with a dataclass.

    Returns:
        The same command for a parser: it takes the fields, and makes the records.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Size:
        ...     rows: int = 2
        ...     columns: int = 3
        >>> def show(name: str, *, size: Size) -> None:
        ...     print(name, size.rows * size.columns)
        >>> Size.__module__, show.__globals__["Size"] = __name__, Size
        >>> list(inspect.signature(spread(show)).parameters)
        ['name', 'rows', 'columns']
        >>> spread(show)(name="cells", rows=5)
        cells 15
    """
    records = {
        name: kind
        for name, kind in get_type_hints(command).items()
        if is_dataclass(kind)
    }

    @functools.wraps(command)
    def gathered(**given: Any) -> None:
        made = {name: _take(kind, given) for name, kind in records.items()}
        command(**given, **made)

    gathered.__signature__ = _signature(command)  # type: ignore[attr-defined]
    return gathered


def _take(kind: Any, given: dict[str, Any]) -> Any:
    names = [field.name for field in fields(kind) if field.name in given]
    return kind(**{name: given.pop(name) for name in names})


def _signature(command: Callable[..., None]) -> inspect.Signature:
    plain = inspect.signature(command)
    hints = get_type_hints(command, include_extras=True)
    parameters = [
        single
        for parameter in plain.parameters.values()
        for single in _spread(parameter, hints[parameter.name])
    ]
    return plain.replace(parameters=parameters, return_annotation=None)


def _spread(parameter: Parameter, kind: Any) -> Iterator[Parameter]:
    if not is_dataclass(kind):
        yield parameter.replace(annotation=kind)
        return
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        hint = hints[field.name]
        only = Parameter.KEYWORD_ONLY
        yield Parameter(field.name, only, default=field.default, annotation=hint)
