"""Training on real digits: it learns, keeps the best, and repeats itself exactly."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from tests.unit.training.small import Digits, Parts, small_net

from depthwise.errors import DataError, OutputExistsError, TrainingError, UsageError
from depthwise.training import (
    Augmentation,
    EpochEnd,
    TrainingSettings,
    predict_logits,
    score,
    train,
)

if TYPE_CHECKING:
    from pathlib import Path


def weights(module: torch.nn.Module) -> list[bytes]:
    return [value.numpy().tobytes() for value in module.state_dict().values()]


def run(digits, parts, settings, folder, **more):
    net = small_net()
    result = train(net, digits, parts, settings, folder=folder, progress=False, **more)
    return net, result


class StopError(Exception):
    """Ends a run in the middle."""


def stop_after(epoch: int):
    def callback(end: EpochEnd) -> None:
        if end.row.epoch == epoch:
            raise StopError

    return callback


def test_it_learns(digits, tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(1797)
    parts = Parts(order[:1200], order[1200:])
    settings = TrainingSettings(epochs=6, learning_rate=5e-3, threads=1)
    net, result = run(digits, parts, settings, tmp_path)
    scores = score(
        predict_logits(net, digits, parts.validation), digits.labels[parts.validation]
    )
    assert scores.accuracy > 0.93
    assert scores.accuracy == pytest.approx(result.best.validation_accuracy)
    assert scores.loss == pytest.approx(result.best.validation_loss, rel=1e-5)
    assert 0 <= result.waiting_share < 1
    assert not net.training


def test_the_best_epoch_is_kept(digits, parts, settings, tmp_path: Path) -> None:
    seen = {}

    def remember(end: EpochEnd) -> None:
        seen[end.row.epoch] = (weights(end.module), end.best)

    # A rate this large makes later epochs worse than earlier ones.
    wild = replace(settings, epochs=6, learning_rate=0.5, optimizer="sgd")
    net, result = run(digits, parts, wild, tmp_path, callbacks=[remember])
    key = [(r.validation_accuracy, -r.validation_loss) for r in result.rows]
    assert result.best.epoch == 1 + key.index(max(key))
    assert weights(net) == seen[result.best.epoch][0]
    assert seen[result.best.epoch][1]


def test_without_validation_the_last_epoch_is_kept(digits, parts, settings, tmp_path):
    seen = []
    alone = Parts(parts.train, parts.train[:0])
    net, result = run(
        digits,
        alone,
        replace(settings, learning_rate=0.5, optimizer="sgd"),
        tmp_path,
        callbacks=[lambda end: seen.append(weights(end.module))],
    )
    assert result.best == result.rows[-1]
    assert result.best.validation_accuracy is None
    assert weights(net) == seen[-1]
    assert (tmp_path / "metrics.csv").read_text().endswith(",,\n")


def test_the_same_seed_gives_the_same_bits(digits, parts, settings, tmp_path) -> None:
    first, one = run(digits, parts, settings, tmp_path / "a")
    torch.manual_seed(99)  # the surroundings do not matter
    second, two = run(digits, parts, settings, tmp_path / "b")
    third, _ = run(digits, parts, replace(settings, seed=1), tmp_path / "c")
    assert weights(first) == weights(second)
    assert weights(first) != weights(third)
    assert one.rows == two.rows


def test_training_leaves_the_surroundings_alone(digits, parts, settings, tmp_path):
    torch.manual_seed(5)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    net = small_net()
    torch.set_rng_state(state)
    quick = replace(settings, epochs=1, threads=2)
    train(net, digits, parts, quick, folder=tmp_path, progress=False)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("loader_threads", [0, 3])
def test_reading_ahead_changes_nothing(
    digits, parts, settings, tmp_path, loader_threads
):
    first, _ = run(digits, parts, settings, tmp_path / "a")
    other = replace(settings, loader_threads=loader_threads)
    second, _ = run(digits, parts, other, tmp_path / "b")
    assert weights(first) == weights(second)


@pytest.mark.parametrize("extra", [{}, {"ema_decay": 0.9}, {"optimizer": "sgd"}])
def test_resumed_equals_unbroken(digits, parts, settings, tmp_path, extra) -> None:
    settings = replace(settings, epochs=4, **extra)
    whole, result = run(digits, parts, settings, tmp_path / "a")
    for epoch in (1, 3):
        with pytest.raises(StopError):
            run(
                digits,
                parts,
                settings,
                tmp_path / "b",
                resume=True,
                callbacks=[stop_after(epoch)],
            )
    resumed, again = run(digits, parts, settings, tmp_path / "b", resume=True)
    assert weights(whole) == weights(resumed)
    assert result.rows == again.rows
    log = (tmp_path / "a/metrics.csv").read_bytes()
    assert (tmp_path / "b/metrics.csv").read_bytes() == log
    finished, _ = run(digits, parts, settings, tmp_path / "b", resume=True)
    assert weights(finished) == weights(whole)


def test_metrics_hold_the_rows(digits, parts, settings, tmp_path: Path) -> None:
    _, result = run(digits, parts, settings, tmp_path)
    with (tmp_path / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]
    losses = [float(row["train_loss"]) for row in rows]
    assert losses == [row.train_loss for row in result.rows]


def test_patience_ends_a_run(digits, parts, settings, tmp_path: Path) -> None:
    # A rate this small changes nothing that an accuracy or loss could show.
    still = replace(settings, epochs=9, learning_rate=1e-30, patience=2, seed=3)
    frozen = replace(still, freeze_batch_norm=True)
    _, result = run(digits, parts, frozen, tmp_path)
    assert len(result.rows) == 3
    assert result.best.epoch == 1
    assert result.stopped_early


def test_a_run_is_not_overwritten(digits, parts, settings, tmp_path: Path) -> None:
    quick = replace(settings, epochs=1)
    run(digits, parts, quick, tmp_path)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    with pytest.raises(OutputExistsError, match=r"must not overwrite.*checkpoint\.pt"):
        run(digits, parts, quick, tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_a_loss_that_is_not_finite_ends_a_run(digits, parts, settings, tmp_path):
    hot = replace(settings, learning_rate=1e30, warmup_epochs=0.0, optimizer="sgd")
    with pytest.raises(
        TrainingError, match=r"the loss must stay finite; got .* epoch 1"
    ):
        run(digits, parts, hot, tmp_path)


def test_data_that_do_not_fit_are_refused(digits, parts, settings, tmp_path) -> None:
    def refused(data, split, words, plan=settings):
        with pytest.raises(DataError, match=words):
            run(data, split, plan, tmp_path)
        assert not list(tmp_path.iterdir())

    ones = np.flatnonzero(digits.labels == 1)
    two = Digits(digits.inputs.repeat(2, axis=1), digits.labels)
    bad = Digits(np.full_like(digits.inputs, np.nan), digits.labels)
    more = Digits(digits.inputs, digits.labels, tuple("0123456789a"))
    flat = Digits(digits.inputs.reshape(1797, 64), digits.labels)
    refused(digits, Parts(parts.train[:1], parts.validation), "training part.*got 1")
    none = Parts(parts.train, parts.train[:0])
    refused(digits, none, "patience=2 and no valid", replace(settings, patience=2))
    refused(digits, Parts(ones, ones), "two classes; got only '1'")
    refused(two, parts, r"take the data's examples, \[2, 8, 8\]")
    refused(more, parts, r"\[8, 11\]; got \[8, 10\]")
    refused(bad, parts, "finite; got NaN")
    refused(flat, parts, "got 2 axes")


def test_augmentation_of_another_kind_of_data_is_refused(
    digits, parts, settings, tmp_path
) -> None:
    plan = replace(settings, augmentation=Augmentation(jitter=0.1, crop=1))
    with pytest.raises(UsageError, match=r"jitter must be 0 for images; got 0\.1"):
        run(digits, parts, plan, tmp_path)
    rows = Digits(digits.inputs[:, 0], digits.labels)
    with pytest.raises(UsageError, match="crop must be 0 for series; got 1"):
        run(rows, parts, plan, tmp_path)
    assert not list(tmp_path.iterdir())
