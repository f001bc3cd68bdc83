"""Graphs to save and load: every operator family in one small network."""

import numpy as np
from numpy.typing import NDArray

from depthwise.graph import Batch, Graph, Input, Node, TensorType, verify


def small_network(seed: int = 0) -> Graph:
    """A depthwise separable block with squeeze-excite and a classifier."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal(shape).astype("float32")

    nodes = (
        Node(
            "Conv",
            ("x", "stem.weight", "stem.bias"),
            ("a",),
            {"strides": (2, 2), "pads": (1, 1, 1, 1)},
            "stem.conv",
            "stem",
        ),
        Node("Clip", ("a", "low", "high"), ("b",), {}, "stem.act", "stem.act"),
        Node(
            "Conv",
            ("b", "block.depthwise.weight"),
            ("c",),
            {"group": 4, "auto_pad": "SAME_UPPER"},
            "block.depthwise",
            "block.depthwise",
        ),
        Node(
            "BatchNormalization",
            ("c", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var"),
            ("d",),
            {"epsilon": 1e-3, "momentum": 0.9},
            "block.bn",
            "block.bn",
        ),
        Node("GlobalAveragePool", ("d",), ("e",), {}, "block.se.pool", "block.se"),
        Node("HardSigmoid", ("e",), ("f",), {"alpha": 1 / 6}, "", "block.se"),
        Node("Mul", ("d", "f"), ("g",), {}, "block.se.mul", "block.se"),
        Node("ReduceMean", ("g", "axes"), ("h",), {"keepdims": 0}, "pool"),
        Node("Gemm", ("h", "fc.weight", "fc.bias"), ("y",), {"transB": 1}, "fc", "fc"),
    )
    constants = {
        "stem.weight": draw(4, 3, 3, 3),
        "stem.bias": draw(4),
        "low": np.array(0, "float32"),
        "high": np.array(6, "float32"),
        "block.depthwise.weight": draw(8, 1, 3, 3),
        "bn.weight": draw(8),
        "bn.bias": draw(8),
        "bn.running_mean": draw(8),
        "bn.running_var": np.abs(draw(8)),
        "axes": np.array([2, 3]),
        "fc.weight": draw(5, 8),
        "fc.bias": draw(5),
    }
    trained = (
        "stem.weight stem.bias block.depthwise.weight bn.weight bn.bias "
        "fc.weight fc.bias"
    )
    x = Input("x", TensorType("float32", (Batch(), 3, 9, 8)))
    parameters = frozenset(trained.split())
    return verify(Graph("small", (x,), ("y",), nodes, constants, parameters))


def facts(graph: Graph) -> tuple[object, ...]:
    """Everything about a graph, to compare: the bits and order of constants too."""
    arrays = [
        (name, array.dtype.name, array.shape, array.tobytes())
        for name, array in graph.constants.items()
    ]
    return (
        graph.name,
        graph.inputs,
        graph.outputs,
        graph.nodes,
        graph.parameters,
        arrays,
    )
