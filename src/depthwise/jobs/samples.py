"""Samples as a model takes them: preprocessed as it was trained, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from depthwise.data import Dataset, Preprocessing
from depthwise.errors import DataError
from depthwise.jobs.dataset import open_dataset
from depthwise.jobs.open import Opened

Array: TypeAlias = NDArray[Any]
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Samples:
    """Labelled samples, ready for one model.

    Args:
        dataset: The samples as they were read.
        preprocessing: From them to the network's input.
    """

    dataset: Dataset
    preprocessing: Preprocessing

    def batches(self, rows: Array | None = None) -> Iterator[tuple[Array, Array]]:
        """Read some samples, batch by batch.

        Args:
            rows: Which ones, ``[m]``; all if None.

        Yields:
            Inputs ``[n, C, *spatial]`` in float32 and labels ``[n]``.
        """
        chosen = np.arange(len(self.dataset)) if rows is None else rows
        for start in range(0, len(chosen), _BATCH):
            here = np.sort(chosen[start : start + _BATCH])
            raw = np.asarray(self.dataset.inputs[here])
            yield self.preprocessing.apply(raw), self.dataset.labels[here]


def samples_for(opened: Opened, source: str, reading: Mapping[str, Any]) -> Samples:
    """Open labelled data as a model takes them.

    Args:
        opened: The model; a model folder says how samples become inputs, for any
            other the channels of the data are standardised.
        source: What ``open_dataset`` takes.
        reading: More arguments of ``open_dataset``, by name; windows are the
            model's own where they are not given.

    Returns:
        The samples.

    Raises:
        DataError: If the data have other channels or sizes than the model takes.
    """
    stored = opened.folder.preprocess if opened.folder is not None else {}
    known = Preprocessing.from_dict(stored) if stored else None
    (wanted,) = {given.type.shape[1:] for given in opened.graph.inputs[:1]}
    length = wanted[-1] if len(wanted) == 2 and isinstance(wanted[-1], int) else None
    own = {"window": known.window, "step": known.step} if known else {"window": length}
    given = {name: value for name, value in reading.items() if value is not None}
    dataset = open_dataset(source, **{**own, **given})
    shape = tuple(dataset.inputs.shape[1:])
    if known is None and shape != tuple(wanted):
        msg = f"samples must be what the model takes; got {shape}, not {tuple(wanted)}"
        raise DataError(msg)
    if known is not None and known.channels != tuple(dataset.channels):
        names = f"{list(dataset.channels)}, not {list(known.channels)}"
        msg = f"data must have the channels the model was trained on; got {names}"
        raise DataError(msg)
    rows = np.arange(len(dataset))
    return Samples(dataset, known or Preprocessing.fit(dataset, rows))
