"""What sensors contribute, against predictors whose use of them is known."""

import json

import numpy as np
import pytest
from tests.building import Builder

from depthwise.diagnosis.sensors import (
    Trial,
    Way,
    analyse_sensors,
    contributions,
    each_channel,
    lagged_correlation,
    mixing_profiles,
    pair_effects,
    sensors_of,
    take_away,
)
from depthwise.errors import DataError
from depthwise.execute import run

AB = {"a": (0,), "b": (1,)}


def two_classes(score):
    return lambda x: np.stack([-score(x), score(x)], axis=1)


def trial_of(score, channels=2, count=400, **options):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((count, channels, 6)) + rng.standard_normal(
        (count, channels, 1)
    )
    labels = (score(x) > 0).astype(int)
    return Trial(two_classes(score), x, labels, **options)


def test_axes_of_one_instrument_are_one_sensor():
    assert sensors_of(("ax", "ay", "az", "wx", "wy", "wz")) == {
        "a": (0, 1, 2),
        "w": (3, 4, 5),
    }
    assert sensors_of(("Fz", "Cz", "x", "hr")) == each_channel(("Fz", "Cz", "x", "hr"))


def test_only_what_is_read_contributes():
    trial = trial_of(lambda x: x[:, 0].mean(axis=1))
    found = {(c.sensor, c.way): c.drop for c in contributions(trial, AB)}
    for way in Way:
        assert (found["b", way].value, found["b", way].sure) == (0.0, False)
    assert found["a", Way.PERMUTED].value == pytest.approx(0.5, abs=0.06)
    assert found["a", Way.PERMUTED].sure
    assert found["a", Way.MEAN].value == pytest.approx(0.5, abs=0.06)
    assert 0 < found["a", Way.FROZEN].value < 0.4


def test_ways_of_taking_away_leave_the_rest_alone():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((5, 3, 4, 6))
    for way in Way:
        changed = take_away(x, (1,), way, rng)
        np.testing.assert_array_equal(changed[:, [0, 2]], x[:, [0, 2]])
        assert not np.array_equal(changed[:, 1], x[:, 1])
    permuted = take_away(x, (0, 2), Way.PERMUTED, rng)
    assert {a.tobytes() for a in permuted[:, [0, 2]]} == {
        a.tobytes() for a in x[:, [0, 2]]
    }


def test_pairs_that_need_each_other_and_pairs_that_stand_in():
    both = trial_of(lambda x: x[:, 0].mean(axis=1) * x[:, 1].mean(axis=1))
    (pair,) = pair_effects(both, AB)
    assert pair.beyond.value == pytest.approx(-0.5, abs=0.1)
    assert pair.beyond.sure
    rng = np.random.default_rng(1)
    x = np.repeat(rng.standard_normal((400, 1, 4)) + 0.1, 2, axis=1)
    labels = (x[:, 0].mean(axis=1) > 0).astype(int)
    either = Trial(two_classes(lambda x: np.tanh(x.mean(axis=(1, 2)))), x, labels)
    (pair,) = pair_effects(either, AB, Way.MEAN)
    assert pair.beyond.value > 0.3


def test_clusters_are_drawn_whole():
    alone = trial_of(lambda x: x[:, 0].mean(axis=1))
    people = Trial(
        alone.predict, alone.inputs, alone.labels, np.repeat(np.arange(5), 80)
    )
    values = np.repeat([0.0, 0.0, 1.0, 1.0, 1.0], 80)
    narrow, wide = alone.estimate(values), people.estimate(values)
    assert wide.high - wide.low > 5 * (narrow.high - narrow.low)
    assert narrow.value == wide.value == pytest.approx(0.6)


def test_lagged_correlation_is_numpys_own():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((30, 2, 50)) + 5
    x[:, 1, 4:] += 3 * (x[:, 0, :-4] - 5)
    found = lagged_correlation([x[:10], x[10:]], 6)
    centred = x - x.mean(axis=(0, 2), keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=(0, 2)))
    for lag in range(7):
        early, late = centred[:, 0, : 50 - lag], centred[:, 1, lag:]
        expected = (early * late).mean() / spread.prod()
        assert found.correlation[lag, 0, 1] == pytest.approx(expected, abs=1e-9)
    rho, lag = found.strongest(0, 1)
    assert (lag, rho > 0.7) == (4, True)
    assert found.strongest(1, 0)[1] == -4


def test_a_constant_channel_has_no_correlation_and_lags_have_limits():
    x = np.ones((3, 2, 8))
    x[:, 0] = np.arange(8)
    found = lagged_correlation([x], 2)
    assert np.isnan(found.strongest(0, 1)[0])
    with pytest.raises(DataError, match="shorter than a window; got 8 of 8"):
        lagged_correlation([x], 8)
    with pytest.raises(DataError, match="at least one window"):
        lagged_correlation([], 1)


def mixed_graph():
    b = Builder(2, 16)
    wide = b.depthwise("x", 3, 2)
    mixed = b.conv(wide, 2)
    b.constants[b.nodes[-1].inputs[1]][:] = 0
    b.constants[b.nodes[-1].inputs[1]][0, [0, 2], 0] = 1
    b.constants[b.nodes[0].inputs[1]][[0, 2]] = [[[0, 3, 0]], [[0, 1, 0]]]
    return b.graph(mixed), wide, mixed


def test_profiles_are_shares_of_the_variance_that_sensors_bring():
    graph, _, _ = mixed_graph()
    x = np.random.default_rng(0).standard_normal((400, 2, 16))
    stem, last = mixing_profiles(graph, x, AB, run)
    assert stem.profile.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]
    assert stem.mean_reach == 1
    np.testing.assert_allclose(last.profile[0], [0.9, 0.1], atol=0.02)
    assert last.profile[1].tolist() == [0, 0]
    assert last.reach[1] == 0
    assert 1.3 < last.reach[0] < 1.5
    with pytest.raises(DataError, match="two samples or more; got 1"):
        mixing_profiles(graph, x[:1], AB, run)


def test_an_analysis_is_plain_values():
    b = Builder(3, 16)
    pooled = b.add("GlobalAveragePool", (b.conv("x", 2, 3),))
    graph = b.graph(b.add("Flatten", (pooled,)))
    x = np.random.default_rng(0).standard_normal((60, 3, 16))
    x[:, 2] = 1.0

    def predict(samples):
        (values,) = run(graph, [samples], dtype="float64")
        return values[graph.outputs[0]]

    labels = predict(x).argmax(axis=1)
    told = analyse_sensors(graph, Trial(predict, x, labels), ("ax", "ay", "t"), run)
    assert told.accuracy == 1
    assert {c.sensor for c in told.contributions} == {"ax", "ay", "t", "a"}
    plain = json.loads(json.dumps(told.to_dict(), allow_nan=False))
    assert plain["sensors"] == {"a": [0, 1], "t": [2]}
    assert plain["lagged_correlation"][0][0][2] is None
    assert len(plain["pairs"]) == 3
    with pytest.raises(DataError, match="60 samples and 59 labels"):
        Trial(predict, x, labels[1:])
