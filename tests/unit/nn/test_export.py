"""Networks export with a dynamic batch and compute the same at other batches."""

import pytest
import torch

from depthwise.nn import SeparableConv2d, create_model


@pytest.mark.parametrize("conv", ["separable", "dense", "blueprint"])
@pytest.mark.parametrize("padding", ["same", "causal"])
def test_dynamic_batch(conv: str, padding: str) -> None:
    options = {"padding": padding}
    network = create_model("sensor_net", conv=conv, options=options).eval()  # type: ignore[arg-type]
    example = torch.randn(2, *network.input_shape)
    batch = torch.export.Dim("batch")

    program = torch.export.export(network, (example,), dynamic_shapes=({0: batch},))

    x = torch.randn(5, *network.input_shape)
    with torch.no_grad():
        assert torch.equal(program.module()(x), network(x))


def test_features_export_too() -> None:
    network = create_model("sensor_net", features_only=True).eval()
    example = torch.randn(2, *network.input_shape)
    batch = torch.export.Dim("batch")

    program = torch.export.export(network, (example,), dynamic_shapes=({0: batch},))

    x = torch.randn(3, *network.input_shape)
    with torch.no_grad():
        pairs = zip(program.module()(x), network(x), strict=True)
        assert all(torch.equal(*pair) for pair in pairs)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", [1, 2, 3])
def test_same_padding_exports_with_open_sizes(stride: int, kernel_size: int) -> None:
    layer = SeparableConv2d(3, 4, kernel_size, stride, "same").eval()
    height, width = (torch.export.Dim(name, min=8, max=64) for name in "hw")
    sizes = ({2: height, 3: width},)
    example = (torch.randn(2, 3, 17, 20),)
    program = torch.export.export(layer, example, dynamic_shapes=sizes)

    for size in ((18, 19), (31, 16)):
        x = torch.randn(2, 3, *size)
        torch.testing.assert_close(program.module()(x), layer(x))
