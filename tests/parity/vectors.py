"""The onnx wheel's backend vectors, as graphs with their inputs and outputs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper, version_converter

from depthwise.errors import DepthwiseError
from depthwise.graph import OPERATORS, OPSET, Graph, Input, Node, TensorType, verify

DATA = Path(onnx.__file__).parent / "backend/test/data"
FOLDERS = ("pytorch-converted", "pytorch-operator", "simple")
DTYPES = {"float16", "float32", "float64", "bool"} | {
    f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)
}


@dataclass(frozen=True)
class Case:
    """One vector: a model, one data set, and how near the results must be."""

    name: str
    model: ModelProto
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    rtol: float
    atol: float

    @property
    def operators(self) -> set[str]:
        return {node.op_type for node in self.model.graph.node}


class RefusalError(Exception):
    """Why a case is out of reach, in words for the documentation."""


@cache
def cases() -> tuple[Case, ...]:
    """Every case that the wheel holds or generates, each data set for itself."""
    return (*_generated(), *_stored(), *_light())


def _generated() -> Iterator[Case]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        found = collect_testcases(None)
    for case in found:
        for inputs, outputs in case.data_sets:
            yield Case(
                case.name,
                case.model,
                tuple(map(_array, inputs)),
                tuple(map(_array, outputs)),
                case.rtol,
                case.atol,
            )


def _stored() -> Iterator[Case]:
    for folder in FOLDERS:
        for path in sorted((DATA / folder).iterdir()):
            model = onnx.load(path / "model.onnx")
            for data in sorted(path.glob("test_data_set_*")):
                inputs, outputs = _read(data, "input"), _read(data, "output")
                name = f"{folder}/{path.name}"
                yield Case(name, model, inputs, outputs, 1e-3, 1e-7)


def _light() -> Iterator[Case]:
    """Whole networks with weights of one number each, on a ramp of numbers."""
    for path in sorted((DATA / "light").glob("*.onnx")):
        model = onnx.load(path)
        constants = {t.name for t in model.graph.initializer}
        (value,) = [i for i in model.graph.input if i.name not in constants]
        shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
        count = int(np.prod(shape))
        ramp = (np.arange(count).reshape(shape) / count).astype(np.float32)
        outputs = _one(path.with_name(f"{path.stem}_output_0.pb"))
        yield Case(f"light/{path.stem}", model, (ramp,), (outputs,), 1e-3, 1e-7)


def _read(folder: Path, kind: str) -> tuple[Any, ...]:
    count = len(list(folder.glob(f"{kind}_*.pb")))
    return tuple(_one(folder / f"{kind}_{index}.pb") for index in range(count))


def _one(path: Path) -> Any:
    tensor = TensorProto()
    tensor.ParseFromString(path.read_bytes())
    try:
        return numpy_helper.to_array(tensor)
    except (TypeError, ValueError):
        return None


@cache
def refusals() -> dict[str, str]:
    """Why the table cannot hold a case, for all that it cannot hold."""
    found = {}
    for case in cases():
        try:
            load(case)
        except RefusalError as reason:
            found[case.name] = str(reason)
    return found


def load(case: Case) -> tuple[Graph, dict[str, np.ndarray]]:
    """Turn a case into a graph and what to feed it, or say why not."""
    model = case.model
    if case.name in STRICTER_THAN_ITS_TYPE:
        raise RefusalError("half precision rounds twice, the tolerance is one unit")
    for node in model.graph.node:
        if node.domain not in {"", "ai.onnx"}:
            raise RefusalError(f"operators of the domain {node.domain}")
        if node.op_type not in OPERATORS and node.op_type not in SPELLINGS:
            raise RefusalError(f"operator {node.op_type} is not in the table")
    model = _at_opset(model)
    return _graph(case, model)


def _at_opset(model: ModelProto) -> ModelProto:
    version = version_of(model)
    if all(_same(node.op_type, version) for node in model.graph.node):
        return model
    try:
        return version_converter.convert_version(model, OPSET)
    except (RuntimeError, version_converter.ConvertError) as error:
        raise RefusalError("onnx cannot convert it to this opset") from error


def version_of(model: ModelProto) -> int:
    return next(o.version for o in model.opset_import if o.domain in {"", "ai.onnx"})


def _spread_slopes(
    nodes: list[Node], given: Mapping[str, np.ndarray], constants: dict[str, np.ndarray]
) -> None:
    """Early slopes lie along the channels; later ones broadcast from the end."""
    for node in nodes:
        if node.op == "PRelu" and node.inputs[0] in given:
            axes = given[node.inputs[0]].ndim - 2
            slope = constants[node.inputs[1]]
            constants[node.inputs[1]] = slope.reshape(-1, *(1,) * axes)


def _same(op: str, version: int) -> bool:
    """Whether an operator means at a version what it means at ours.

    A version that came later has more element types, or attributes that the table
    would refuse; one that came earlier may mean something else by the same names.
    """
    theirs = onnx.defs.get_schema(op, version).since_version
    return theirs >= onnx.defs.get_schema(op, OPSET).since_version


SPELLINGS = {"Constant", "ConstantOfShape"}
STRICTER_THAN_ITS_TYPE = {"test_causal_conv_with_state_silu_fp16_expanded"}


def _graph(case: Case, model: ModelProto) -> tuple[Graph, dict[str, np.ndarray]]:
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    values = [i for i in model.graph.input if i.name not in constants]
    given = dict(zip([i.name for i in values], case.inputs, strict=True))
    for array in given.values():
        if not isinstance(array, np.ndarray) or array.dtype.name not in DTYPES:
            kind = getattr(getattr(array, "dtype", None), "name", type(array).__name__)
            raise RefusalError(f"values of type {kind}")
    nodes = [_node(p, i, constants) for i, p in enumerate(model.graph.node)]
    if version_of(case.model) < 7:
        _spread_slopes(nodes, given, constants)
    static = _static_names(nodes)
    constants |= {n: a for n, a in given.items() if n in static}
    given = {n: a for n, a in given.items() if n not in static}
    inputs = tuple(
        Input(n, TensorType(a.dtype.name, tuple(a.shape))) for n, a in given.items()
    )
    outputs = tuple(o.name for o in model.graph.output)
    try:
        graph = verify(Graph(case.name, inputs, outputs, tuple(nodes), constants))
    except DepthwiseError as error:
        raise RefusalError(error.message.split("): ")[-1]) from error
    return graph, given


def _array(value: Any) -> Any:
    if isinstance(value, TensorProto):
        return numpy_helper.to_array(value)
    return np.asarray(value) if isinstance(value, np.generic) else value


def _static_names(nodes: list[Node]) -> set[str]:
    """Values that shapes depend on, however indirectly."""
    wanted: set[str] = set()
    for node in reversed(nodes):
        static = OPERATORS[node.op].static
        wanted |= {name for i, name in enumerate(node.inputs) if i in static and name}
        if wanted & set(node.outputs) and node.op not in {"Shape", "Size"}:
            wanted |= set(filter(None, node.inputs))
    return wanted


def _node(proto: Any, index: int, constants: dict[str, np.ndarray]) -> Node:
    attributes = {
        a.name: _plain(helper.get_attribute_value(a)) for a in proto.attribute
    }
    name = proto.name or f"{proto.op_type}_{index}"
    if proto.op_type == "Constant":
        (value,) = attributes.values()
        constants[f"{name}.value"] = _tensor(value)
        return Node("Identity", (f"{name}.value",), tuple(proto.output), name=name)
    if proto.op_type == "ConstantOfShape":
        fill = _tensor(attributes.get("value", np.zeros(1, np.float32)))
        constants[f"{name}.value"] = fill.reshape(())
        inputs = (f"{name}.value", *proto.input)
        return Node("Expand", inputs, tuple(proto.output), name=name)
    return Node(
        proto.op_type, tuple(proto.input), tuple(proto.output), attributes, name
    )


def _tensor(value: Any) -> np.ndarray:
    if isinstance(value, TensorProto):
        return numpy_helper.to_array(value)
    return np.asarray(value, np.float32 if isinstance(value, float) else None)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return tuple(_plain(v) for v in value)
    return value
