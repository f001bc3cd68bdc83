"""Metrics against their plain definitions, on hand-made and random cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from depthwise.errors import DataError
from depthwise.training import (
    bootstrap,
    by_group,
    by_recording,
    paired_difference,
    score,
)


def random_case(seed: int, examples: int = 60, classes: int = 4):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(examples, classes)), rng.integers(
        classes - 1, size=examples
    )


@pytest.mark.parametrize("seed", range(5))
def test_against_plain_definitions(seed: int) -> None:
    logits, labels = random_case(seed)
    scores = score(logits, labels)
    predicted = [int(np.argmax(row)) for row in logits]
    pairs = list(zip(labels.tolist(), predicted, strict=True))
    for true in range(4):
        for guess in range(4):
            assert scores.confusion[true, guess] == pairs.count((true, guess))
    assert scores.accuracy == sum(a == b for a, b in pairs) / len(pairs)
    recalls = []
    for true in range(3):
        own = [guess == true for label, guess in pairs if label == true]
        recalls.append(sum(own) / len(own))
    assert scores.balanced_accuracy == pytest.approx(sum(recalls) / 3, abs=1e-15)
    for name in range(4):
        hits = pairs.count((name, name))
        precision = hits / max(predicted.count(name), 1)
        recall = hits / max(labels.tolist().count(name), 1)
        wanted = 2 * precision * recall / (precision + recall) if hits else 0.0
        assert scores.f1[name] == pytest.approx(wanted, abs=1e-15)


@pytest.mark.parametrize("seed", range(3))
def test_calibration_error_bin_by_bin(seed: int) -> None:
    logits, labels = random_case(seed, 200)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    total = 0.0
    for number in range(15):
        low, high = number / 15, (number + 1) / 15
        inside = (chances.max(axis=1) > low) & (chances.max(axis=1) <= high)
        if inside.any():
            right = (chances.argmax(axis=1) == labels)[inside].mean()
            gap = abs(right - chances.max(axis=1)[inside].mean())
            total += inside.sum() / 200 * gap
    assert score(logits, labels).calibration_error == pytest.approx(total, abs=1e-12)


def test_a_class_that_is_nowhere_has_no_f1() -> None:
    scores = score(np.eye(3)[[0, 1]], np.array([0, 1]))
    assert scores.f1 == (1.0, 1.0, None)
    assert scores.macro_f1 == 1.0
    assert scores.balanced_accuracy == 1.0


def test_large_logits_do_not_overflow() -> None:
    scores = score(np.array([[1e4, -1e4]]), np.array([0]))
    assert scores.loss == 0
    assert scores.accuracy == 1


@pytest.mark.parametrize(
    ("logits", "labels", "words"),
    [
        (np.zeros((0, 3)), np.zeros(0, int), "n at least 1"),
        (np.zeros((2, 3)), np.zeros(3, int), r"got \[2, 3\] and \[3\]"),
        (np.zeros((1, 3)), np.array([3]), "labels must be in 0…2; got 3…3"),
        (
            np.array([[0.0, 1], [np.nan, 0]]),
            np.array([0, 0]),
            "logits must be finite.* 1",
        ),
    ],
)
def test_what_cannot_be_scored(logits, labels, words) -> None:
    with pytest.raises(DataError, match=words):
        score(logits, labels)


def test_recordings_vote_with_the_product_of_their_chances() -> None:
    logits, labels = random_case(7, 30)
    recordings = np.array([f"r{number // 6}" for number in range(30)])
    labels = labels[np.arange(30) // 6 * 6]
    votes, truth, names = by_recording(logits, labels, recordings)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for row, name in enumerate(names):
        product = np.prod(chances[recordings == name], axis=0) ** (1 / 6)
        assert np.allclose(np.exp(votes[row]), product, rtol=1e-12)
        assert truth[row] == labels[recordings == name][0]


def test_a_recording_with_two_labels_is_refused() -> None:
    with pytest.raises(DataError, match=r"one label; a has \[0, 1\]"):
        by_recording(np.zeros((2, 2)), np.array([0, 1]), np.array(["a", "a"]))


def test_groups_add_up() -> None:
    logits, labels = random_case(9)
    groups = np.array(["x", "y", "z"] * 20)
    each = by_group(logits, labels, groups)
    total = sum(each[name].confusion for name in "xyz")
    assert (total == score(logits, labels).confusion).all()


def test_bootstrap_is_near_the_binomial_interval() -> None:
    right = np.array([1] * 360 + [0] * 40)
    found = bootstrap(right)
    half = 1.96 * math.sqrt(0.9 * 0.1 / 400)
    assert found.value == 0.9
    assert found.low == pytest.approx(0.9 - half, abs=0.005)
    assert found.high == pytest.approx(0.9 + half, abs=0.005)
    assert bootstrap(right) == found


def test_clusters_widen_the_interval() -> None:
    right = np.repeat([1, 1, 1, 0], 25)
    alike = bootstrap(right, clusters=np.repeat(np.arange(4), 25))
    free = bootstrap(right)
    assert alike.high - alike.low > 2 * (free.high - free.low)


def test_paired_difference_over_folds() -> None:
    rng = np.random.default_rng(0)
    second = rng.normal(0.8, 0.1, size=(5, 3))
    gaps = rng.normal(0.02, 0.01, size=(5, 3))
    found = paired_difference(second + gaps, second)
    folds = gaps.mean(axis=1)
    half = 2.7764 * folds.std(ddof=1) / math.sqrt(5)
    assert found.value == pytest.approx(gaps.mean())
    assert found.high - found.value == pytest.approx(half)
    assert found.low < found.value < found.high


def test_one_fold_is_compared_over_seeds() -> None:
    found = paired_difference([[0.9, 0.8, 0.7]], [[0.8, 0.8, 0.8]])
    assert found.value == pytest.approx(0)
    assert found.high == pytest.approx(4.3027 * 0.1 / math.sqrt(3))
    alone = paired_difference([0.9], [0.8])
    assert (alone.low, alone.high) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.7062), (30, 2.0423), (31, 2.0395), (39, 2.0227), (99, 1.9842)],
)
def test_many_folds_are_compared_by_students_quantile(freedom, quantile) -> None:
    gaps = np.linspace(-1, 1, freedom + 1)
    found = paired_difference(gaps, np.zeros(freedom + 1))
    error = gaps.std(ddof=1) / math.sqrt(freedom + 1)
    assert found.high / error == pytest.approx(quantile, abs=6e-5)


def test_unequal_tables_are_refused() -> None:
    with pytest.raises(DataError, match=r"got \[2\] and \[3\]"):
        paired_difference([1, 2], [1, 2, 3])
    with pytest.raises(DataError, match="at least one number"):
        bootstrap([])
