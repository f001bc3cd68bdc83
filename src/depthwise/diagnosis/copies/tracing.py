"""Carry copies of channels through a network, from weights alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from depthwise.diagnosis.copies.form import Form, Kinds
from depthwise.diagnosis.copies.rules import RULES
from depthwise.diagnosis.links import Link, tie_of, width_of
from depthwise.graph import Call, Graph, call_of


def forms_of(graph: Graph) -> Mapping[str, Form]:
    """Write the channels of every value as multiples of one another.

    Filters that are proportional, over inputs that are, give channels that are; norms
    and activations carry that on or end it. What is said holds for every input, up to
    rounding.

    Args:
        graph: A graph whose batch is bound.

    Returns:
        A form for every value with channels.

    Example:
        >>> import numpy as np
        >>> from depthwise.graph import Input, Node, TensorType
        >>> x = Input("x", TensorType("float32", (1, 2, 8)))
        >>> weights = {"w": np.array([[[1], [2]], [[2], [4]]], "float32")}
        >>> nodes = Node("Conv", ("x", "w"), ("h",)), Node("Relu", ("h",), ("y",))
        >>> form = forms_of(Graph("g", (x,), ("y",), nodes, weights))["y"]
        >>> form.partners.tolist(), form.factors.tolist()
        ([0, 0], [1.0, 2.0])
    """
    kinds = Kinds()
    forms = {i.name: kinds.fresh(width_of(i.type.shape)) for i in graph.inputs}
    for node in graph.nodes:
        call = call_of(node, graph.types, graph.constants)
        for index, name in enumerate(node.outputs):
            if name:
                width = width_of(call.outputs[index].shape)
                with np.errstate(invalid="ignore"):
                    form = None if index else _form(call, forms, kinds)
                fits = form is not None and len(form.kind) == width
                known = form if form and fits else kinds.fresh(width)
                forms[name] = kinds.finite(known)
    return forms


def _form(call: Call, forms: Mapping[str, Form], kinds: Kinds) -> Form | None:
    rule = RULES.get(call.operator.name)
    if rule is None or not _channelwise(call):
        return None
    return rule(call, [forms.get(name) for name in call.node.inputs], kinds)


_CHECKED = frozenset(
    {"Flatten", "Reshape", "Squeeze", "Pad", "Slice", "Resize"}
    | {"ReduceMean", "ReduceMax"}
)


def _channelwise(call: Call) -> bool:
    """Whether an operator that may move channels leaves them where they are."""
    if call.operator.name not in _CHECKED:
        return True
    tie = tie_of(call, 0)
    return tie.link is Link.SAME or (tie.link is Link.REPEATED and tie.number == 1)
