"""A plan as edits that a Graph and a torch module take alike."""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

from depthwise.graph import Attribute
from depthwise.graph.edits import Operand, ReplaceNode, Step
from depthwise.graph.operators.window import Window
from depthwise.separation.factors import Order
from depthwise.separation.sites import Site

Array: TypeAlias = NDArray[Any]


def edit_of(
    site: Site, order: Order, kernels: tuple[Array, Array], bias: Array | None
) -> ReplaceNode:
    """Put a depthwise and a pointwise convolution in the place of a layer.

    The depthwise half takes stride, padding and dilation; the second one the bias.

    Args:
        site: The layer, at all places where it is called.
        order: Which half comes first.
        kernels: Depthwise and pointwise kernel, from ``Factors.kernels``.
        bias: ``[K]``, or None.

    Returns:
        The edit; steps are named "depthwise" and "pointwise".
    """
    kind = site.weight.dtype
    filters, mixing = (kernel.astype(kind) for kernel in kernels)
    sliding = _sliding(site.windows)
    owners = site.inputs if order is Order.DEPTHWISE_FIRST else len(site.weight)
    mixed: dict[str, Attribute] = {"group": site.groups} if site.groups > 1 else {}
    halves: dict[str, tuple[Array, dict[str, Attribute]]] = {
        "depthwise": (filters, {**sliding, "group": owners}),
        "pointwise": (mixing, mixed),
    }
    first = order.first
    (second,) = halves.keys() - {first}
    steps = []
    for name in (first, second):
        kernel, attributes = halves[name]
        operands = [Operand("weight", kernel)]
        if name == second and bias is not None:
            operands.append(Operand("bias", bias.astype(kind)))
        shape: dict[str, Attribute] = {"kernel_shape": kernel.shape[2:]}
        steps.append(Step(name, "Conv", tuple(operands), {**shape, **attributes}))
    names = tuple(node.name for node in site.calls)
    return ReplaceNode(names, site.scope, tuple(steps))


def _sliding(windows: tuple[Window, ...]) -> dict[str, Attribute]:
    begins = tuple(window.begin for window in windows)
    return {
        "strides": tuple(window.stride for window in windows),
        "pads": (*begins, *(window.end for window in windows)),
        "dilations": tuple(window.dilation for window in windows),
    }


def between(site: Site, order: Order) -> list[str]:
    """Name the values between the halves in a graph that was edited.

    Args:
        site: The layer.
        order: Which half comes first.

    Returns:
        A name a call.
    """
    return [f"{node.outputs[0]}.{order.first}" for node in site.calls]
