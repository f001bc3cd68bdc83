"""Several splits that test every group, or every sample, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from depthwise.data.splits import Split, of_parts, split_by_group
from depthwise.data.units import divide, units_of
from depthwise.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from depthwise.data.dataset import Dataset, Indices
    from depthwise.data.rules import OnBad


def folds(
    dataset: Dataset,
    k: int | Sequence[Sequence[str]] = 5,
    *,
    validation: float = 0.15,
    seed: int = 0,
    on_bad: OnBad = "fail",
) -> tuple[Split, ...]:
    """Divide a dataset into folds; each is the test part of one split.

    Args:
        dataset: The samples.
        k: How many folds, or the groups of each fold by name.
        validation: Share of the other units to validate on, at least one unit; 0 for
            no validation part.
        seed: The same seed gives the same folds.
        on_bad: Refuse ("fail") or leave out ("skip") test samples of classes that
            training never sees.

    Returns:
        One split a fold.

    Raises:
        UsageError: If k is below 2, or there are fewer units than folds.
        DataError: If a part stays empty or lacks classes.

    Example:
        >>> from depthwise.data.dataset import Dataset
        >>> data = Dataset(np.zeros((8, 1, 4)), np.tile([0, 1], 4), classes=("a", "b"),
        ...     channels=("x",), name="toy", groups=np.repeat(list("pqrs"), 2))
        >>> [s.test.tolist() for s in folds(data, [["p", "q"], ["r", "s"]])]
        [[0, 1, 2, 3], [4, 5, 6, 7]]
    """
    if not isinstance(k, int):
        tests = [_named(dataset, list(map(str, names)), on_bad) for names in k]
    else:
        tests = _draw(dataset, k, seed)
    if len(tests) < 2:
        raise UsageError(f"cross-validation needs at least 2 folds; got {len(tests)}")
    return tuple(
        of_parts(dataset, _around(dataset, test, validation, seed + n), on_bad=on_bad)
        for n, test in enumerate(tests)
    )


def _named(dataset: Dataset, names: list[str], on_bad: OnBad) -> Indices:
    """Samples of named groups, if they can be a test part."""
    split_by_group(dataset, names, on_bad=on_bad)
    return np.flatnonzero(np.isin(np.asarray(dataset.groups), names))


def _draw(dataset: Dataset, k: int, seed: int) -> list[Indices]:
    """Samples of each of k folds, stratified where units have one class each."""
    owner, strata = units_of(dataset, np.arange(len(dataset)))
    if not 2 <= k <= len(strata):
        raise UsageError(
            "folds must be at least 2 and no more than there are units;"
            f" got {k} folds, {len(strata)} units in {dataset.name}"
        )
    draw = np.random.default_rng(seed)
    shuffled = draw.permutation(len(strata))
    ordered = shuffled[np.argsort(strata[shuffled], kind="stable")]
    fold = np.empty(len(strata), np.int64)
    # Dealing the sorted units out in turn gives every fold its share of each class.
    fold[ordered] = np.arange(len(strata)) % k
    return [np.flatnonzero(fold[owner] == number) for number in range(k)]


def _around(dataset: Dataset, test: Indices, validation: float, seed: int) -> Indices:
    """Part of each sample, where the given ones are tested."""
    part = np.full(len(dataset), 2, np.int64)
    rest = np.setdiff1d(np.arange(len(dataset)), test)
    part[rest] = 0
    if validation:
        owner, strata = units_of(dataset, rest)
        part[rest] = divide(strata, (1.0 - validation, validation), seed=seed)[owner]
    return part
