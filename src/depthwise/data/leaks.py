"""What is in two parts and should be in one."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from depthwise.data.dataset import PARTS

if TYPE_CHECKING:
    from depthwise.data.dataset import Dataset, Names
    from depthwise.data.splits import Split


def find_leaks(dataset: Dataset, split: Split | None = None) -> tuple[str, ...]:
    """Say which groups and recordings are in two parts, and which classes in one only.

    Args:
        dataset: The samples.
        split: Their parts; those that the source states if None.

    Returns:
        Sentences; none if every part stands on its own, or no part is known.

    Example:
        >>> from depthwise.data.dataset import Dataset
        >>> data = Dataset(np.zeros((2, 1, 4)), np.array([0, 0]), ("a",), ("x",), "toy",
        ...     groups=np.array(["ann", "ann"]), parts=np.array(["train", "test"]))
        >>> find_leaks(data)
        ("group 'ann' is in train and test",)
    """
    parts = dataset.parts if split is None else _names(dataset, split)
    if parts is None:
        return ()
    leaks = []
    for what, names in (("group", dataset.groups), ("recording", dataset.recordings)):
        if names is not None:
            leaks += _in_two(what, names, parts)
    return (*leaks, *_unseen(dataset, parts))


def _names(dataset: Dataset, split: Split) -> Names:
    """The part of each sample by name; empty text for those in none."""
    names = np.full(len(dataset), "", dtype="U10")
    for part in PARTS:
        names[getattr(split, part)] = part
    return names


def _in_two(what: str, names: Names, parts: Names) -> list[str]:
    leaks = []
    for one, other in combinations(PARTS, 2):
        both = set(names[parts == one].tolist()) & set(names[parts == other].tolist())
        leaks += [f"{what} {name!r} is in {one} and {other}" for name in sorted(both)]
    return leaks


def _unseen(dataset: Dataset, parts: Names) -> list[str]:
    """Classes that are scored and never learnt."""
    seen = set(dataset.labels[parts == "train"].tolist())
    if not seen:
        return []
    later = (parts == "validation") | (parts == "test")
    missing = sorted(set(dataset.labels[later].tolist()) - seen)
    return [f"class {dataset.classes[c]!r} is tested and not in train" for c in missing]
