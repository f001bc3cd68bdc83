"""Which networks are timed, at which size, and what the engine is held to."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One network.

    Args:
        name: What tables call it.
        model: What ``open_model`` takes.
        shape: Of one sample, batch included.
        bars: Lowest ratio to the best peer, by number of threads.
    """

    name: str
    model: str
    shape: tuple[int, ...]
    bars: dict[int, float] = field(default_factory=dict)


IMAGE = (1, 3, 224, 224)
CASES = (
    Case("mobilenet_v1", "mobilenet_v1", IMAGE, {1: 1.05, 2: 1.0}),
    Case("mobilenet_v2", "mobilenet_v2", IMAGE, {1: 1.15, 2: 1.1}),
    Case("efficientnet_lite0", "efficientnet_lite0", IMAGE, {1: 1.1}),
    Case("sensor_net", "sensor_net", (1, 6, 128), {1: 1.3}),
    Case("ds_cnn", "ds_cnn", (1, 1, 49, 10), {1: 1.2}),
    Case("resnet18", "benchmarks/resnet18.py:resnet18", IMAGE, {1: 0.8}),
)
