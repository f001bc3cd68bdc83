"""Writing down code for a module: torch functions called on stand-ins."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx, nn

from depthwise.bridge.placing import parent_of


class Recorder(fx.Tracer):
    """An fx graph while it is written, and the module tree that it refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.root = nn.Module()
        self.graph = fx.Graph(tracer_cls=None)
        self._transient: list[str] = []
        self._tables = 0

    def create_arg(self, a: Any) -> Any:
        """Turn an argument into what fx stores; tensors become buffers.

        Args:
            a: Anything that a torch function takes.

        Returns:
            What the fx graph holds.
        """
        if isinstance(a, torch.Tensor):
            self._tables += 1
            return self.buffer(f"table_{self._tables}", a, keep=False).node
        return super().create_arg(a)

    def input(self, name: str) -> fx.Proxy:
        """Declare an argument of the forward.

        Args:
            name: Its name.

        Returns:
            Its stand-in.
        """
        return self.create_proxy("placeholder", name, (), {})

    def attribute(self, path: str) -> fx.Proxy:
        """Refer to a tensor of the tree.

        Args:
            path: Where it is.

        Returns:
            Its stand-in.
        """
        return self.create_proxy("get_attr", path, (), {})

    def parameter(self, path: str, tensor: torch.Tensor) -> fx.Proxy:
        """Register a parameter.

        Args:
            path: Where.
            tensor: Its value.

        Returns:
            Its stand-in.
        """
        owner, name = parent_of(self.root, path)
        owner.register_parameter(name, nn.Parameter(tensor))
        return self.attribute(path)

    def buffer(self, path: str, tensor: torch.Tensor, *, keep: bool) -> fx.Proxy:
        """Register a buffer.

        Args:
            path: Where.
            tensor: Its value.
            keep: Whether the state dictionary holds it.

        Returns:
            Its stand-in.
        """
        owner, name = parent_of(self.root, path)
        owner.register_buffer(name, tensor)
        if not keep:
            self._transient.append(path)
        return self.attribute(path)

    def call(self, path: str, x: Any) -> fx.Proxy:
        """Call a layer of the tree.

        Args:
            path: Where it is.
            x: What to call it with.

        Returns:
            The stand-in of its result.
        """
        return self.create_proxy("call_module", path, (x,), {})

    def finish(self, output: Any, name: str) -> fx.GraphModule:
        """End the code and make the module.

        Args:
            output: What the forward returns.
            name: The class's name.

        Returns:
            The module, which holds no more than its code needs.
        """
        self.create_proxy("output", "output", (output,), {})
        for node in reversed(self.graph.nodes):
            if not node.users and node.op not in {"output", "placeholder"}:
                self.graph.erase_node(node)
        self.graph.lint()
        result = fx.GraphModule(self.root, self.graph, name.replace(".", "_"))
        for path in self._transient:
            _make_transient(result, path)
        return result


def _make_transient(module: nn.Module, path: str) -> None:
    """Take a buffer out of the state dictionary."""
    owner, name = parent_of(module, path)
    tensor = owner._buffers.pop(name, None)  # noqa: SLF001 - nothing public pops one
    if tensor is not None:
        owner.register_buffer(name, tensor, persistent=False)
