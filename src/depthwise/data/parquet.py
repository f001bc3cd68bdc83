"""Parquet tables as columns, read by pyarrow if it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from depthwise.data.rulebook import found
from depthwise.data.tables import MAX_COLUMNS, Table, lacking, nameless, wanted
from depthwise.errors import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from depthwise.data.columns import Columns
    from depthwise.data.dataset import Array
    from depthwise.data.rules import Finding


def read_parquet(
    path: Path, columns: Columns, *, channels: Collection[str] | None = None
) -> Table | Finding:
    """Read a Parquet file of recordings.

    Args:
        path: The file.
        columns: Names of the columns that are no channels.
        channels: Names of those to read; whatever is in others. All if None.

    Returns:
        The table, or why it cannot be used.

    Raises:
        MissingDependencyError: If pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MissingDependencyError(
            f"Parquet files need the package pyarrow; got {path}",
            "pip install 'depthwise[hub]'",
        ) from error
    try:
        stored = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        return found("table-damaged", path, str(error).split("\n", maxsplit=1)[0])
    if not stored.num_rows:
        return found("table-empty", path, "no row")
    lacks = lacking(path, stored.column_names, channels)
    if lacks is not None:
        return lacks
    if len(stored.column_names) > MAX_COLUMNS:
        return found("table-wide", path, f"{len(stored.column_names)} columns")
    here = columns.among(stored.column_names)
    words = {here.label, here.group, here.recording}
    values: dict[str, Array] = {}
    for name in wanted(stored.column_names, here, channels).values():
        try:
            made = _words(stored[name]) if name in words else _numbers(stored[name])
        except (pa.ArrowException, ValueError, TypeError):
            return found("table-text", f"{path} {name}", str(stored[name].type))
        values[name] = made
    return Table(path, here, values, nameless(path, stored.column_names))


def _words(column: Any) -> Array:
    """Text, with nothing where the file has nothing."""
    cells = column.to_pylist()
    return np.array(["" if cell is None else str(cell) for cell in cells], np.str_)


def _numbers(column: Any) -> Array:
    """float64, NaN where the file has nothing; dates as seconds since 1970."""
    if str(column.type).startswith("decimal"):
        column = column.cast("float64")
    values = column.to_numpy()
    if values.dtype.kind == "M":
        seconds = values.astype("datetime64[ns]").astype(np.int64) * 1e-9
        return np.where(np.isnat(values), np.nan, seconds)
    if values.dtype.kind not in "iufb":
        message = f"no number: {values.dtype}"
        raise TypeError(message)
    return np.asarray(values, np.float64)
