"""Any schedule gives the same bits: fused or not, on one thread or several."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.engine.comparing import Sketch, reference

from depthwise.engine import Policy, compile_graph
from depthwise.graph import Graph


@st.composite
def blocks(draw: st.DrawFn) -> Graph:
    """Expand, depthwise, project, with a residual where it fits."""
    channels, hidden = draw(st.integers(1, 20)), draw(st.integers(2, 20))
    height, width = draw(st.integers(1, 16)), draw(st.integers(1, 16))
    sketch = Sketch({"x": (channels, height, width)})
    value = "x"
    if draw(st.booleans()):
        side = draw(st.sampled_from([1, 3]))
        if min(height, width) + 2 * (side // 2) < side:
            side = 1
        pads = {"pads": (side // 2,) * 4}
        value = sketch.conv("x", (hidden, channels, side, side), **pads)
        value = sketch.add("Relu", value)
    else:
        hidden = max(channels, 2)
        value = sketch.conv("x", (hidden, channels, 1, 1))
        value = sketch.add("Add", value, value)  # read twice: nothing to fuse
    kernel = draw(st.integers(1, 5))
    stride = draw(st.integers(1, kernel))
    before, after = draw(st.integers(0, kernel - 1)), draw(st.integers(0, kernel))
    window = {
        "strides": (stride, stride),
        "pads": (before, before, after + kernel, after + kernel),
    }
    deep = sketch.conv(value, (hidden, 1, kernel, kernel), group=hidden, **window)
    deep = sketch.add("Relu", deep)
    last = sketch.conv(deep, (channels, hidden, 1, 1))
    graph = sketch.graph(last)
    if graph.types[last].shape == graph.types["x"].shape:
        last = sketch.add("Add", last, "x")
    return sketch.graph(last)


@given(blocks(), st.integers(1, 2))
@settings(max_examples=60)
def test_every_schedule_gives_the_same_bits(graph: Graph, samples: int) -> None:
    shape = graph.bind(samples).inputs[0].type.shape
    x = np.random.default_rng(0).integers(-3, 4, shape).astype(np.float32)
    wanted = reference(graph, {"x": x})[graph.outputs[0]]
    for policy, threads in [
        (Policy.ALWAYS, 1),
        (Policy.ALWAYS, 3),
        (Policy.NEVER, 2),
        (Policy.AUTO, 1),
    ]:
        network = compile_graph(graph, threads=threads, fusion=policy, cache=None)
        np.testing.assert_array_equal(network(x), wanted)
