"""A cost report as a tree of the user's own modules, repeated blocks folded."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from depthwise.costing.layer import LayerCost

Shape: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A module, or a layer, with what it holds.

    Args:
        name: Its own name; ``1..5`` for five neighbours that are alike.
        layers: All layers below it, those of folded neighbours too.
        children: What it holds; of folded neighbours, child by child together.
        times: How many neighbours are folded into it.

    Example:
        >>> Branch("stem", (), ()).macs
        0
    """

    name: str
    layers: tuple[LayerCost, ...]
    children: tuple[Branch, ...]
    times: int = 1

    @property
    def macs(self) -> int:
        """Forward multiply-accumulates below it."""
        return sum(layer.macs for layer in self.layers)

    @property
    def params(self) -> int:
        """Trained numbers below it."""
        return sum(layer.params for layer in self.layers)

    @property
    def structure(self) -> Shape:
        """What makes neighbours alike: operators, kernels, sizes and cost, in order."""
        if self.children:
            return tuple((child.times, child.structure) for child in self.children)
        return tuple(_likes(layer) for layer in self.layers)


def _likes(layer: LayerCost) -> Shape:
    kernel = layer.geometry and layer.geometry.kernel_size
    sizes = layer.output_shape
    return layer.op, layer.kind, kernel, sizes, layer.macs, layer.params


def tree_of(name: str, layers: Sequence[LayerCost]) -> Branch:
    """Arrange layers by the modules they lie in.

    Args:
        name: The network's name.
        layers: In order; scopes are paths with dots.

    Returns:
        The root; runs of neighbours that are alike, in cost too, are folded into one.

    Example:
        >>> tree_of("empty", ()).children
        ()
    """
    paths = [(tuple(filter(None, la.scope.split("."))), la) for la in layers]
    return Branch(name, tuple(layers), tuple(_fold(_grow(paths))))


_Layers: TypeAlias = tuple[LayerCost, ...]
_Paths: TypeAlias = Sequence[tuple[tuple[str, ...], LayerCost]]


def _grow(paths: _Paths) -> Iterator[Branch]:
    for head, run in itertools.groupby(paths, key=lambda item: item[0][:1]):
        inside = [(path[1:], layer) for path, layer in run]
        own = tuple(layer for _, layer in inside)
        if not head:
            for layer in own:
                yield Branch(layer.name.rsplit(".", 1)[-1], (layer,), ())
        elif len(own) == 1:
            rest = inside[0][0]
            yield Branch(".".join((*head, *rest)), own, ())
        else:
            yield _joined(head[0], own, tuple(_fold(_grow(inside))))


def _joined(name: str, layers: _Layers, held: tuple[Branch, ...]) -> Branch:
    """Make a branch; where it holds one branch only, both are one."""
    if len(held) > 1 or not held[0].children or held[0].times > 1:
        return Branch(name, layers, held)
    return Branch(f"{name}.{held[0].name}", layers, held[0].children)


def _fold(branches: Iterator[Branch]) -> Iterator[Branch]:
    for _, run in itertools.groupby(branches, key=_likeness):
        alike = list(run)
        if len(alike) == 1 or not alike[0].children:
            yield from alike
        else:
            name = f"{alike[0].name}..{alike[-1].name}"
            yield _together(name, alike, times=len(alike))


def _likeness(branch: Branch) -> Shape:
    return bool(branch.children), branch.structure


def _together(name: str, alike: Sequence[Branch], times: int) -> Branch:
    layers = tuple(layer for branch in alike for layer in branch.layers)
    columns = zip(*(branch.children for branch in alike), strict=True)
    children = (_together(same[0].name, same, same[0].times) for same in columns)
    return Branch(name, layers, tuple(children), times)


def lines_of(branch: Branch, depth: int = 0) -> Iterator[str]:
    """Write a tree as indented lines.

    Args:
        branch: Where to start.
        depth: Steps of indentation.

    Returns:
        One line a branch that multiplies or holds parameters.
    """
    times = f" (x{branch.times})" if branch.times > 1 else ""
    text = "  " * depth + branch.name + times
    yield f"{text}: {branch.macs:,} MACs, {branch.params:,} parameters"
    for child in branch.children:
        if child.macs or child.params:
            yield from lines_of(child, depth + 1)
