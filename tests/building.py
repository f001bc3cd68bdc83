"""Build graphs for tests, one layer after the other, in float64."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from depthwise.execute import run
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify
from depthwise.graph.inference import infer_types, type_of


class Builder:
    """A graph in the making: every method adds a node and names its result."""

    def __init__(self, *shape: int, seed: int = 0, dtype: str = "float64") -> None:
        self.rng = np.random.default_rng(seed)
        self.dtype = dtype
        self.inputs = (Input("x", TensorType(dtype, (Batch(), *shape))),)
        self.nodes: list[Node] = []
        self.constants: dict[str, np.ndarray] = {}
        self.types = {"x": self.inputs[0].type}

    def add(
        self,
        op: str,
        inputs: tuple[str, ...],
        attributes: Mapping[str, Any] | None = None,
        outputs: int = 1,
    ) -> str:
        """Add any node; the first result's name is returned."""
        name = f"n{len(self.nodes)}"
        results = (name, *(f"{name}.{i}" for i in range(1, outputs)))
        node = Node(op, inputs, results, attributes or {}, f"{op.lower()}.{name}")
        self.nodes.append(node)
        known = [Input(n, t) for n, t in self.types.items() if n not in self.constants]
        self.types |= infer_types(known, [node], self.constants)
        return name

    def constant(self, array: Any, name: str = "") -> str:
        """Add a constant; floating ones take the graph's type."""
        value = np.asarray(array)
        if value.dtype.kind == "f":
            value = value.astype(self.dtype)
        name = name or f"c{len(self.constants)}"
        self.constants[name] = value
        self.types[name] = type_of(value)
        return name

    def normal(self, *shape: int) -> str:
        """Add a constant of normal numbers."""
        return self.constant(self.rng.standard_normal(shape))

    def channels(self, value: str) -> int:
        size = self.types[value].shape[1]
        assert isinstance(size, int)
        return size

    def rank(self, value: str) -> int:
        return self.types[value].rank - 2

    def conv(
        self,
        value: str,
        filters: int,
        kernel: int = 1,
        *,
        group: int = 1,
        bias: bool = False,
        **attributes: Any,
    ) -> str:
        taps = (kernel,) * self.rank(value)
        weight = self.normal(filters, self.channels(value) // group, *taps)
        inputs = (value, weight, *([self.normal(filters)] if bias else []))
        return self.add("Conv", inputs, {"group": group, **attributes})

    def depthwise(self, value: str, kernel: int = 3, multiplier: int = 1) -> str:
        channels = self.channels(value)
        pads = (kernel // 2,) * 2 * self.rank(value)
        filters = channels * multiplier
        return self.conv(value, filters, kernel, group=channels, pads=pads)

    def norm(self, value: str) -> str:
        channels = self.channels(value)
        numbers = [self.normal(channels) for _ in range(3)]
        variance = self.constant(self.rng.uniform(0.2, 2.0, channels))
        return self.add("BatchNormalization", (value, *numbers, variance))

    def clip(self, value: str, low: float, high: float) -> str:
        bounds = self.constant(np.array(low)), self.constant(np.array(high))
        return self.add("Clip", (value, *bounds))

    def gate(self, value: str, hidden: int, gate: str = "HardSigmoid") -> str:
        """Squeeze and excite."""
        channels = self.channels(value)
        pooled = self.add("GlobalAveragePool", (value,))
        inner = self.add("Relu", (self.conv(pooled, hidden, bias=True),))
        outer = self.add(gate, (self.conv(inner, channels, bias=True),))
        return self.add("Mul", (value, outer))

    def graph(self, *outputs: str) -> Graph:
        return verify(
            Graph("test", self.inputs, outputs, tuple(self.nodes), self.constants)
        )


def check_same_outputs(before: Graph, after: Graph, *, seed: int = 0) -> None:
    """Both graphs compute the same in float64, whatever the batch."""
    rng = np.random.default_rng(seed)
    for batch in (1, 3):
        shape = tuple(before.bind(batch).inputs[0].type.shape)
        x = rng.standard_normal(shape)
        (old,) = run(before, [x], dtype="float64")
        (new,) = run(after, [x], dtype="float64")
        assert list(old) == list(new)
        for name in old:
            scale = np.abs(old[name]).max(initial=1.0)
            np.testing.assert_allclose(new[name], old[name], rtol=0, atol=1e-12 * scale)
