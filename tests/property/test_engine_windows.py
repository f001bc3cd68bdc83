"""Pooling and transposed convolution equal the table on any legal geometry."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.engine.comparing import Sketch, check_exact, check_near, integer_inputs


@st.composite
def windows(draw: st.DrawFn, rank: int) -> dict[str, tuple[int, ...]]:
    rows = []
    for _ in range(rank):
        kernel, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 2))
        before, after = (
            draw(st.integers(0, kernel - 1)),
            draw(st.integers(0, kernel - 1)),
        )
        reach = dilation * (kernel - 1) + 1
        size = draw(st.integers(max(1, reach - before - after), 9))
        rows.append((size, kernel, draw(st.integers(1, 4)), dilation, before, after))
    size, kernel, stride, dilation, before, after = zip(*rows, strict=True)
    return {
        "size": size,
        "kernel": kernel,
        "strides": stride,
        "dilations": dilation,
        "pads": (*before, *after),
    }


@given(st.data())
@settings(max_examples=60)
def test_max_pooling_is_exact(data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 3))
    window = data.draw(windows(rank))
    sketch = Sketch({"x": (data.draw(st.integers(1, 17)), *window.pop("size"))})
    kernel, ceil = window.pop("kernel"), data.draw(st.integers(0, 1))
    value = sketch.add("MaxPool", "x", kernel_shape=kernel, ceil_mode=ceil, **window)
    check_exact(sketch.graph(value), samples=data.draw(st.integers(1, 2)))


@given(st.data())
@settings(max_examples=60)
def test_average_pooling_is_near(data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 3))
    window = data.draw(windows(rank))
    sketch = Sketch({"x": (data.draw(st.integers(1, 17)), *window.pop("size"))})
    value = sketch.add(
        "AveragePool",
        "x",
        kernel_shape=window.pop("kernel"),
        ceil_mode=data.draw(st.integers(0, 1)),
        count_include_pad=data.draw(st.integers(0, 1)),
        **window,
    )
    graph = sketch.graph(value)
    check_near(graph, integer_inputs(graph, 2), relative=1e-6)


@given(st.data())
@settings(max_examples=60)
def test_transposed_convolution_is_exact(data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 3))
    window = data.draw(windows(rank))
    size, kernel = window.pop("size"), window.pop("kernel")
    shape = zip(
        size, kernel, *(window[k] for k in ("strides", "dilations")), strict=True
    )
    spans = [(n - 1) * s + d * (k - 1) + 1 for n, k, s, d in shape]
    crops = list(window["pads"])
    for axis, span in enumerate(spans):
        if span <= crops[axis] + crops[axis + rank]:
            crops[axis] = crops[axis + rank] = 0
    window["pads"] = tuple(crops)
    group = data.draw(st.integers(1, 9))
    inputs, outputs = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    if data.draw(st.booleans()):
        inputs = outputs = 1
    sketch = Sketch({"x": (group * inputs, *size)})
    weight = sketch.integers(group * inputs, outputs, *kernel)
    bias = sketch.integers(group * outputs)
    value = sketch.add("ConvTranspose", "x", weight, bias, group=group, **window)
    check_exact(sketch.graph(sketch.add("Relu", value)))
