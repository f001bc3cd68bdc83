"""Windows and padding against TensorFlow's rule, spelled as a plain loop."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from depthwise.errors import GeometryError, UnknownNameError
from depthwise.nn import DenseConv1d, DenseConv2d
from depthwise.nn.geometry import divides, same_padding, window


def first_and_last_tap(size: int, extent: int, stride: int) -> tuple[int, int]:
    """Zeros (before, after) that ceil(size / stride) outputs need, found by walking."""
    outputs = 0
    while outputs * stride < size:
        outputs += 1
    reach = 0
    for output in range(outputs):
        reach = output * stride + extent
    missing = 0
    while size + missing < reach:
        missing += 1
    before = 0
    while 2 * (before + 1) <= missing:
        before += 1
    return before, missing - before


def test_same_padding_is_the_walked_one() -> None:
    for size in range(1, 20):
        for extent in range(1, 10):
            for stride in range(1, 6):
                expected = first_and_last_tap(size, extent, stride)
                assert same_padding(size, extent, stride) == expected


@pytest.mark.parametrize(
    ("size", "kernel_size", "stride", "expected"),
    [(224, 3, 2, (0, 1)), (224, 5, 2, (1, 2)), (225, 3, 2, (1, 1)), (8, 4, 1, (1, 2))],
)
def test_keras_asymmetry(
    size: int, kernel_size: int, stride: int, expected: tuple[int, int]
) -> None:
    spec = window(1, kernel_size, stride, "same")

    assert spec.pads((size,)) == (expected,)


def test_same_with_stride_reads_the_samples_that_tensorflow_reads() -> None:
    layer = DenseConv1d(1, 1, 3, stride=2, padding="same", bias=False)
    layer.weight.data = torch.tensor([[[1.0, 10.0, 100.0]]])
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]])

    # Windows (1, 2, 3) and (3, 4, 0): nothing before the first sample.
    assert layer(x).tolist() == [[[321.0, 43.0]]]


def test_asymmetric_pairs() -> None:
    layer = DenseConv2d(1, 1, 2, padding=((1, 0), 2))

    assert layer(torch.ones(1, 1, 5, 5)).shape == (1, 1, 5, 8)


def test_causal_dilated_kernel_is_all_before() -> None:
    assert window(1, 3, dilation=4, padding="causal").pads((100,)) == ((8, 0),)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kernel_size": 0}, "kernel_size must be integers from 1 up; got 0"),
        ({"kernel_size": (3, 3, 3)}, r"kernel_size must be one int or 2 ints; got \("),
        ({"kernel_size": 3, "stride": 0}, "stride must be integers from 1 up; got 0"),
        ({"kernel_size": 3, "dilation": (1, 0)}, "dilation must be integers from 1 up"),
        ({"kernel_size": 3, "padding": -1}, "padding must be integers from 0 up"),
        ({"kernel_size": 3, "padding": (1,)}, "padding must be one int, or 2 ints or"),
        ({"kernel_size": 3, "padding": ((1, 1, 1), 1)}, "padding must be one int, or"),
        ({"kernel_size": None}, "kernel_size must be integers from 1 up; got None"),
        ({"kernel_size": 3.0}, "kernel_size must be integers from 1 up; got 3.0"),
        ({"kernel_size": "33"}, "kernel_size must be integers from 1 up; got 33"),
        ({"kernel_size": 3, "padding": None}, "padding must be integers from 0 up"),
        ({"kernel_size": 3, "padding": 1.5}, "padding must be integers from 0 up"),
        ({"kernel_size": 3, "padding": (1.5, 2)}, "padding must be integers from 0"),
        (
            {"kernel_size": 3, "padding": "causal"},
            "padding 'causal' needs one axis of time; got 2 axes",
        ),
    ],
)
def test_windows_that_cannot_be(arguments: dict[str, object], sentence: str) -> None:
    with pytest.raises(GeometryError, match=sentence):
        window(2, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [np.int64, np.array, torch.tensor])
def test_whole_numbers_of_other_libraries(kind: Callable[[int], int]) -> None:
    layer = DenseConv2d(kind(2), kind(4), kind(3), padding=kind(1), groups=kind(2))

    assert layer.window == window(2, 3, padding=1)
    assert layer(torch.ones(1, 2, 5, 5)).shape == (1, 4, 5, 5)
    assert type(layer.groups) is type(layer.out_channels) is int


def test_a_lone_pair_hints_at_the_tuple_around_it() -> None:
    with pytest.raises(GeometryError) as caught:
        window(1, 3, padding=(2, 0))

    assert str(caught.value) == (
        "padding must be one int, or a tuple of one int or (before, after) pair; "
        "got (2, 0)\nhint: padding=((2, 0),)"
    )


def test_names_in_capitals() -> None:
    assert window(2, 3, padding="SAME") == window(2, 3, padding="same")


def test_misspelt_padding_offers_the_right_name() -> None:
    with pytest.raises(UnknownNameError, match="did you mean same"):
        window(2, 3, padding="sme")


def test_groups_that_do_not_divide_hint_at_ones_that_do() -> None:
    with pytest.raises(GeometryError) as caught:
        divides(4, in_channels=6)

    assert str(caught.value) == (
        "groups must divide in_channels; got groups=4, in_channels=6\nhint: groups=3"
    )


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((1, 2, 8), r"input must have 4 axes .*; got shape \(1, 2, 8\)"),
        ((1, 3, 8, 8), "input must have the layer's channels on axis 1; got 3, layer"),
        (
            (1, 2, 8, 4),
            r"padded input must hold the dilated kernel; got 4 samples \+ 0",
        ),
    ],
)
def test_inputs_that_do_not_fit(shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(GeometryError, match=sentence):
        DenseConv2d(2, 2, 3, dilation=2)(torch.ones(shape))
