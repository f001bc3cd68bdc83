"""Parts never share a unit, never lack a class, and depend on the seed alone."""

import json

import numpy as np
import pytest
from PIL import Image

from depthwise.data import (
    Dataset,
    Split,
    folds,
    open_data,
    split,
    split_by_group,
)
from depthwise.data.splits import PARTS
from depthwise.errors import DataError, FormatError, UnknownNameError, UsageError


def toy(labels, **names) -> Dataset:
    labels = np.asarray(labels)
    classes = tuple(f"class-{c}" for c in range(labels.max() + 1))
    inputs = np.zeros((len(labels), 1, 4), np.float32)
    return Dataset(inputs, labels, classes, ("x",), "toy", **names)


PEOPLE = toy(np.tile([0, 1, 2], 20), groups=np.repeat(list("abcdefghij"), 6))
PLAIN = toy(np.repeat([0, 1, 2], [100, 40, 10]))


def owners(data: Dataset, rows) -> set[str]:
    return set(data.groups[rows].tolist())


def test_no_group_is_in_two_parts() -> None:
    parts = split(PEOPLE, seed=3)
    held = [owners(PEOPLE, getattr(parts, part)) for part in PARTS]
    assert [len(people) for people in held] == [7, 1, 2]
    assert set.union(*held) == set("abcdefghij")


def test_recordings_stay_whole_where_there_are_no_groups() -> None:
    names = np.repeat([f"r{n}" for n in range(20)], 5)
    data = toy(np.repeat([0, 1], 50), recordings=names)
    parts = split(data, seed=0)
    held = [set(names[getattr(parts, part)]) for part in PARTS]
    assert sum(map(len, held)) == 20
    assert all(len(np.unique(data.labels[getattr(parts, p)])) == 2 for p in PARTS)


def test_samples_without_groups_are_stratified() -> None:
    parts = split(PLAIN, (0.6, 0.2, 0.2), seed=5)
    counts = [np.bincount(PLAIN.labels[getattr(parts, p)]).tolist() for p in PARTS]
    assert counts == [[60, 24, 6], [20, 8, 2], [20, 8, 2]]


@pytest.mark.parametrize("data", [PEOPLE, PLAIN])
def test_the_seed_fixes_the_split(data: Dataset) -> None:
    first, again, other = (split(data, seed=s) for s in (7, 7, 8))
    assert first.to_dict() == again.to_dict()
    assert first.to_dict() != other.to_dict()


def test_stated_parts_are_kept_and_validation_comes_from_training() -> None:
    stated = np.where(np.arange(150) % 5 == 0, "test", "train")
    data = toy(PLAIN.labels, parts=stated)
    parts = split(data)
    assert parts.test.tolist() == list(range(0, 150, 5))
    assert 15 <= len(parts.validation) <= 30
    assert len(parts.train) + len(parts.validation) == 120


def test_a_fraction_of_zero_leaves_validation_empty() -> None:
    parts = split(PLAIN, (0.8, 0.0, 0.2))
    assert len(parts.validation) == 0
    assert len(parts.train) + len(parts.test) == 150


def test_a_class_of_one_example_stays_in_training() -> None:
    data = toy([0] * 20 + [1] * 20 + [2])
    assert 40 in split(data).train


def test_named_groups_are_held_out() -> None:
    parts = split_by_group(PEOPLE, ["a", "b"], validation=["c"])
    assert owners(PEOPLE, parts.test) == {"a", "b"}
    assert owners(PEOPLE, parts.validation) == {"c"}
    assert len(parts.train) == 42


def test_saved_and_loaded_splits_are_equal() -> None:
    parts = split(PEOPLE)
    loaded = Split.from_dict(json.loads(json.dumps(parts.to_dict())))
    assert loaded.to_dict() == parts.to_dict()


@pytest.mark.parametrize("data", [PEOPLE, PLAIN])
@pytest.mark.parametrize("k", [2, 5, 10])
def test_folds_test_every_sample_once(data: Dataset, k: int) -> None:
    made = folds(data, k, seed=1)
    tested = np.concatenate([fold.test for fold in made])
    assert sorted(tested.tolist()) == list(range(len(data)))
    for fold in made:
        together = np.concatenate([fold.train, fold.validation, fold.test])
        assert sorted(together.tolist()) == list(range(len(data)))


def test_folds_of_named_groups_keep_their_order() -> None:
    made = folds(PEOPLE, [["a", "b"], ["c", "d"]], validation=0)
    assert [owners(PEOPLE, fold.test) for fold in made] == [{"a", "b"}, {"c", "d"}]
    assert all(len(fold.validation) == 0 for fold in made)


def test_fold_validation_never_shares_a_group_with_training() -> None:
    for fold in folds(PEOPLE, 5):
        assert not owners(PEOPLE, fold.train) & owners(PEOPLE, fold.validation)
        assert len(owners(PEOPLE, fold.validation)) == 1


UNSEEN = toy([0, 1, 0, 1, 2], groups=np.array(list("aabbc")))


def test_a_class_that_training_never_sees_is_refused_or_left_out() -> None:
    with pytest.raises(DataError, match="class-2"):
        split_by_group(UNSEEN, ["b", "c"])
    parts = split_by_group(UNSEEN, ["b", "c"], on_bad="skip")
    assert parts.test.tolist() == [2, 3]
    assert "1 samples" in parts.notes[0]


LATE = toy([0, 1, 0, 1, 0, 1, 2], groups=np.array(list("aabbccc")))


@pytest.mark.parametrize("k", [3, [["a"], ["b"], ["c"]]])
def test_folds_leave_out_what_their_training_never_sees(k) -> None:
    with pytest.raises(DataError, match="class-2") as caught:
        folds(LATE, k, validation=0)
    assert "--on-bad skip" in caught.value.hint
    made = folds(LATE, k, validation=0, on_bad="skip")
    (late,) = (fold for fold in made if fold.notes)
    assert late.test.tolist() == [4, 5]
    assert late.train.tolist() == [0, 1, 2, 3]
    assert sum(len(fold.test) for fold in made) == 6


ONE = toy([0] * 10)
LONELY = toy([0, 1] * 4, groups=np.full(8, "a"))


@pytest.mark.parametrize(
    ("attempt", "error", "words"),
    [
        (lambda: split(ONE), DataError, "at least two classes"),
        (lambda: split(LONELY), DataError, "test part must hold"),
        (lambda: split(PLAIN, (0.5, 0.2, 0.2)), UsageError, "add up to 1"),
        (lambda: split(PLAIN, (0.0, 0.5, 0.5)), UsageError, "positive"),
        (lambda: split(PLAIN, on_bad="guess"), UsageError, "'fail' or 'skip'"),
        (lambda: split_by_group(PLAIN, ["a"]), DataError, "needs groups"),
        (lambda: split_by_group(PEOPLE, ["z"]), UnknownNameError, "'z'"),
        (lambda: split_by_group(PEOPLE, []), DataError, "test part"),
        (lambda: split_by_group(PEOPLE, list("abcdefghij")), DataError, "train part"),
        (
            lambda: split_by_group(PEOPLE, ["a"], validation=["a"]),
            UsageError,
            "one part",
        ),
        (lambda: folds(PEOPLE, 11), UsageError, "10 units"),
        (lambda: folds(PEOPLE, 1), UsageError, "at least 2"),
        (lambda: folds(PEOPLE, [["a"]]), UsageError, "at least 2"),
        (lambda: Split.from_dict({"train": [0]}), FormatError, "validation"),
        (lambda: Split([0, 1], [], [1]), DataError, "one part only"),
        (lambda: split(toy([0, 1], parts=["train", "tset"])), DataError, "tset"),
    ],
)
def test_what_cannot_be_split_is_refused(attempt, error, words) -> None:
    with pytest.raises(error, match=words):
        attempt()


def test_equal_images_are_in_one_part_of_every_split(tmp_path) -> None:
    draw = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for number in range(10):
            pixels = draw.integers(0, 256, (8, 8, 3), np.uint8)
            for copy in ("a", "b"):
                file = tmp_path / label / f"{number}{copy}.png"
                Image.fromarray(pixels).save(file)
    data = open_data(tmp_path)
    assert len(data) == 40
    found = 0
    for parts in (*(split(data, seed=n) for n in range(5)), *folds(data, 4)):
        names = [set(data.copies[part].tolist()) for part in all_parts(parts)]
        assert not names[0] & names[1]
        assert not names[0] & names[2]
        assert not names[1] & names[2]
        left_out = 40 - sum(map(len, all_parts(parts)))
        found += left_out
        words = f"got {left_out} with a copy in a later part"
        assert [words in note for note in parts.notes] == [True] * bool(left_out)
    assert found


def test_a_copied_recording_of_another_person_is_not_trained_on(tmp_path) -> None:
    draw = np.random.default_rng(0)
    rows = ["file,label,group"]
    for number in range(8):
        samples = draw.normal(size=(40, 2))
        np.savetxt(
            tmp_path / f"{number}.csv",
            samples,
            delimiter=",",
            header="x,y",
            comments="",
        )
        rows.append(f"{number}.csv,{'ab'[number % 2]},person-{number // 4}")
    (tmp_path / "copy.csv").write_text((tmp_path / "7.csv").read_text())
    rows.append("copy.csv,b,person-0")
    (tmp_path / "recordings.csv").write_text("\n".join(rows))
    data = open_data(tmp_path, window=20, step=10)
    parts = split_by_group(data, ["person-1"])
    assert len(data) == 27
    assert set(data.recordings[parts.train]) == {f"{n}.csv" for n in range(4)}
    assert "got 3 with a copy" in parts.notes[0]


def all_parts(parts: Split) -> tuple[np.ndarray, ...]:
    return parts.train, parts.validation, parts.test


def test_arrays_know_their_copies_and_keep_them_when_samples_are_taken(
    tmp_path,
) -> None:
    inputs = np.arange(24.0).reshape(6, 1, 4)
    inputs[4] = inputs[1]
    np.savez(tmp_path / "a.npz", inputs=inputs, labels=list("abaabb"))
    data = open_data(tmp_path / "a.npz")
    assert data.copies[4] == data.copies[1]
    assert len(set(data.copies.tolist())) == 5
    assert data.take([4, 1]).copies.tolist() == [data.copies[1]] * 2
