"""ONNX files of any opset, made with the onnx package, and what they compute."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from depthwise.execute import run
from depthwise.graph import Graph

Array = NDArray[np.generic]


def write_model(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, Sequence[int | str | None]],
    constants: Mapping[str, Array] | None = None,
    *,
    opset: int = 22,
    outputs: Sequence[str] = ("y",),
    types: Mapping[str, int] | None = None,
) -> Path:
    """Write a model of float32 inputs, unless ``types`` says otherwise."""
    kinds = types or {}
    graph = helper.make_graph(
        list(nodes),
        "made",
        [
            helper.make_tensor_value_info(
                name, kinds.get(name, TensorProto.FLOAT), dims
            )
            for name, dims in inputs.items()
        ],
        [
            helper.make_tensor_value_info(
                name, kinds.get(name, TensorProto.FLOAT), None
            )
            for name in outputs
        ],
        [numpy_helper.from_array(a, n) for n, a in (constants or {}).items()],
    )
    sets = [helper.make_opsetid("", opset)]
    model = helper.make_model(graph, opset_imports=sets, ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def run_theirs(path: Path, feeds: Mapping[str, Array]) -> list[Array]:
    """Compute in ONNX Runtime, with nothing rewritten."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = (
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    )
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        path, options, providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, dict(feeds)))


def run_ours(graph: Graph, feeds: Mapping[str, Array]) -> list[Array]:
    """Compute with the operator table in NumPy."""
    values = next(run(graph, [dict(feeds)]))
    return [values[name] for name in graph.outputs]


def draw(*shape: int, seed: int = 0) -> Array:
    """Draw real numbers around zero."""
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")
