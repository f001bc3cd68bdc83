"""What the explaining page shows was trained and measured, not written down."""

import numpy as np

from depthwise.graph import verify
from depthwise.jobs.lesson_examples import (
    dead_channels,
    layer_times,
    ordinary_network,
    sensors,
)


def test_channels_that_are_said_to_be_dead_are_zero() -> None:
    found = dead_channels("digits", progress=False)
    assert found.samples == 5000
    assert 0 < found.dead < found.channels == sum((16, 32, 64))
    for name, values in found.maps.items():
        assert values.any() != name.endswith("dead")


def test_the_ordinary_network_is_a_graph() -> None:
    graph = verify(ordinary_network(1, 28, 10))
    assert graph.types["scores"].shape[1:] == (10,)
    assert graph.parameters == frozenset(graph.constants)


def test_a_depthwise_filter_reads_one_sensor() -> None:
    found = sensors("watch", progress=False)
    assert found.correlation.shape == (6, 6)
    assert np.isfinite(found.separable).any(axis=1).sum() == 1
    assert (np.abs(found.dense) > 0).any(axis=1).all()


def test_separable_times_are_of_a_ninth_of_the_work() -> None:
    times = {(time.place, time.form): time for time in layer_times(rounds=2)}
    assert len(times) == 16
    for place in {place for place, _ in times}:
        dense, separable = times[place, "dense"], times[place, "separable"]
        assert 7 < dense.macs / separable.macs < 9
        assert min(dense.engine_us, separable.torch_us) > 0
