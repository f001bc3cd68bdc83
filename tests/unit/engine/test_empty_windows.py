"""A window whose taps all fall on padding: nothing is read, as the table says."""

from __future__ import annotations

import pytest
from tests.unit.engine.comparing import Sketch, check_exact


@pytest.mark.parametrize("channels", [1, 8, 9])
def test_a_window_of_padding_alone_reads_nothing(channels: int) -> None:
    sketch = Sketch({"x": (channels, 1)})
    value = sketch.add(
        *("MaxPool", "x"),
        kernel_shape=(2,),
        strides=(1,),
        dilations=(2,),
        pads=(1, 1),
    )
    check_exact(sketch.graph(value), samples=2)
