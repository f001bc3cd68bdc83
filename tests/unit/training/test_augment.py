"""Augmentations: what each changes, what it leaves, and the same whatever the batch."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from depthwise.training import Augmentation, augment, augmentation, draws, mixing

SERIES = np.random.default_rng(0).normal(size=(50, 6, 40)).astype(np.float32)
IMAGES = np.random.default_rng(1).normal(size=(50, 3, 9, 12)).astype(np.float32)
INDICES = np.arange(50) * 3
STRENGTHS = {
    "jitter": 0.1,
    "scale": 0.2,
    "time_mask": 0.5,
    "channel_drop": 0.4,
    "rotate": 20.0,
    "stretch": 0.3,
    "crop": 2,
    "flip": 0.5,
    "mixup": 0.3,
    "cutmix": 1.0,
}


def test_every_strength_is_tested() -> None:
    assert set(STRENGTHS) == {item.name for item in fields(Augmentation)}


@pytest.mark.parametrize("name", [*augmentation.SENSOR, *augmentation.IMAGE])
def test_the_batch_decides_nothing(name: str) -> None:
    batch = SERIES if name in augmentation.SENSOR else IMAGES
    plan, before = Augmentation(**{name: STRENGTHS[name]}), batch.copy()
    whole = augment.augmented(batch, INDICES, plan, draws.key(0, 1))
    part = augment.augmented(batch[30:33], INDICES[30:33], plan, draws.key(0, 1))
    later = augment.augmented(batch, INDICES, plan, draws.key(0, 2))
    assert np.array_equal(whole[30:33], part)
    assert np.array_equal(batch, before)
    assert whole.dtype == np.float32
    assert whole.shape == batch.shape
    assert not np.array_equal(whole, batch)
    assert not np.array_equal(whole, later)


def test_nothing_on_is_nothing_done() -> None:
    assert augment.augmented(SERIES, INDICES, Augmentation(), 1) is SERIES
    # What is for images leaves series alone, and the other way round.
    assert augment.augmented(SERIES, INDICES, Augmentation(flip=1.0), 1) is SERIES
    assert augment.augmented(IMAGES, INDICES, Augmentation(jitter=1.0), 1) is IMAGES


def test_jitter_adds_noise_of_its_deviation() -> None:
    noise = augment.jitter(SERIES, INDICES, 0.1, 1) - SERIES
    assert noise.std() == pytest.approx(0.1, rel=0.03)
    assert abs(noise.mean()) < 0.004


def test_scale_keeps_the_shape_of_a_channel() -> None:
    ratio = augment.scale(SERIES, INDICES, 0.2, 1) / SERIES
    assert np.allclose(ratio, ratio[:, :, :1], rtol=1e-5)
    assert ratio[:, :, 0].std() == pytest.approx(0.2, rel=0.15)


def test_time_mask_hides_one_span_in_all_channels() -> None:
    hidden = augment.time_mask(SERIES, INDICES, 0.5, 1) == 0
    assert (hidden == hidden[:, :1]).all()
    spans = hidden[:, 0].sum(axis=1)
    starts = np.diff(hidden[:, 0].astype(int), axis=1, prepend=0) == 1
    assert (starts.sum(axis=1) <= 1).all()
    assert spans.max() <= 20
    assert spans.mean() == pytest.approx(10, abs=3)


def test_channel_drop_never_drops_all() -> None:
    dropped = (augment.channel_drop(SERIES, INDICES, 0.9, 1) == 0).all(axis=2)
    assert (dropped.sum(axis=1) < 6).all()
    some = (augment.channel_drop(SERIES, INDICES, 0.4, 1) == 0).all(axis=2)
    assert some.mean() == pytest.approx(0.4, abs=0.1)


def test_rotate_keeps_the_length_of_every_vector() -> None:
    turned = augment.rotate(SERIES, INDICES, 20.0, 1)
    for axes in (slice(0, 3), slice(3, 6)):
        before = np.linalg.norm(SERIES[:, axes], axis=1)
        np.testing.assert_allclose(
            np.linalg.norm(turned[:, axes], axis=1), before, rtol=1e-5
        )
    one = np.einsum("ncl,ncl->nl", SERIES[:, :3], turned[:, :3])
    cosine = one / np.linalg.norm(SERIES[:, :3], axis=1) ** 2
    assert 0.9 < cosine.mean() < 0.99


def test_rotate_turns_both_sensors_alike_and_leaves_others() -> None:
    twice = np.concatenate([SERIES[:, :3], SERIES[:, :3], SERIES[:, :1]], axis=1)
    turned = augment.rotate(twice, INDICES, 20.0, 1)
    assert np.array_equal(turned[:, :3], turned[:, 3:6])
    assert np.array_equal(turned[:, 6], twice[:, 6])


def test_stretch_draws_a_part_out() -> None:
    ramp = np.broadcast_to(np.arange(40, dtype=np.float32), SERIES.shape)
    drawn = augment.stretch(ramp, INDICES, 0.3, 1)
    steps = np.diff(drawn, axis=2)
    assert np.ptp(steps, axis=2).max() < 1e-4
    assert 0.7 <= steps.min() < 0.75
    assert 0.95 < steps.max() <= 1.0001
    assert drawn.min() >= 0
    assert drawn.max() <= 39


def test_crop_moves_the_image() -> None:
    moved = augment.crop(IMAGES, INDICES, 2, 1)
    around = np.pad(IMAGES, ((0, 0), (0, 0), (2, 2), (2, 2)))
    places = set()
    for image, wide in zip(moved, around, strict=True):
        found = [
            (row, column)
            for row in range(5)
            for column in range(5)
            if np.array_equal(image, wide[:, row : row + 9, column : column + 12])
        ]
        assert len(found) == 1
        places.add(found[0])
    assert {row for row, _ in places} == set(range(5))


def test_flip_mirrors_some() -> None:
    flipped = augment.flip(IMAGES, INDICES, 0.5, 1)
    mirrored = (flipped == IMAGES[..., ::-1]).all(axis=(1, 2, 3))
    same = (flipped == IMAGES).all(axis=(1, 2, 3))
    assert (mirrored ^ same).all()
    assert mirrored.mean() == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("batch", [SERIES, IMAGES])
@pytest.mark.parametrize("both", [{"mixup": 0.4}, {"cutmix": 1.0}, None])
def test_mixing_keeps_the_books(batch: np.ndarray, both) -> None:
    plan = Augmentation(**(both or {"mixup": 0.4, "cutmix": 1.0}))
    ones, zeros = np.ones_like(batch), np.zeros_like(batch)
    result, shares = mixing.mixed(ones, zeros, INDICES, plan, draws.key(0, 1))
    mean = result.reshape(50, -1).mean(axis=1)
    assert np.allclose(mean, shares, atol=1e-6)
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert shares.std() > 0.1
    part, some = mixing.mixed(
        ones[9:12], zeros[9:12], INDICES[9:12], plan, draws.key(0, 1)
    )
    assert np.array_equal(part, result[9:12])
    assert np.array_equal(some, shares[9:12])
    alone = mixing.shares(INDICES, batch.shape[2:], plan, draws.key(0, 1))
    assert np.array_equal(alone, shares)
    if both == {"cutmix": 1.0}:
        assert set(np.unique(result)) == {0.0, 1.0}


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
def test_beta_has_its_moments(alpha: float) -> None:
    drawn = mixing.beta(np.arange(20_000), alpha, 4).astype(np.float64)
    variance = 1 / (4 * (2 * alpha + 1))
    assert drawn.mean() == pytest.approx(0.5, abs=4 * (variance / 20_000) ** 0.5)
    assert drawn.var() == pytest.approx(variance, rel=0.03)
