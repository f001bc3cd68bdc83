"""What a user names becomes a split; what splitting leaves out is said."""

import numpy as np
import pytest

from depthwise.data import Dataset
from depthwise.errors import DataError, UnknownNameError
from depthwise.jobs.dataset import choose_folds, choose_split, splitting_note


def people(names: list[str], labels: list[int]) -> Dataset:
    return Dataset(
        np.zeros((len(labels), 1, 4)),
        np.array(labels),
        tuple("uvw"[: max(labels) + 1]),
        ("x",),
        "toy",
        groups=np.array(names),
    )


FOUR = people([name for name in ("a", "b", "c", "d,e") for _ in "uv"], [0, 1] * 4)
LATE = people(list("aabbccc"), [0, 1, 0, 1, 0, 1, 2])


@pytest.mark.parametrize("words", [["a", "b"], ["a,b"]])
def test_groups_may_be_named_in_one_word(words: list[str]) -> None:
    parts = choose_split(FOUR, test=words, validation=["c"])
    assert parts.test.tolist() == [0, 1, 2, 3]
    assert parts.train.tolist() == [6, 7]


def test_a_group_with_a_comma_in_its_name_is_one_group() -> None:
    parts = choose_split(FOUR, test=["d,e"], validation=["a"])
    assert parts.test.tolist() == [6, 7]
    with pytest.raises(UnknownNameError, match="'z'"):
        choose_split(FOUR, test=["a,z"])


def test_what_a_split_leaves_out_is_refused_or_said() -> None:
    with pytest.raises(DataError, match="must be seen in training"):
        choose_split(LATE, test=["c"], validation=["b"])
    parts = choose_split(LATE, test=["c"], validation=["b"], on_bad="skip")
    assert parts.test.tolist() == [4, 5]
    folded = choose_folds(LATE, 3, on_bad="skip")
    for note in (splitting_note([parts]), splitting_note(folded.values())):
        assert "1 samples of ['w']" in note
    assert splitting_note([choose_split(FOUR, test=["a"])]) == ""
