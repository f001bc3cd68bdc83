"""What an entry of the operator table says, and what its rules are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from numpy.typing import NDArray

from depthwise.errors import GeometryError, GraphError
from depthwise.graph.node import Attribute, Node
from depthwise.graph.shapes import Batch, Dim, Shape, TensorType

Array: TypeAlias = NDArray[Any]
Default: TypeAlias = Attribute | None


@dataclass(frozen=True, slots=True)
class Macs:
    """Multiply-accumulates of one node, on tensors of known size.

    Args:
        forward: Nominal count, taps on padding included: what papers print.
        real: Forward count without the taps that fall on padding.
        backward_input: For the gradient of the first operand; padding included.
        backward_weight: For the gradient of the second operand, usually weights.
        backward_inside: For gradients between the steps of a recurrent node, which
            those of either operand need.

    Example:
        >>> (Macs(4, 4) + Macs(1, 1, 1, 1)).backward_weight
        1
    """

    forward: int = 0
    real: int = 0
    backward_input: int = 0
    backward_weight: int = 0
    backward_inside: int = 0

    def __add__(self, other: Macs) -> Macs:
        return Macs(
            self.forward + other.forward,
            self.real + other.real,
            self.backward_input + other.backward_input,
            self.backward_weight + other.backward_weight,
            self.backward_inside + other.backward_inside,
        )


@dataclass(frozen=True)
class Call:
    """One node as its operator's rules see it: defaults filled in, types known.

    Args:
        operator: The table entry.
        node: The node.
        inputs: A type an input; None where an optional input is left out.
        constants: An array an input, where the value is a constant of the graph.
        outputs: Types of the results; empty while they are being inferred.
    """

    operator: Operator
    node: Node
    inputs: tuple[TensorType | None, ...]
    constants: tuple[Array | None, ...]
    outputs: tuple[TensorType, ...] = ()

    def type(self, index: int) -> TensorType:
        """Take the type of an input that must be there.

        Args:
            index: Position of the input.

        Returns:
            Its type.

        Raises:
            GraphError: If it is left out.
        """
        found = self.inputs[index] if index < len(self.inputs) else None
        if found is None:
            msg = f"{self.operator.name} needs input {index}; got {len(self.inputs)}"
            raise GraphError(msg)
        return found

    def shape(self, index: int = 0) -> Shape:
        """Take the shape of an input that must be there.

        Args:
            index: Position of the input.

        Returns:
            Its shape.
        """
        return self.type(index).shape

    def has(self, index: int) -> bool:
        """Tell whether an optional input is given.

        Args:
            index: Position of the input.

        Returns:
            True if it is.
        """
        return index < len(self.inputs) and self.inputs[index] is not None

    def constant(self, index: int) -> Array | None:
        """Take the array of an input, if it is a constant of the graph.

        Args:
            index: Position of the input.

        Returns:
            The array, or None.
        """
        return self.constants[index] if index < len(self.constants) else None

    def content(self, index: int) -> Shape | None:
        """Take the elements of an integer input, if they are known.

        Args:
            index: Position of the input.

        Returns:
            The elements, N included, or None.
        """
        if not self.has(index) or self.type(index).dtype[:3] not in {"int", "uin"}:
            return None
        content = self.type(index).content
        return None if content is None else tuple(_dim(e) for e in content)

    def sizes(self, index: int) -> Shape:
        """Take the elements of an integer input that shapes depend on.

        Args:
            index: Position of the input.

        Returns:
            The elements, N included.

        Raises:
            GeometryError: If they are only known when the graph runs.
        """
        found = self.content(index)
        if found is None:
            msg = f"input {index} of {self.operator.name} must be known before it runs"
            raise GeometryError(msg, "a constant, or computed from shapes")
        return found

    def attribute(self, name: str) -> Default:
        """Take an attribute, or the operator's default.

        Args:
            name: An attribute of the operator.

        Returns:
            Its value; None where neither the node nor the operator has one.
        """
        return self.node.attributes.get(name, self.operator.attributes[name])

    def integer(self, name: str) -> int:
        """Take an attribute that is one integer.

        Args:
            name: An attribute of the operator.

        Returns:
            Its value.

        Raises:
            GraphError: If it is something else.
        """
        value = self.attribute(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "an integer", value)
        return value

    def real(self, name: str) -> float:
        """Take an attribute that is one number.

        Args:
            name: An attribute of the operator.

        Returns:
            Its value.

        Raises:
            GraphError: If it is something else.
        """
        value = self.attribute(name)
        if not isinstance(value, int | float):
            raise self._wrong(name, "a number", value)
        return float(value)

    def flag(self, name: str) -> bool:
        """Take an attribute that is 0 or 1.

        Args:
            name: An attribute of the operator.

        Returns:
            True for anything but 0.
        """
        return self.integer(name) != 0

    def text(self, name: str) -> str:
        """Take an attribute that is text.

        Args:
            name: An attribute of the operator.

        Returns:
            Its value.

        Raises:
            GraphError: If it is something else.
        """
        value = self.attribute(name)
        if not isinstance(value, str):
            raise self._wrong(name, "text", value)
        return value

    def integers(self, name: str) -> tuple[int, ...] | None:
        """Take an attribute that is a row of integers.

        Args:
            name: An attribute of the operator.

        Returns:
            Its value, or None where there is none.

        Raises:
            GraphError: If it is something else.
        """
        value = self.attribute(name)
        if value is None:
            return None
        if not isinstance(value, tuple) or not all(isinstance(v, int) for v in value):
            raise self._wrong(name, "integers", value)
        return tuple(int(v) for v in value)

    def _wrong(self, name: str, wanted: str, value: Default) -> GraphError:
        msg = f"attribute {name} of {self.operator.name} is {wanted}; got {value!r}"
        return GraphError(msg)


Infer: TypeAlias = Callable[[Call], tuple[TensorType, ...]]
Reference: TypeAlias = Callable[[Call, tuple[Any, ...]], tuple[Array, ...]]


def no_macs(_call: Call) -> Macs:
    """Count an operator that multiplies and accumulates nothing.

    Multiply-accumulates are products of two operands that are summed: those of
    matrices and kernels. Norms, activations, pooling, interpolation, reductions and
    arithmetic element by element count as 0, as papers do.

    Args:
        _call: Any call.

    Returns:
        Zero.
    """
    return Macs()


@dataclass(frozen=True)
class Operator:
    """One row of the table: everything depthwise knows about an ONNX operator.

    Args:
        name: ONNX's name.
        infer: Shape rule: a call without outputs to the types of its outputs.
        reference: What it computes, in plain NumPy and in the element type of its
            operands: the float64 oracle, and the float32 executor.
        attributes: Every attribute with its default; None means absent.
        inputs: Fewest and most inputs.
        outputs: Fewest and most outputs.
        macs: Multiply-accumulates of a call whose sizes are all known.
        signature: One letter an input, the last one for all that follow: "T" for
            the operator's one type, "F" for any floating type, "I" for any integer
            type, "B" for bool, "A" for anything.
        kinds: NumPy's letters of the types that "T" may be.
        static: Inputs whose elements shapes depend on, known before anything runs.
        choices: The words that an attribute may be, where not every text will do.
        symbolic: Whether the reference also works on objects that stand for sizes.
        moves_data: False for operators that only rename what is in memory.
        picks: True for operators that read no more of an input than they write.

    Example:
        >>> from depthwise.graph.operators import OPERATORS
        >>> OPERATORS["Conv"].attributes["group"]
        1
    """

    name: str
    infer: Infer
    reference: Reference
    attributes: Mapping[str, Default] = field(default_factory=dict)
    inputs: tuple[int, int] = (1, 1)
    outputs: tuple[int, int] = (1, 1)
    macs: Callable[[Call], Macs] = no_macs
    signature: str = "T"
    kinds: str = "f"
    static: tuple[int, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    symbolic: bool = False
    moves_data: bool = True
    picks: bool = False


def same_type(call: Call) -> tuple[TensorType, ...]:
    """Infer an output that is like the first input.

    Args:
        call: Any call.

    Returns:
        The first input's type, its elements forgotten.
    """
    first = call.type(0)
    return (TensorType(first.dtype, first.shape),)


def _dim(element: Dim | float) -> Dim:
    return element if isinstance(element, Batch) else int(element)
