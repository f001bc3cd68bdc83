"""What anything that is a model costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from depthwise.costing import CostReport, count
from depthwise.jobs.open import open_model


def cost(
    model: Any,
    input_shape: Sequence[int] | None = None,
    *,
    conv: str | None = None,
    batch: int | None = None,
) -> CostReport:
    """Count multiply-accumulates and parameters of a model, layer by layer.

    Args:
        model: A registered name, a model folder, an ``.onnx`` or ``.pt2`` file,
            ``file.py:factory``, a torch module or a Graph.
        input_shape: Of one batch, ``(N, C, L)`` or ``(N, C, H, W)``; optional where
            the model knows its input.
        conv: "separable", "dense" or "blueprint", for a registered name.
        batch: Samples that are counted; from the shape, or 1, if left out.

    Returns:
        The counts of one batch.

    Raises:
        DepthwiseError: If the model cannot be opened.

    Example:
        >>> cost("mobilenet_v1", (1, 3, 224, 224)).macs
        568740352
    """
    graph = open_model(model, input_shape, conv=conv).graph
    return count(graph, batch=batch or (input_shape[0] if input_shape else 1))
