"""Small graphs, and the comparison of generated code with the operator table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from depthwise.engine import compile_graph
from depthwise.execute import run
from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify

EPSILON = 2.0**-24


@dataclass
class Sketch:
    """A graph in the making; every value is float32 with a batch in front."""

    shapes: dict[str, tuple[int, ...]]
    seed: int = 0
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)

    def add(self, op: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        name = out or f"{op.lower()}{len(self.nodes)}"
        node = Node(op, inputs, (name,), attributes, name=name)
        self.nodes.append(node)
        return name

    def constant(self, array: Any, name: str = "") -> str:
        name = name or f"constant{len(self.constants)}"
        self.constants[name] = np.asarray(array)
        return name

    def integers(self, *shape: int, top: int = 3) -> str:
        random = np.random.default_rng([self.seed, len(self.constants)])
        array = random.integers(-top, top + 1, shape).astype(np.float32)
        return self.constant(array)

    def conv(
        self,
        value: str,
        weight: tuple[int, ...],
        *,
        bias: bool = True,
        **attributes: Any,
    ) -> str:
        inputs = [value, self.integers(*weight)]
        if bias:
            inputs.append(self.integers(weight[0]))
        return self.add("Conv", *inputs, **attributes)

    def graph(self, *outputs: str) -> Graph:
        inputs = tuple(
            Input(name, TensorType("float32", (Batch(), *shape)))
            for name, shape in self.shapes.items()
        )
        return verify(Graph("t", inputs, outputs, tuple(self.nodes), self.constants))


def integer_inputs(graph: Graph, batch: int, seed: int = 1) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    shapes = {i.name: i.type.shape for i in graph.bind(batch).inputs}
    return {
        name: random.integers(-3, 4, shape).astype(np.float32)
        for name, shape in shapes.items()
    }


def reference(graph: Graph, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(run(graph, [inputs], dtype="float64"))


def check_exact(
    graph: Graph, *, samples: int = 2, batch: int = 1, threads: int = 1
) -> None:
    """Compare to the bit, on small integers."""
    inputs = integer_inputs(graph, samples)
    network = compile_graph(graph, batch=batch, threads=threads, cache=None)
    found = network.run(inputs)
    for name, wanted in reference(graph, inputs).items():
        np.testing.assert_array_equal(found[name], wanted, err_msg=name)


def check_near(
    graph: Graph, inputs: Mapping[str, Any], *, relative: float, absolute: float = 0.0
) -> None:
    """Compare with a tolerance for functions that no finite sum computes."""
    found = compile_graph(graph, threads=1, cache=None).run(inputs)
    for name, wanted in reference(graph, inputs).items():
        np.testing.assert_allclose(found[name], wanted, rtol=relative, atol=absolute)
