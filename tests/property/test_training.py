"""Laws of training: nothing is lost in batches, slices, logs, votes and settings."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.training.small import Digits

from depthwise.training import Augmentation, TrainingSettings, by_recording, score
from depthwise.training.batches import Feed, ordered
from depthwise.training.journal import EpochRow, append, render

FLOATS = st.floats(0, 1, allow_nan=False)
ROWS = st.builds(
    EpochRow,
    epoch=st.integers(1, 99),
    learning_rate=FLOATS,
    train_loss=FLOATS,
    train_accuracy=FLOATS,
    validation_loss=st.none() | FLOATS,
    validation_accuracy=st.none() | FLOATS,
)


@given(
    count=st.integers(2, 200),
    size=st.integers(2, 70),
    processes=st.integers(1, 5),
    seed=st.integers(0, 2**62),
    epoch=st.integers(1, 1000),
)
def test_an_epoch_shows_every_example_once(count, size, processes, seed, epoch) -> None:
    plan = TrainingSettings(batch_size=size, seed=seed)
    data = Digits(np.arange(count)[:, None, None], np.arange(count) % 10)
    weights = np.ones(10, np.float32)
    feeds = [
        Feed(data, None, plan, weights, rank, processes) for rank in range(processes)
    ]
    batches = ordered(np.arange(count), plan, epoch)
    seen = [
        feed.training(batch, epoch).inputs.ravel()
        for batch in batches
        for feed in feeds
    ]
    assert sorted(np.concatenate(seen)) == list(range(count))
    assert sum(feeds[0].training(batch, epoch).weight for batch in batches) == count
    sizes = [len(batch) for batch in batches]
    assert max(sizes) <= size
    assert max(sizes) - min(sizes) <= 1


@given(rows=st.lists(ROWS, max_size=5), cut=st.integers(0, 400))
def test_a_log_cut_anywhere_is_completed(rows, cut) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.csv"
        path.write_text(render(rows)[:cut])
        append(path, rows)
        assert path.read_text() == render(rows)


@given(rows=st.lists(ROWS, min_size=1, max_size=5))
def test_a_log_reads_back_exactly(rows) -> None:
    heading, *lines = render(rows).splitlines()
    names = heading.split(",")
    for row, line in zip(rows, lines, strict=True):
        for name, cell in zip(names, line.split(","), strict=True):
            assert (float(cell) if cell else None) == getattr(row, name)


@given(
    settings=st.builds(
        TrainingSettings,
        epochs=st.integers(1, 10**6),
        learning_rate=st.floats(1e-9, 1e9),
        ema_decay=st.floats(0, 1, exclude_max=True),
        optimizer=st.sampled_from(["adamw", "sgd"]),
        class_weights=st.sampled_from(["none", "balanced"])
        | st.lists(st.floats(0.1, 9), min_size=1).map(tuple),
        augmentation=st.builds(
            Augmentation, jitter=FLOATS, crop=st.integers(0, 9), mixup=FLOATS
        ),
    )
)
def test_settings_survive_json(settings) -> None:
    assert TrainingSettings.from_json(settings.to_json()) == settings


@given(
    counts=st.lists(st.integers(1, 6), min_size=1, max_size=8),
    seed=st.integers(0, 2**32),
)
def test_votes_and_scores_count_everything(counts, seed) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(sum(counts), 4))
    recordings = np.repeat(np.arange(len(counts)), counts)
    labels = np.repeat(rng.integers(4, size=len(counts)), counts)
    scores = score(logits, labels)
    assert scores.confusion.sum() == scores.examples == len(labels)
    assert np.trace(scores.confusion) == round(scores.accuracy * len(labels))
    votes, truth, names = by_recording(logits, labels, recordings)
    assert names.tolist() == list(range(len(counts)))
    assert (truth[recordings] == labels).all()
    single = np.flatnonzero(np.asarray(counts) == 1)
    first = np.cumsum([0, *counts[:-1]])
    assert (votes[single].argmax(1) == logits[first[single]].argmax(1)).all()
