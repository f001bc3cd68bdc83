"""Anything that is a model, as a graph: name, folder, ONNX, .pt2, factory, module."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from depthwise.errors import (
    DepthwiseError,
    FormatError,
    GraphError,
    MissingDependencyError,
    UnknownNameError,
    UnsupportedOperatorError,
    UsageError,
)
from depthwise.formats import (
    ModelFolder,
    UnknownNode,
    load_folder,
    load_known,
    load_onnx,
)
from depthwise.graph import Graph
from depthwise.jobs.rooms import torch_room

Option = str | int | float | bool
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Opened:
    """A model that was opened.

    Args:
        name: What to call it in tables.
        graph: The network.
        module: The torch module that the graph was traced from, or None.
        folder: The model folder it came from, or None.
        unknown: Nodes outside the table, which the graph is the network around.
    """

    name: str
    graph: Graph
    module: Any = None
    folder: ModelFolder | None = None
    unknown: tuple[UnknownNode, ...] = ()


def open_model(
    model: Any,
    input_shape: Sequence[int] | None = None,
    *,
    weights: Path | None = None,
    conv: str | None = None,
    options: Mapping[str, Option] | None = None,
    progress: Progress | None = None,
    allow_unknown: bool = False,
) -> Opened:
    """Open a model, whatever it is.

    Args:
        model: A registered name, a model folder, an ``.onnx`` or ``.pt2`` file,
            ``file.py:factory``, ``package.module:factory``, a torch module or a Graph.
        input_shape: Of one batch, ``(N, C, L)`` or ``(N, C, H, W)``; optional where
            the model knows its input.
        weights: A ``.safetensors`` or ``.pth`` file for a name or a factory.
        conv: "separable", "dense" or "blueprint", for a registered name.
        options: More arguments of a registered network, by name.
        progress: Called with steps done and steps in all while a module is traced.
        allow_unknown: Whether operators outside the table are cut out of the network
            instead of refused: of an ONNX file, or what torch exports of a module.

    Returns:
        The graph, and what else is known.

    Raises:
        UnknownNameError: If it is none of these.
        UsageError: If an argument does not go with this sort of model.
        FormatError: If a file is damaged.

    Example:
        >>> opened = open_model("mobilenet_v1", (1, 3, 32, 32))
        >>> opened.graph.inputs[0].type.shape[1:]
        (3, 32, 32)
    """
    if isinstance(model, Graph):
        return Opened(model.name, model)
    if _is_module(model):
        name = type(model).__name__
        return _open_module(
            name, model, input_shape, progress, allow_unknown=allow_unknown
        )
    text = str(model)
    path = Path(text)
    if path.is_dir() or path.suffix in {".onnx", ".pt2"}:
        _refuse(text, weights=weights, conv=conv, options=options)
        return _open_path(path, input_shape, allow_unknown=allow_unknown)
    if ":" in text:
        _refuse(text, conv=conv, options=options)
        return _open_factory(
            text, input_shape, weights, progress, allow_unknown=allow_unknown
        )
    if "/" in text or path.exists():
        msg = f"a model is a folder, .onnx, .pt2 or file.py:factory; got {text!r}"
        hint = "it is not there" if not path.exists() else "give file.py:factory"
        raise UsageError(msg, hint)
    settings = {**(options or {}), **({"conv": conv} if conv else {})}
    return _open_name(text, input_shape, weights, settings, progress)


def parse_shape(text: str | None) -> tuple[int, ...] | None:
    """Read ``--input``.

    Args:
        text: Sizes with commas, the batch first, such as "1,3,224,224"; or None.

    Returns:
        The sizes, or None.

    Raises:
        UsageError: If they are not positive integers, two or more.

    Example:
        >>> parse_shape("1,3,224,224")
        (1, 3, 224, 224)
    """
    if text is None:
        return None
    sizes = text.replace("x", ",").split(",")
    good = all(size.strip().isdecimal() and int(size) > 0 for size in sizes)
    if not good or len(sizes) < 2:
        msg = f"--input must be two or more positive sizes; got {text!r}"
        raise UsageError(msg, "the batch comes first: 1,3,224,224")
    return tuple(int(size) for size in sizes)


def parse_options(words: Sequence[str]) -> dict[str, Option]:
    """Read ``-O name=value`` words.

    Args:
        words: One an option.

    Returns:
        Values by name; numbers and true/false are recognised.

    Raises:
        UsageError: If a word has no equals sign.

    Example:
        >>> parse_options(["width_multiplier=0.5"])
        {'width_multiplier': 0.5}
    """
    result: dict[str, Option] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(f"an option is name=value; got {word!r}")
        result[name] = _value(value)
    return result


_LARGEST_DIFFERENCE = 1e-3
"""Of results of torch's own exporter, relative to the largest: float32 costs 1e-5 in
deep networks, an argument that the exporter forgets 0.1 and more."""


def _value(text: str) -> Option:
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _is_module(model: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def _refuse(model: str, **given: object) -> None:
    extra = [name for name, value in given.items() if value]
    if extra:
        msg = f"{extra[0]} does not go with this sort of model; got {model!r}"
        raise UsageError(msg, "it holds its own weights and architecture")


def _open_path(
    path: Path, input_shape: Sequence[int] | None, *, allow_unknown: bool
) -> Opened:
    if path.is_dir():
        folder = load_folder(path)
        name = str(folder.registry["name"]) if folder.registry else path.name
        return Opened(name, folder.graph, folder=folder)
    if path.suffix == ".pt2":
        bridge = torch_room("bridge")
        return Opened(path.stem, bridge.load_exported(path, input_shape))
    shapes = {"": tuple(input_shape)} if input_shape else None
    if allow_unknown:
        graph, unknown = load_known(path, input_shapes=shapes)
        return Opened(path.stem, graph, unknown=unknown)
    return Opened(path.stem, load_onnx(path, input_shapes=shapes))


def _open_factory(
    text: str,
    input_shape: Sequence[int] | None,
    weights: Path | None,
    progress: Progress | None,
    *,
    allow_unknown: bool,
) -> Opened:
    bridge = torch_room("bridge")
    module = bridge.load_factory(text)
    if weights is not None:
        bridge.load_weights(module, weights)
    name = text.rpartition(":")[2]
    return _open_module(
        name, module, input_shape, progress, allow_unknown=allow_unknown
    )


def _open_name(
    name: str,
    input_shape: Sequence[int] | None,
    weights: Path | None,
    settings: Mapping[str, Any],
    progress: Progress | None,
) -> Opened:
    bridge, nn = torch_room("bridge"), torch_room("nn")
    if name not in nn.list_models():
        raise UnknownNameError.of("model", name, nn.list_models())
    if input_shape is not None:
        sizes = {"in_chans": input_shape[1], "input_size": tuple(input_shape[2:])}
        settings = {**sizes, **settings}
    shared = {k: v for k, v in settings.items() if k in nn.SHARED}
    own = {k: v for k, v in settings.items() if k not in nn.SHARED}
    module = nn.create_model(name, **shared, options=own)
    if weights is not None:
        bridge.load_weights(module, weights)
    opened = _open_module(name, module, input_shape, progress)
    return replace(opened, name=name)


def _open_module(
    name: str,
    module: Any,
    input_shape: Sequence[int] | None,
    progress: Progress | None,
    *,
    allow_unknown: bool = False,
) -> Opened:
    shape = input_shape
    if shape is None and hasattr(module, "input_shape"):
        shape = (1, *module.input_shape)
    if shape is None:
        msg = "a torch module does not know its input; got no input shape"
        raise UsageError(msg, "give --input, such as 1,3,224,224")
    bridge = torch_room("bridge")
    try:
        graph = bridge.trace(module, tuple(shape), name=name, progress=progress)
    except UnsupportedOperatorError as reason:
        graph, unknown = _exported(module, tuple(shape), reason, allow=allow_unknown)
        return Opened(name, replace(graph, name=name), module, unknown=unknown)
    return Opened(name, graph, module)


def _exported(
    module: Any, shape: tuple[int, ...], reason: DepthwiseError, *, allow: bool
) -> tuple[Graph, tuple[UnknownNode, ...]]:
    """Read what torch's own exporter makes of a module that the tables do not spell."""
    bridge = torch_room("bridge")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        try:
            bridge.export_onnx(module, shape, path)
            graph, unknown = load_known(path) if allow else (load_onnx(path), ())
            # A graph with holes computes nothing that could be compared.
            apart = 0.0 if unknown else bridge.difference(graph, module, shape)
        except (MissingDependencyError, GraphError, FormatError, UsageError) as error:
            hint = f"torch's own exporter does not help: {error.message}"
            raise UnsupportedOperatorError(reason.message, hint) from error
    if apart > _LARGEST_DIFFERENCE:
        hint = f"torch's own exporter computes something else: {apart:.2g} apart"
        raise UnsupportedOperatorError(reason.message, hint)
    return graph, unknown
