"""Open any labelled data by what it is: a name, a file or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from depthwise.data.arrays import read_npz
from depthwise.data.dataset import Dataset
from depthwise.data.idx import read_idx_images
from depthwise.data.packages import PACKAGED, read_packaged
from depthwise.data.rules import OnBad, check_on_bad
from depthwise.errors import DataError, UnknownNameError

IDX_SUFFIXES: Final = ("-ubyte", "-ubyte.gz", ".idx", ".idx.gz")


def open_data(
    source: str | Path,
    *,
    window: int = 128,
    step: int = 64,
    on_bad: OnBad = "fail",
) -> Dataset:
    """Open labelled data.

    Args:
        source: A registered name ("watch", "digits", …) or a path.
        window: Length of a window in samples, for recordings.
        step: From one window to the next in samples, for recordings.
        on_bad: Refuse bad input ("fail") or leave it out and count it ("skip").

    Returns:
        The dataset; its ``report`` counts what was skipped, repaired and noted.

    Raises:
        UnknownNameError: If there is no such name and no such path.
        MissingDependencyError: If the package of a named dataset is not installed.
        DataError: If the data cannot be used.
        FormatError: If a file is not what it claims to be.

    Example:
        >>> import tempfile, numpy as np
        >>> path = Path(tempfile.mkdtemp()) / "toy.npz"
        >>> np.savez(path, inputs=np.zeros((2, 3, 8)), labels=["rest", "run"])
        >>> open_data(path).classes
        ('rest', 'run')
    """
    check_on_bad(on_bad)
    if str(source) in PACKAGED:
        return read_packaged(str(source), window=window, step=step)
    path = Path(source)
    if not path.exists():
        raise UnknownNameError.of("data", str(source), PACKAGED)
    if path.suffix == ".npz":
        return read_npz(path)
    if path.name.endswith(IDX_SUFFIXES):
        return read_idx_images([path], name=path.name.split("-")[0])
    raise DataError(
        f"data must be of a known kind; got {path}",
        f"a name ({', '.join(PACKAGED)}), an .npz file or IDX files",
    )
