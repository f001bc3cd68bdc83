"""What anything that is a model costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from depthwise.costing import CostReport, Opaque, count, with_opaque
from depthwise.jobs.open import Opened, open_model


def cost(
    model: Any,
    input_shape: Sequence[int] | None = None,
    *,
    conv: str | None = None,
    batch: int | None = None,
    input_gradient: bool = False,
    allow_unknown: bool = False,
) -> CostReport:
    """Count multiply-accumulates and parameters of a model, layer by layer.

    Args:
        model: A registered name, a model folder, an ``.onnx`` or ``.pt2`` file,
            ``file.py:factory``, a torch module or a Graph.
        input_shape: Of one batch, ``(N, C, L)`` or ``(N, C, H, W)``; optional where
            the model knows its input.
        conv: "separable", "dense" or "blueprint", for a registered name.
        batch: Samples that are counted; from the shape, or 1, if left out.
        input_gradient: Whether the backward pass finds the gradient of the input too.
        allow_unknown: Whether operators outside the table are rows that count nothing,
            instead of an error.

    Returns:
        The counts of one batch.

    Raises:
        DepthwiseError: If the model cannot be opened.

    Example:
        >>> cost("mobilenet_v1", (1, 3, 224, 224)).macs
        568740352
    """
    opened = open_model(model, input_shape, conv=conv, allow_unknown=allow_unknown)
    samples = batch or (input_shape[0] if input_shape else 1)
    return cost_of(opened, batch=samples, input_gradient=input_gradient)


def cost_of(
    opened: Opened, *, batch: int = 1, input_gradient: bool = False
) -> CostReport:
    """Count what a model that is open already costs.

    Args:
        opened: The model.
        batch: Samples a run.
        input_gradient: Whether the backward pass finds the gradient of the input too.

    Returns:
        The counts; what a torch module has frozen needs no gradient.
    """
    report = count(
        opened.graph,
        batch=batch,
        frozen=frozen_parameters(opened),
        input_gradient=input_gradient,
    )
    cut = [Opaque(n.name, n.op, n.inputs, n.outputs) for n in opened.unknown]
    return with_opaque(report, opened.graph, cut)


def frozen_parameters(opened: Opened) -> frozenset[str]:
    """Name the parameters of a torch module that it asks no gradient for.

    Args:
        opened: Any model; only modules and factories know.

    Returns:
        Their qualified names.
    """
    if opened.module is None:
        return frozenset()
    named = opened.module.named_parameters()
    return frozenset(name for name, value in named if not value.requires_grad)
