"""One aten operation as its handler sees it: arguments by name, sizes as dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import fx

from depthwise.bridge.symbols import ONNX_TYPES, dim_of, dtype_of, shape_of
from depthwise.bridge.tape import Array, Tape, sizes
from depthwise.errors import UnsupportedOperatorError
from depthwise.graph import Attribute, Batch, Dim, Shape

Value: TypeAlias = str | tuple[str, ...]


@dataclass(frozen=True)
class AtenCall:
    """One aten operation, bound to its schema.

    Args:
        op: The operator's name without overload, such as "conv2d".
        node: The traced node; its meta holds the result's type.
        arguments: Every argument by the schema's name, defaults filled in.
        tape: Where to emit.
        read: Gives the name of the value that a traced node holds now.
        scope: The user's module path, with "!" behind it for a layer of torch.nn.
    """

    op: str
    node: fx.Node
    arguments: Mapping[str, Any]
    tape: Tape
    read: Callable[[fx.Node], Value]
    scope: str

    def tensor(self, name: str = "self") -> str:
        """Take the value of a tensor argument.

        Args:
            name: The schema's name of the argument.

        Returns:
            The value's name; empty where an optional tensor is left out.
        """
        given = self.arguments.get(name)
        if given is None:
            return ""
        if not isinstance(given, fx.Node):
            return self.number(given)
        value = self.read(given)
        return value if isinstance(value, str) else value[0]

    def tensors(self, name: str) -> tuple[str, ...]:
        """Take the values of an argument that is a list of tensors.

        Args:
            name: The schema's name of the argument.

        Returns:
            The values' names.
        """
        given = self.arguments[name]
        if isinstance(given, fx.Node):
            value = self.read(given)
            return value if isinstance(value, tuple) else (value,)
        return tuple(str(self.read(node)) for node in given)

    def is_tensor(self, name: str) -> bool:
        """Tell whether an argument is a tensor rather than a number or nothing.

        Args:
            name: The schema's name of the argument.

        Returns:
            True for a tensor.
        """
        given = self.arguments.get(name)
        return isinstance(given, fx.Node) and isinstance(_meta(given), torch.Tensor)

    def fake(self, name: str = "self") -> torch.Tensor:
        """Take the traced stand-in of a tensor argument.

        Args:
            name: The schema's name of the argument.

        Returns:
            A fake tensor, of which only type, size and storage mean something.
        """
        value = _meta(self.arguments[name])
        if not isinstance(value, torch.Tensor):
            raise self.unsupported(f"{name} must be a tensor")
        return value

    def shape(self, name: str = "self") -> Shape:
        """Take the shape of a tensor argument.

        Args:
            name: The schema's name of the argument.

        Returns:
            Its shape.
        """
        return shape_of(self.fake(name))

    def size(self, axis: int, name: str = "self") -> int:
        """Take one size that must be known before anything runs.

        Args:
            axis: Which axis, negative from the back.
            name: The schema's name of the tensor argument.

        Returns:
            The size.

        Raises:
            UnsupportedOperatorError: If it depends on the batch.
        """
        found = self.shape(name)[axis]
        if isinstance(found, Batch):
            raise self.unsupported(f"axis {axis} must not hold the batch")
        return found

    @property
    def result(self) -> torch.Tensor:
        """The traced stand-in of the (first) result."""
        value = _meta(self.node)
        first = value[0] if isinstance(value, list | tuple) else value
        if not isinstance(first, torch.Tensor):
            raise self.unsupported("the result must be a tensor")
        return first

    @property
    def result_shape(self) -> Shape:
        """The shape of the (first) result."""
        return shape_of(self.result)

    @property
    def result_dtype(self) -> str:
        """The element type of the (first) result."""
        return dtype_of(self.result.dtype)

    def plain(self, name: str) -> Any:
        """Take an argument that is no tensor: a number, a flag, a word, None.

        Args:
            name: The schema's name of the argument.

        Returns:
            Its value; symbolic sizes as dimensions.
        """
        given = self.arguments.get(name)
        if isinstance(given, list | tuple):
            return tuple(self._plain(one) for one in given)
        return self._plain(given)

    def integer(self, name: str) -> int:
        """Take an argument that is one integer.

        Args:
            name: The schema's name of the argument.

        Returns:
            Its value.

        Raises:
            UnsupportedOperatorError: If it depends on the batch.
        """
        value = self.plain(name)
        if not isinstance(value, int):
            raise self.unsupported(f"{name} must be a known integer; got {value}")
        return int(value)

    def integers(self, name: str, count: int = 0) -> tuple[int, ...]:
        """Take an argument that is a row of integers.

        Args:
            name: The schema's name of the argument.
            count: Repeat a single integer this many times.

        Returns:
            Its elements.

        Raises:
            UnsupportedOperatorError: If one depends on the batch.
        """
        value = self.plain(name)
        row = value if isinstance(value, tuple) else (value,)
        if any(not isinstance(one, int) for one in row):
            raise self.unsupported(f"{name} must be known integers; got {row}")
        return row * count if len(row) == 1 and count else row

    def emit(
        self,
        op: str,
        inputs: Sequence[str],
        attributes: Mapping[str, Attribute] | None = None,
    ) -> str:
        """Append a node with one result, in this call's scope.

        Args:
            op: The ONNX operator.
            inputs: Names of values.
            attributes: ONNX attributes.

        Returns:
            The name of its result.
        """
        return self.tape.emit(op, inputs, attributes, scope=self.scope)

    def emit_many(
        self,
        op: str,
        inputs: Sequence[str],
        count: int,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> tuple[str, ...]:
        """Append a node with several results, in this call's scope.

        Args:
            op: The ONNX operator.
            inputs: Names of values.
            count: How many results.
            attributes: ONNX attributes.

        Returns:
            The names of its results.
        """
        return self.tape.emit_many(op, inputs, count, attributes, scope=self.scope)

    def number(self, value: float | bool | Batch, dtype: str = "") -> str:
        """Make a number without axes.

        Args:
            value: The number, or a multiple of the batch.
            dtype: Its element type; the result's unless it is said.

        Returns:
            The name of a constant, or of a value computed from the batch.
        """
        kind = dtype or self.result_dtype
        if not isinstance(value, Batch):
            return self.tape.constant(np.array(value, kind))
        row = self.shape_vector((value,))
        if kind != "int64":
            row = self.emit("Cast", [row], {"to": ONNX_TYPES[kind]})
        return self.emit("Squeeze", [row, self.vector(0)])

    def vector(self, *values: int) -> str:
        """Make a constant of sizes or axes.

        Args:
            *values: Integers.

        Returns:
            The constant's name.
        """
        return self.tape.constant(sizes(*values))

    def scalar(self, value: int) -> str:
        """Make a constant integer without axes: an index or an axis.

        Args:
            value: The integer.

        Returns:
            The constant's name.
        """
        return self.tape.constant(np.array(value, np.int64))

    def shape_vector(self, shape: Shape) -> str:
        """Make a vector of sizes, of which any may hold the batch.

        Args:
            shape: The sizes.

        Returns:
            The name of a constant, or of a value computed from the batch.
        """
        return self.tape.shape_vector(shape)

    def array(self, values: Array) -> str:
        """Make a constant of any array.

        Args:
            values: The array.

        Returns:
            The constant's name.
        """
        return self.tape.constant(values)

    def reshape(self, value: str, shape: Shape) -> str:
        """Append a Reshape; the axis that holds the batch is the one inferred.

        Args:
            value: What to reshape.
            shape: The new shape, of which one axis at most holds the batch.

        Returns:
            The name of the result.
        """
        row = (-1 if isinstance(dim, Batch) else dim for dim in shape)
        return self.emit("Reshape", [value, self.vector(*row)])

    def unsupported(self, why: str) -> UnsupportedOperatorError:
        """Build the error for a call that has no counterpart in ONNX.

        Args:
            why: The rule that it breaks.

        Returns:
            The error; it names the operator and the module.
        """
        where = self.scope.rstrip("!") or "the model itself"
        return UnsupportedOperatorError(f"aten.{self.op} at {where}: {why}")

    def _plain(self, value: object) -> Any:
        if isinstance(value, fx.Node):
            return _known(_meta(value))
        return _known(value)


Handler: TypeAlias = Callable[[AtenCall], Value]
Inverse: TypeAlias = Callable[[AtenCall, Value, Value], Value]
"""A view's call, what it is a view of, the view's new value: what that becomes."""


def _meta(node: Any) -> object:
    return node.meta.get("val") if isinstance(node, fx.Node) else node


def _known(value: object) -> Any:
    return dim_of(value) if isinstance(value, torch.SymInt) else value


def positive(axis: int, rank: int) -> int:
    """Count an axis from the front.

    Args:
        axis: Position, negative from the back.
        rank: How many axes there are.

    Returns:
        The position from 0.

    Example:
        >>> positive(-1, 4)
        3
    """
    return axis % rank if rank else 0


def is_dim(value: object) -> bool:
    """Tell whether a value is a dimension.

    Args:
        value: Anything.

    Returns:
        True for an integer or a multiple of N.
    """
    return isinstance(value, int | Batch) and not isinstance(value, bool)


__all__ = ["AtenCall", "Dim", "Handler", "Inverse", "Value", "is_dim", "positive"]
