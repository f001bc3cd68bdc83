"""Keras' kernels run by Keras' definition, against our layers with the same numbers."""

import numpy as np
import pytest
import torch
from tests.unit.nn.integers import whole

from depthwise.errors import GeometryError
from depthwise.nn import (
    SeparableConv2d,
    from_keras_dense,
    from_keras_depthwise,
    from_keras_separable,
    to_keras_dense,
    to_keras_depthwise,
    to_keras_separable,
)


def keras_depthwise(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """out[p, q, c * M + m] = sum x[p + r, q + s, c] * k[r, s, c, m], channels last."""
    rows, columns, channels, multiplier = kernel.shape
    height, width = x.shape[0] - rows + 1, x.shape[1] - columns + 1
    out = np.zeros((height, width, channels * multiplier))
    for p, q in np.ndindex(height, width):
        for r, s, c, m in np.ndindex(kernel.shape):
            out[p, q, c * multiplier + m] += x[p + r, q + s, c] * kernel[r, s, c, m]
    return out


def test_separable_layer_computes_what_keras_computes() -> None:
    depthwise_kernel, pointwise_kernel = whole(3, 2, 4, 3), whole(1, 1, 12, 5)
    bias, image = whole(5), whole(6, 7, 4)
    layer = SeparableConv2d(4, 5, (3, 2), depth_multiplier=3)
    layer.load_state_dict(
        from_keras_separable(depthwise_kernel, pointwise_kernel, bias)
    )

    filtered = keras_depthwise(image.numpy(), depthwise_kernel.numpy())
    expected = filtered @ pointwise_kernel[0, 0].numpy() + bias.numpy()

    got = layer(image.permute(2, 0, 1)[None])[0].permute(1, 2, 0)
    assert np.array_equal(got.detach().numpy(), expected)


def test_depthwise_rows() -> None:
    kernel = torch.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    weight = from_keras_depthwise(kernel)

    for c, m in np.ndindex(4, 5):
        assert torch.equal(weight[c * 5 + m, 0], kernel[:, :, c, m])


@pytest.mark.parametrize("spatial", [(5,), (3, 2), (2, 3, 4)])
def test_there_and_back(spatial: tuple[int, ...]) -> None:
    depthwise, dense = torch.randn(*spatial, 6, 2), torch.randn(*spatial, 6, 7)

    assert torch.equal(
        to_keras_depthwise(from_keras_depthwise(depthwise), 6), depthwise
    )
    assert torch.equal(to_keras_dense(from_keras_dense(dense)), dense)


def test_state_there_and_back() -> None:
    state = SeparableConv2d(4, 5, 3, depth_multiplier=2).state_dict()

    back = from_keras_separable(*to_keras_separable(state, 4))

    assert back.keys() == state.keys()
    assert all(torch.equal(back[name], state[name]) for name in state)


def flat_kernel() -> object:
    return from_keras_dense(torch.ones(3, 3))


def not_depthwise() -> object:
    return to_keras_depthwise(torch.ones(8, 2, 3, 3), 4)


def rows_that_do_not_split() -> object:
    return to_keras_depthwise(torch.ones(8, 1, 3, 3), 3)


def halves_that_do_not_meet() -> object:
    return from_keras_separable(torch.ones(3, 4, 2), torch.ones(1, 9, 5))


@pytest.mark.parametrize(
    ("refuse", "sentence"),
    [
        (flat_kernel, r"a kernel must have 3 to 5 axes; got shape \(3, 3\)"),
        (not_depthwise, "a depthwise kernel must have 1 on axis 1; got shape"),
        (rows_that_do_not_split, "in_channels must divide rows; got in_channels=3"),
        (halves_that_do_not_meet, "pointwise kernel must read what .* got 9, 8"),
    ],
)
def test_kernels_that_do_not_fit(refuse: object, sentence: str) -> None:
    assert callable(refuse)
    with pytest.raises(GeometryError, match=sentence):
        refuse()


def test_arrays_as_keras_gives_them() -> None:
    arrays = [np.random.default_rng(0).random(s) for s in ((3, 4, 2), (1, 8, 5), (5,))]
    for array in arrays:
        array.flags.writeable = False
    tensors = [torch.tensor(array) for array in arrays]

    given, wanted = from_keras_separable(*arrays), from_keras_separable(*tensors)

    assert all(torch.equal(given[name], wanted[name]) for name in wanted)
    assert torch.equal(from_keras_dense(arrays[0]), from_keras_dense(tensors[0]))
