"""One table of ``datasets`` with its splits, labels and groups."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from depthwise.data.walk import PART_FOLDERS
from depthwise.errors import DataError

if TYPE_CHECKING:
    from types import ModuleType

    from depthwise.data.columns import Columns
    from depthwise.data.dataset import Indices


@dataclass(frozen=True)
class HubTable:
    """Rows of all splits, one after the other.

    Args:
        rows: A ``datasets.Dataset``; its images are not decoded.
        column: The column of samples.
        kind: "image" or "sensor".
        labels: Class of each row; empty text where it has none.
        groups: Group of each row, or empty text.
        parts: Part of each row; empty text if there is only one split.
    """

    rows: Any
    column: str
    kind: Literal["image", "sensor"]
    labels: list[str]
    groups: list[str]
    parts: list[str]

    @classmethod
    def of(
        cls,
        package: ModuleType,
        splits: dict[str, Any],
        columns: Columns,
        *,
        source: Path,
    ) -> HubTable:
        """Join splits and find their columns.

        Args:
            package: The module ``datasets``.
            splits: ``datasets.Dataset`` by name.
            columns: Names of the columns of labels and groups.
            source: Where they are from, for messages.

        Returns:
            The table.

        Raises:
            DataError: If there is no column of samples or of labels.
        """
        counts = [len(rows) for rows in splits.values()]
        names = [PART_FOLDERS.get(name, "") for name in splits]
        stated = len(splits) > 1 and all(names)
        rows = package.concatenate_datasets(list(splits.values()))
        here = columns.among(rows.column_names)
        column, kind = _samples(package, rows.features)
        if column is None or here.label is None:
            raise DataError(
                "a table must have a column of images or lists, and one of labels;"
                f" got {rows.column_names} in {source}",
                "columns=Columns(label=…) names it",
            )
        if kind == "image":
            rows = rows.cast_column(column, package.Image(decode=False))
        spread = np.repeat(names, counts).tolist() if stated else [""] * len(rows)
        groups = _words(package, rows, here.group)
        return cls(
            rows, column, kind, _words(package, rows, here.label), groups, spread
        )

    def take(self, chosen: Indices) -> HubTable:
        """Select the rows that are ``chosen``, in their order."""
        picked = chosen.tolist()
        return HubTable(
            self.rows.select(picked),
            self.column,
            self.kind,
            [self.labels[n] for n in picked],
            [self.groups[n] for n in picked],
            [self.parts[n] for n in picked],
        )


@dataclass(frozen=True)
class EncodedImages:
    """The images of one table, still encoded; a row is read when it is asked for.

    Args:
        table: The table.
    """

    table: HubTable

    def __getitem__(self, row: int, /) -> bytes:
        cell = self.table.rows[row][self.table.column] or {}
        if cell.get("bytes") is not None:
            content: bytes = cell["bytes"]
            return content
        path = Path(cell.get("path") or "")
        return path.read_bytes() if path.is_file() else b""


def _samples(
    package: ModuleType, features: Any
) -> tuple[str | None, Literal["image", "sensor"]]:
    """The column of samples: the first of images, else the first of lists."""
    for name, feature in features.items():
        if isinstance(feature, package.Image) or _is_encoded(feature):
            return name, "image"
    arrays = (package.Array2D, package.List, package.LargeList)
    for name, feature in features.items():
        if isinstance(feature, arrays):
            return name, "sensor"
    return None, "sensor"


def _is_encoded(feature: Any) -> bool:
    """Whether a column holds encoded images without saying so."""
    return isinstance(feature, dict) and set(feature) == {"bytes", "path"}


def _words(package: ModuleType, rows: Any, column: str | None) -> list[str]:
    """A column as text; numbers of classes become their names."""
    if column is None:
        return [""] * len(rows)
    cells, feature = rows[column], rows.features[column]
    if isinstance(feature, package.ClassLabel):
        names = feature.names
        return ["" if n is None or n < 0 else names[n] for n in cells]
    return ["" if cell is None else str(cell) for cell in cells]
