"""Pages whose tables are written from measured figures.

Each table stands between two marks that name it; what is outside them is written by
hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from depthwise.files import write_text

ROOT = Path(__file__).resolve().parents[1]
Figures = Mapping[str, Any]
MARKED = re.compile(
    r"(<!-- measured: (\S+) -->\n).*?(<!-- measured: end -->\n)", re.DOTALL
)


@dataclass(frozen=True)
class Pages:
    """Pages that show tables of figures.

    Args:
        names: The pages, below docs.
        tables: Makes every table, by the name in its marks.
    """

    names: tuple[str, ...]
    tables: Callable[[], Mapping[str, str]]

    @property
    def paths(self) -> tuple[Path, ...]:
        """Where the pages are."""
        return tuple(ROOT / "docs" / name for name in self.names)

    def filled(self, made: Mapping[str, str]) -> dict[Path, str]:
        """Put tables between their marks, on every page."""
        return {
            path: MARKED.sub(
                lambda mark: f"{mark[1]}\n{made[mark[2]]}\n{mark[3]}",
                path.read_text(encoding="utf-8"),
            )
            for path in self.paths
        }

    def write(self) -> int:
        """Write the pages with the figures of now."""
        for path, text in self.filled(self.tables()).items():
            write_text(path, text)
        return 0


def figures_of(name: str) -> Any:
    """Read figures that were measured."""
    return json.loads((ROOT / f"results/{name}.json").read_text(encoding="utf-8"))


def markdown(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, words: int = 1
) -> str:
    """Lay a table out; the first columns are words, the others are numbers."""
    rule = [*["---"] * words, *["---:"] * (len(head) - words)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows))


def percent(share: float) -> str:
    """Write a share with one decimal."""
    return f"{100 * share:.1f} %"
