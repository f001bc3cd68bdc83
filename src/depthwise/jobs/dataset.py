"""Labelled data for a job: opened, and divided by named groups or shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Literal, TypeAlias

from depthwise.data import Dataset, ReadReport, Split, folds, open_data, split_by_group
from depthwise.data import split as split_by_share
from depthwise.data.columns import Columns
from depthwise.data.recording_set import LabelBy
from depthwise.errors import UsageError

OnBad: TypeAlias = Literal["fail", "skip"]
REGISTERED = ("watch", "digits", "digits-8x8", "fashion-mnist", "basic-motions")
SHARES = (0.7, 0.15, 0.15)
_INNER = (0.85, 0.0, 0.15)


def open_dataset(
    source: str | Path,
    *,
    window: int | None = None,
    step: int | None = None,
    label: LabelBy = "majority",
    rate_hz: float | None = None,
    columns: Columns | None = None,
    size: tuple[int, int] | None = None,
    mode: str | None = None,
    on_bad: OnBad = "fail",
) -> Dataset:
    """Open labelled data, whatever they are.

    Args:
        source: What ``open_data`` takes: a registered name, a folder or a file.
        window: Samples a window, for recordings; the reader's default if None.
        step: From one window to the next; half a window if None.
        label: Label windows by the "majority" of their rows or by "file".
        rate_hz: Samples a second that every recording must have.
        columns: Names of the columns of tables that are no channels.
        size: Rows and columns, for images of several sizes.
        mode: "L" or "RGB" for images.
        on_bad: Refuse bad input ("fail"), or leave it out and count it ("skip").

    Returns:
        The dataset; its report says what was skipped and repaired.

    Raises:
        DataError: If there is nothing to read, or it is damaged.
    """
    return open_data(
        source,
        window=window,
        step=step,
        label=label,
        rate_hz=rate_hz,
        columns=columns,
        size=size,
        mode=mode,
        on_bad=on_bad,
    )


def parse_columns(text: str | None) -> Columns | None:
    """Read names of columns as a user writes them.

    Args:
        text: Such as "label=exercise,group=who"; None for nothing.

    Returns:
        The names, or None.

    Raises:
        UsageError: If a word is not of this form, or names another sort of column.

    Example:
        >>> parse_columns("label=exercise,group=who").group
        'who'
    """
    if text is None:
        return None
    pairs = [word.partition("=") for word in text.split(",")]
    named = {kind.strip(): name.strip() for kind, _, name in pairs}
    known = {field.name for field in fields(Columns)}
    if len(named) < len(pairs) or not set(named) <= known or not all(named.values()):
        raise UsageError(
            f"--columns must name {', '.join(sorted(known))}, each once; got {text!r}",
            "--columns label=exercise,group=who",
        )
    return Columns(**named)


def reading_note(report: ReadReport) -> str:
    """Say what reading left out or repaired, and in which files.

    Args:
        report: What reading came across.

    Returns:
        A line and one more a rule, or nothing where all was well.

    Example:
        >>> reading_note(ReadReport(read=3))
        ''
    """
    if not report.skipped and not report.repaired:
        return ""
    counted = str(report).partition("\n")[0]
    return "\n".join([counted, *(f"  {line}" for line in report.named())])


def splitting_note(splits: Iterable[Split]) -> str:
    """Say what splitting left out.

    Args:
        splits: The splits of an experiment.

    Returns:
        A line a split that left something out.

    Example:
        >>> import numpy as np
        >>> rows = np.arange(3)
        >>> splitting_note([Split(rows[:1], rows[1:2], rows[2:], ("1 of a class",))])
        'left out of a split: 1 of a class'
    """
    notes = [note for split in splits for note in split.notes]
    return "\n".join(f"left out of a split: {note}" for note in notes)


def choose_split(
    dataset: Dataset,
    *,
    test: Sequence[str] = (),
    validation: Sequence[str] = (),
    seed: int = 0,
    on_bad: OnBad = "fail",
) -> Split:
    """Split data by named groups, or else by shares.

    Args:
        dataset: Labelled samples.
        test: Groups to hold out for the score; none takes 15 % by seed.
        validation: Groups to choose the best epoch by; none lets the seed choose.
        seed: Of the choice.
        on_bad: Refuse samples to test on whose class is not in training, or leave
            them out.

    Returns:
        The parts.

    Raises:
        UsageError: If groups are named and the data has none.
        DataError: If a part would be empty.
    """
    if not test and not validation:
        return split_by_share(dataset, SHARES, seed=seed, on_bad=on_bad)
    if dataset.groups is None:
        option = "--test" if test else "--validation"
        msg = f"{option} names groups; got data without groups: {dataset.name}"
        raise UsageError(msg, f"leave {option} out: the split is by shares then")
    test, validation = _names(dataset, test), _names(dataset, validation)
    named = split_by_group(dataset, test, validation=validation, on_bad=on_bad)
    if validation:
        return named
    rest = named.train
    inner = split_by_share(dataset.take(rest), _INNER, seed=seed, on_bad=on_bad)
    notes = (*named.notes, *inner.notes)
    return Split(rest[inner.train], rest[inner.test], named.test, notes)


def _names(dataset: Dataset, words: Sequence[str]) -> list[str]:
    """Groups that a user names, several in one word too, unless that is a group."""
    known = set(() if dataset.groups is None else dataset.groups.tolist())
    found: list[str] = []
    for word in words:
        found += [word] if word in known else word.split(",")
    return found


def choose_folds(
    dataset: Dataset,
    count: int,
    *,
    test: Sequence[str] = (),
    validation: Sequence[str] = (),
    seed: int = 0,
    on_bad: OnBad = "fail",
) -> dict[str, Split]:
    """Make folds, by group wherever there are groups.

    Args:
        dataset: Labelled samples.
        count: How many folds; 1 is a single split by named groups or shares.
        test: Groups to hold out, for a single split.
        validation: Groups to choose the best epoch by, for a single split.
        seed: Of the choice.
        on_bad: Refuse samples to test on whose class is not in training, or leave
            them out.

    Returns:
        Splits by name.

    Raises:
        UsageError: If groups are named and there are several folds.
        DataError: If there are fewer groups than folds.
    """
    check_folds(count, test=test, validation=validation)
    if count == 1:
        named = {"test": test, "validation": validation}
        return {"1": choose_split(dataset, **named, seed=seed, on_bad=on_bad)}
    drawn = folds(dataset, count, seed=seed, on_bad=on_bad)
    return {str(number): part for number, part in enumerate(drawn, start=1)}


def check_folds(
    count: int, *, test: Sequence[str] = (), validation: Sequence[str] = ()
) -> None:
    """Refuse named groups together with several folds, before data are read.

    Args:
        count: How many folds.
        test: Groups to hold out.
        validation: Groups to choose the best epoch by.

    Raises:
        UsageError: If groups are named and there are several folds.

    Example:
        >>> check_folds(1, test=["ann"])
    """
    if count > 1 and (test or validation):
        msg = f"several folds choose their own groups; got {count} folds and named ones"
        raise UsageError(msg, "--folds 1, or neither --test nor --validation")
