"""What a case of bad input is: a good set, one thing spoilt, and what must follow."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Case:
    """One way in which input can be bad.

    ``build`` writes it into an empty folder and returns what to open; ``rule`` is the
    code that must be counted, ``named`` what the finding must name, ``kept`` how many
    samples stay, ``times`` how often the rule is found.
    """

    name: str
    rule: str
    build: Callable[[Path], Path]
    named: str
    kept: int
    times: int = 1
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name
