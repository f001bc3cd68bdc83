"""Twelve networks by which predicted times are judged, in groups of equal cost.

They were chosen by counting alone: within a group the multiply-accumulates differ by
6 % at most, and the structure differs as much as the zoo allows. None of their layers
is among the kernels that the pace of the engine is measured on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from depthwise.graph import Graph
from depthwise.jobs.open import Option, open_model


@dataclass(frozen=True)
class RooflineCase:
    """One network.

    Args:
        title: In the table.
        group: Networks of one group cost the same.
        model: What is opened.
        shape: Of one sample, batch included.
        conv: Which twin, or None.
        options: Of the registered network.
    """

    title: str
    group: str
    model: str
    shape: tuple[int, ...]
    conv: str | None = None
    options: Mapping[str, Option] = field(default_factory=dict)

    def open(self) -> Graph:
        """Make the network."""
        options = dict(self.options) or None
        return open_model(self.model, self.shape, conv=self.conv, options=options).graph


def _image(size: int) -> tuple[int, ...]:
    return (1, 3, size, size)


QUARTER = {"width_multiplier": 0.25}
RESNET = "benchmarks/resnet18.py:resnet18"

CASES = (
    RooflineCase("V2, 224", "300 M", "mobilenet_v2", _image(224)),
    RooflineCase(
        "V1 × 0.25 dense, 224", "300 M", "mobilenet_v1", _image(224), "dense", QUARTER
    ),
    RooflineCase("V1, 160", "300 M", "mobilenet_v1", _image(160)),
    RooflineCase(
        "V1 × 0.5, 224", "149 M", "mobilenet_v1", _image(224),
        options={"width_multiplier": 0.5},
    ),
    RooflineCase("V1, 112", "149 M", "mobilenet_v1", _image(112)),
    RooflineCase("V3-Large, 180", "149 M", "mobilenet_v3_large", _image(180)),
    RooflineCase("ResNet-18, 64", "149 M", RESNET, _image(64)),
    RooflineCase("V3-Small, 224", "56 M", "mobilenet_v3_small", _image(224)),
    RooflineCase(
        "V1 × 0.25 dense, 96", "56 M", "mobilenet_v1", _image(96), "dense", QUARTER
    ),
    RooflineCase("V2, 96", "56 M", "mobilenet_v2", _image(96)),
    RooflineCase("sensor_net, 1024", "4.7 M", "sensor_net", (1, 6, 1024)),
    RooflineCase(
        "sensor_net dense, 128", "4.7 M", "sensor_net", (1, 6, 128), "dense"
    ),
)  # fmt: skip
