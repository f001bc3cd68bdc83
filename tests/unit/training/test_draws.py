"""Random numbers by counter: pure, even, and independent of the batch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from depthwise.training import draws


def test_splitmix64_gives_its_published_numbers() -> None:
    # First outputs of Vigna's splitmix64.c with seed 1234567.
    state, found = 1234567, []
    for _ in range(3):
        state = (state + draws.GOLDEN) & draws.MASK
        found.append(draws._mix_one(state))
    wanted = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert found == wanted
    states = [1234567 + k * draws.GOLDEN & draws.MASK for k in (1, 2, 3)]
    assert draws._mix(np.array(states, dtype=np.uint64)).tolist() == wanted


def test_numbers_belong_to_the_index() -> None:
    many = draws.uniforms(draws.key(1, 2), np.arange(100), 7)
    some = draws.uniforms(draws.key(1, 2), np.array([42, 7]), 3)
    assert np.array_equal(some, many[[42, 7], :3])


@pytest.mark.parametrize("other", [(2, 1), (1, 3), (0, 2), (1, 2, 0)])
def test_keys_part_the_streams(other) -> None:
    first = draws.uniforms(draws.key(1, 2), np.arange(1000))[:, 0]
    second = draws.uniforms(draws.key(*other), np.arange(1000))[:, 0]
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / math.sqrt(1000)


@pytest.mark.parametrize("axis", [0, 1])
def test_uniforms_are_even(axis: int) -> None:
    shape = (20_000, 1) if axis == 0 else (1, 20_000)
    drawn = draws.uniforms(draws.key(5), np.arange(shape[0]), shape[1]).ravel()
    counts = np.bincount((drawn * 20).astype(int), minlength=20)
    chi_square = ((counts - 1000) ** 2 / 1000).sum()
    assert chi_square < 43.8  # the 0.1 % point of 19 degrees of freedom
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 4 / math.sqrt(20_000)
    assert drawn.min() >= 0
    assert drawn.max() < 1


def test_normals_have_their_moments() -> None:
    drawn = draws.normals(draws.key(6), np.arange(5000), 5).ravel().astype(np.float64)
    error = 4 / math.sqrt(drawn.size)
    assert abs(drawn.mean()) < error
    assert abs(drawn.var() - 1) < error * math.sqrt(2)
    assert abs((drawn**3).mean()) < error * math.sqrt(15)
    assert abs((drawn**4).mean() - 3) < error * math.sqrt(96)
    assert np.isfinite(drawn).all()
