"""Networks export with a dynamic batch and compute the same at other batches."""

import pytest
import torch

from depthwise.nn import create_model


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
