"""A graph while it is built from a file: what is known so far, and fresh names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from depthwise.errors import GraphError
from depthwise.formats.tensors import Array
from depthwise.graph import Input, Node, TensorType
from depthwise.graph.inference import type_of


@dataclass(slots=True)
class Build:
    """What is known of a network after some of its nodes.

    Args:
        types: Types of all values so far.
        constants: Arrays by the name they have in the graph.
        nodes: Nodes so far, in order.
        aliases: Names of the file that are another value of the graph.
        taken: Names of values that are in use anywhere in the file.
        readers: How many nodes of the file read each value.
        budget: Bytes that folded constants may still take.
    """

    types: dict[str, TensorType] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    readers: Counter[str] = field(default_factory=Counter)
    budget: int = 0

    def name(self, value: str) -> str:
        """Find a value of the file in the graph.

        Args:
            value: Its name in the file, or empty.

        Returns:
            Its name in the graph.
        """
        return self.aliases.get(value, value)

    def type(self, value: str) -> TensorType:
        """Take the type of a value of the file.

        Args:
            value: Its name in the file.

        Returns:
            Its type.

        Raises:
            GraphError: If nothing has defined it yet.
        """
        found = self.types.get(self.name(value))
        if found is None:
            msg = f"operands are defined before they are read; got {value!r}, undefined"
            raise GraphError(msg, "a node stands before its operand, or in a circle")
        return found

    def array(self, value: str) -> Array | None:
        """Take the elements of a value of the file.

        Args:
            value: Its name in the file.

        Returns:
            The array, or None if it is no constant.
        """
        return self.constants.get(self.name(value))

    def fresh(self, hint: str) -> str:
        """Make a name that no value has.

        Args:
            hint: What it should look like.

        Returns:
            The hint, with a number where it is taken.
        """
        name, count = hint, 1
        while name in self.taken:
            name, count = f"{hint}_{count}", count + 1
        self.taken.add(name)
        return name

    def add_input(self, value: Input) -> None:
        """Add an input of the network.

        Args:
            value: The input.

        Raises:
            GraphError: If its name is defined already.
        """
        self.define({value.name: value.type})

    def add_constant(self, name: str, array: Array) -> str:
        """Add a constant.

        Args:
            name: Its name, which nothing else may have.
            array: Its elements.

        Returns:
            The name.

        Raises:
            GraphError: If its name is defined already.
        """
        self.define({name: type_of(array)})
        self.constants[name] = array
        return name

    def new_constant(self, hint: str, array: Array) -> str:
        """Add a constant that the file does not name.

        Args:
            hint: What its name should look like.
            array: Its elements.

        Returns:
            Its name.
        """
        return self.add_constant(self.fresh(hint), array)

    def define(self, types: dict[str, TensorType]) -> None:
        """Enter values that are now known.

        Args:
            types: Their types by name.

        Raises:
            GraphError: If one is defined already.
        """
        for name in types:
            self._check_new(name)
        self.types.update(types)

    def alias(self, name: str, value: str) -> None:
        """Let a value of the file be one that the graph has already.

        Args:
            name: Its name in the file.
            value: A value of the graph.

        Raises:
            GraphError: If the name is defined already.
        """
        self._check_new(name)
        self.aliases[name] = value
        # Whoever reads the alias reads the value, in the place of what defined it.
        self.readers[value] += self.readers[name] - 1

    def _check_new(self, name: str) -> None:
        if name in self.types or name in self.aliases or not name:
            raise GraphError(f"a value is defined once; got {name!r} again")
