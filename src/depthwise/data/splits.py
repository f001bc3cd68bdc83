"""Training, validation and test parts, kept apart by group and fixed by seed.

What is never divided is a *unit*: the group (a person), else the recording, else the
sample. Windows of one recording overlap, so they are never spread over two parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from depthwise.data.dataset import PARTS
from depthwise.data.rules import OnBad, check_on_bad
from depthwise.data.units import divide, units_of
from depthwise.errors import DataError, FormatError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from depthwise.data.dataset import Dataset, Indices

FRACTIONS: Final = (0.7, 0.15, 0.15)


@dataclass(frozen=True, eq=False)
class Split:
    """Which samples are in which part; the validation part may be empty.

    Args:
        train: int64 indices, ascending.
        validation: int64 indices, ascending.
        test: int64 indices, ascending.
        notes: What had to be left out or moved, in sentences.

    Raises:
        DataError: If the training or test part is empty, or a sample is in two parts.

    Example:
        >>> parts = Split(np.array([0, 2]), np.array([], np.int64), np.array([1]))
        >>> Split.from_dict(parts.to_dict()).train.tolist()
        [0, 2]
    """

    train: Indices
    validation: Indices
    test: Indices
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for part in PARTS:
            rows = np.sort(np.asarray(getattr(self, part), np.int64))
            object.__setattr__(self, part, rows)
            if not len(rows) and part != "validation":
                raise DataError(f"the {part} part must hold samples; got none")
        together = np.concatenate([self.train, self.validation, self.test])
        if len(np.unique(together)) != len(together):
            raise DataError("a sample must be in one part only; got one in two")

    def to_dict(self) -> dict[str, Any]:
        """Say the same in plain lists, for JSON.

        Returns:
            The indices of each part, and the notes.
        """
        return {
            **{part: getattr(self, part).tolist() for part in PARTS},
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Split:
        """Rebuild from :meth:`to_dict`.

        Args:
            stored: The plain lists.

        Returns:
            The split.

        Raises:
            FormatError: If a part is missing or holds anything but integers.
        """
        try:
            rows = [np.array(stored[part]) for part in PARTS]
            notes = tuple(str(note) for note in stored["notes"])
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(f"a split must hold {PARTS}; got {error!r}") from error
        if any(r.ndim != 1 or (len(r) and r.dtype.kind != "i") for r in rows):
            raise FormatError("the parts of a split must be lists of integers")
        return cls(rows[0], rows[1], rows[2], notes)


def split(
    dataset: Dataset,
    fractions: tuple[float, float, float] = FRACTIONS,
    *,
    seed: int = 0,
    on_bad: OnBad = "fail",
) -> Split:
    """Divide a dataset into three parts.

    Parts that the source states (a test file, a folder named ``val``) are kept;
    only the missing ones are taken from the training samples.

    Args:
        dataset: The samples.
        fractions: Shares of training, validation and test, of the units; they add
            up to 1, and validation may be 0.
        seed: The same seed gives the same parts.
        on_bad: Refuse ("fail") or leave out ("skip") test samples of classes that
            training never sees.

    Returns:
        The parts: stratified by class where every unit has one class.

    Raises:
        UsageError: If the fractions cannot be.
        DataError: If a part stays empty, or training has one class only.

    Example:
        >>> from depthwise.data.dataset import Dataset
        >>> people = np.repeat(["ann", "bob", "eve"], 4)
        >>> data = Dataset(np.zeros((12, 1, 8)), np.tile([0, 1], 6), classes=("a", "b"),
        ...     channels=("x",), name="toy", groups=people)
        >>> parts = split(data, seed=1)
        >>> [str(people[rows[0]]) for rows in (parts.train, parts.test)]
        ['eve', 'ann']
    """
    _check_fractions(fractions)
    part = _stated(dataset)
    _, validation, test = fractions
    for code, share in ((2, test), (1, validation)):
        if share and not np.any(part == code):
            # The test part is out already when validation takes its share.
            rows = np.flatnonzero(part == 0)
            rest = 1.0 if code == 2 else 1.0 - test
            part[rows[_some(dataset, rows, share / rest, seed)]] = code
    return of_parts(dataset, part, on_bad=on_bad)


def split_by_group(
    dataset: Dataset,
    held_out: Sequence[str],
    *,
    validation: Sequence[str] = (),
    on_bad: OnBad = "fail",
) -> Split:
    """Hold named groups out as the test part.

    Args:
        dataset: Samples with groups.
        held_out: Groups to test on.
        validation: Groups to validate on.
        on_bad: As in :func:`split`.

    Returns:
        The parts; every other group is trained on.

    Raises:
        UnknownNameError: If there is no such group.
        DataError: If the dataset has no groups, or a part stays empty.

    Example:
        >>> from depthwise.data.dataset import Dataset
        >>> data = Dataset(np.zeros((4, 1, 8)), np.array([0, 1, 0, 1]),
        ...     classes=("a", "b"), channels=("x",), name="toy",
        ...     groups=np.array(["1", "1", "2", "2"]))
        >>> split_by_group(data, ["2"]).test.tolist()
        [2, 3]
    """
    groups = dataset.groups
    if groups is None:
        raise DataError(f"a split by group needs groups; {dataset.name} has none")
    known = set(groups.tolist())
    part = np.zeros(len(dataset), np.int64)
    for code, names in ((1, validation), (2, held_out)):
        for name in map(str, names):
            if name not in known:
                raise UnknownNameError.of("group", name, known)
            rows = groups == name
            if np.any(part[rows]):
                raise UsageError(
                    f"a group must be in one part only; got {name!r} twice"
                )
            part[rows] = code
    return of_parts(dataset, part, on_bad=on_bad)


def _check_fractions(fractions: tuple[float, float, float]) -> None:
    total = sum(fractions)
    train, validation, test = fractions
    if min(train, test) <= 0 or validation < 0 or abs(total - 1) > 1e-6:
        raise UsageError(
            "fractions must be positive (validation may be 0) and add up to 1;"
            f" got {fractions}, sum {total:g}",
            "0.7, 0.15, 0.15",
        )


def _stated(dataset: Dataset) -> Indices:
    """Part of each sample as the source states it; training where it says nothing."""
    if dataset.parts is None:
        return np.zeros(len(dataset), np.int64)
    return np.array([PARTS.index(p) for p in dataset.parts.tolist()], np.int64)


def _some(dataset: Dataset, rows: Indices, share: float, seed: int) -> Indices:
    """Positions in ``rows`` of a share of the units there."""
    owner, strata = units_of(dataset, rows)
    part = divide(strata, (1.0 - share, share), seed=seed)
    return np.flatnonzero(part[owner] == 1)


def of_parts(dataset: Dataset, part: Indices, *, on_bad: OnBad = "fail") -> Split:
    """Build a split from the part of each sample, if training sees every class.

    Args:
        dataset: The samples.
        part: 0 (training), 1 (validation) or 2 (test) for each sample.
        on_bad: As in :func:`split`.

    Returns:
        The split; where copies are known, those in the earlier part are left out.

    Raises:
        DataError: If a part stays empty, or training lacks classes.

    Example:
        >>> from depthwise.data.dataset import Dataset
        >>> data = Dataset(np.zeros((4, 1, 8)), np.array([0, 1, 0, 1]),
        ...     classes=("a", "b"), channels=("x",), name="toy")
        >>> of_parts(data, np.array([0, 0, 1, 2])).validation.tolist()
        [2]
    """
    check_on_bad(on_bad)
    labels = dataset.labels
    notes = []
    early = _copies_before(dataset, part)
    if np.any(early):
        part = np.where(early, -1, part)
        notes.append(
            "a sample must be in one part only;"
            f" got {int(early.sum())} with a copy in a later part"
        )
    seen = np.unique(labels[part == 0])
    if len(seen) == 1:
        raise DataError(
            "training must see at least two classes;"
            f" got only {dataset.classes[seen[0]]!r} in {dataset.name}"
        )
    unseen = (part > 0) & ~np.isin(labels, seen)
    if len(seen) and np.any(unseen):
        names = [dataset.classes[c] for c in np.unique(labels[unseen])]
        sentence = (
            "every class that is tested must be seen in training;"
            f" got {int(unseen.sum())} samples of {names} outside it"
        )
        if on_bad == "fail":
            hint = 'on_bad="skip" (--on-bad skip) leaves those samples out'
            raise DataError(sentence, hint)
        part = np.where(unseen, -1, part)
        notes.append(sentence)
    rows = [np.flatnonzero(part == code) for code in range(len(PARTS))]
    return Split(rows[0], rows[1], rows[2], tuple(notes))


def _copies_before(dataset: Dataset, part: Indices) -> NDArray[np.bool_]:
    """Which samples have a copy in a later part: what is scored stays."""
    if dataset.copies is None:
        return np.zeros(len(part), np.bool_)
    last = np.full(int(dataset.copies.max()) + 1, -1)
    np.maximum.at(last, dataset.copies, part)
    return (part >= 0) & (part < last[dataset.copies])
