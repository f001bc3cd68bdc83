"""Every error a user of depthwise can meet.

    DepthwiseError              exit code 1
    ├── UsageError              exit code 2: an argument that can never work
    │   ├── GeometryError       sizes, strides, groups that do not fit together
    │   └── UnknownNameError    no such model, dataset, layer or operator name
    ├── GraphError              a graph that breaks its own rules
    │   └── UnsupportedOperatorError   an operator outside the table
    ├── FormatError             a file that is not what it claims to be
    ├── DataError               data that cannot be trained or scored on
    ├── OutputExistsError       refusing to overwrite
    ├── TrainingError           a run that cannot start or go on
    ├── CompileError            a graph the engine cannot turn into code
    ├── SeparationError         a network that taking apart would not make cheaper
    └── MissingDependencyError  an optional package that is not installed

A message is one sentence: the rule, then both values. The hint says what to do.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class DepthwiseError(Exception):
    """The root: catching it catches everything depthwise raises on purpose.

    Args:
        message: One sentence: the rule first, then both values.
        hint: What the user can do about it, or empty.

    Example:
        >>> print(DepthwiseError("groups must divide in_channels; got 4, 6", "use 3"))
        groups must divide in_channels; got 4, 6
        hint: use 3
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\nhint: {self.hint}" if self.hint else self.message


class UsageError(DepthwiseError):
    """An argument that can never work, whatever the files hold."""

    exit_code = 2


class GeometryError(UsageError):
    """Sizes, strides, padding or groups that do not fit together."""


class UnknownNameError(UsageError):
    """A name that is in no table; the hint offers the nearest ones."""

    @classmethod
    def of(cls, kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
        """Build the error for a misspelt name.

        Args:
            kind: What was looked for, in the singular, such as "model".
            name: What the user wrote, which may be no text at all.
            known: Every name that would have been accepted.

        Returns:
            The error, with up to three near names as its hint.

        Example:
            >>> print(UnknownNameError.of("model", "mobilnet", ["mobilenet_v1"]))
            model must be a known name; got 'mobilnet'
            hint: did you mean mobilenet_v1?
        """
        names = {each.lower(): each for each in sorted(known)}
        own = getattr(name, "__name__", type(name).__name__)
        text = (name if isinstance(name, str) else own).lower()
        found = difflib.get_close_matches(text, names, n=3, cutoff=0.5)
        near = ", ".join(names[each] for each in found)
        hint = f"did you mean {near}?" if near else f"one of {[*names.values()]}"
        return cls(f"{kind} must be a known name; got {name!r:.200}", hint)


class GraphError(DepthwiseError):
    """A graph that breaks its own rules: cycles, missing values, wrong shapes."""


class UnsupportedOperatorError(GraphError):
    """An operator outside the table; it is never counted as zero, never skipped."""


class FormatError(DepthwiseError):
    """A file that is not what it claims to be, or is damaged."""


class DataError(DepthwiseError):
    """Data that cannot be trained or scored on."""


class OutputExistsError(DepthwiseError):
    """A path that holds something already and is never overwritten."""


class TrainingError(DepthwiseError):
    """A training run that cannot start or cannot go on."""


class CompileError(DepthwiseError):
    """A graph that the engine cannot turn into code."""


class SeparationError(DepthwiseError):
    """A network that taking apart would not make cheaper, within what was asked."""


class MissingDependencyError(DepthwiseError):
    """An optional package that is not installed; the hint is the pip command."""
