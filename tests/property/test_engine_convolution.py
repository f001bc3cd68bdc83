"""Generated convolutions equal the operator table to the bit, on any legal geometry."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.engine.comparing import Sketch, check_exact


@st.composite
def axes(draw: st.DrawFn, rank: int, most: int) -> dict[str, tuple[int, ...]]:
    """Sizes and attributes of windows that fit."""
    rows = []
    for _ in range(rank):
        kernel = draw(st.integers(1, 5 if rank > 1 else 11))
        dilation = draw(st.integers(1, 3))
        stride = draw(st.integers(1, 4))
        before, after = draw(st.integers(0, 4)), draw(st.integers(0, 4))
        reach = dilation * (kernel - 1) + 1
        low = max(1, reach - before - after)
        size = draw(st.integers(low, max(low, most)))
        rows.append((size, kernel, stride, dilation, before, after))
    size, kernel, stride, dilation, before, after = zip(*rows, strict=True)
    return {
        "size": size,
        "kernel": kernel,
        "strides": stride,
        "dilations": dilation,
        "pads": (*before, *after),
    }


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Sketch, str]:
    rank = draw(st.sampled_from([1, 2, 2, 2, 3]))
    window = draw(axes(rank, {1: 40, 2: 16, 3: 6}[rank]))
    group = draw(st.integers(1, 4))
    inputs, outputs = draw(st.integers(1, 18)), draw(st.integers(1, 18))
    if draw(st.booleans()):
        group, inputs, outputs = draw(st.integers(2, 20)), 1, draw(st.integers(1, 4))
    sketch = Sketch({"x": (group * inputs, *window.pop("size"))})
    weight = (group * outputs, inputs, *window.pop("kernel"))
    value = sketch.conv("x", weight, bias=draw(st.booleans()), group=group, **window)
    if draw(st.booleans()):
        value = sketch.add("Relu", value)
    if draw(st.booleans()):
        value = sketch.add("Add", value, sketch.integers(weight[0], *(1,) * rank))
    return sketch, value


@given(convolutions(), st.integers(1, 3), st.integers(1, 2), st.integers(1, 2))
@settings(max_examples=150)
def test_a_convolution_is_exact(
    made: tuple[Sketch, str], samples: int, batch: int, threads: int
) -> None:
    sketch, value = made
    check_exact(sketch.graph(value), samples=samples, batch=batch, threads=threads)
