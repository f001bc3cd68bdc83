"""What the explaining page shows of real data, trained and measured for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthwise.data import Preprocessing, describe, open_data, split, split_by_group
from depthwise.diagnosis import Fault, LayerDiagnosis, diagnose_graph
from depthwise.diagnosis.layers import observed_values
from depthwise.execute import run
from depthwise.graph import Batch, Graph, Input, Node, TensorType
from depthwise.jobs.demo import TEST_PEOPLE, VALIDATION_PEOPLE, recipe
from depthwise.jobs.fit import Plan, fit
from depthwise.jobs.latency import measure_latency
from depthwise.jobs.rooms import torch_room
from depthwise.report.lesson import DeadChannels, LayerTime, Sensors

Array = NDArray[Any]

LEARNING_RATE = 0.02
_CHANNELS = (16, 32, 64)
_EPOCHS = 2
_SHOWN = 3
_PLACES = ((112, 64), (56, 128), (28, 256), (14, 512))


def dead_channels(title: str, *, progress: bool = True) -> DeadChannels:
    """Train an ordinary network without norms at a high rate, and look for the dead.

    Args:
        title: What the progress bar is called.
        progress: Whether to show progress.

    Returns:
        How many channels died on the digits, and what some channels make of one.

    Raises:
        MissingDependencyError: If torch or the digits are not installed.
    """
    bridge, training = torch_room("bridge"), torch_room("training")
    dataset = open_data("digits")
    parts = split(dataset, seed=0)
    module = bridge.module(ordinary_network(1, 28, len(dataset.classes)))
    settings = training.TrainingSettings(
        epochs=_EPOCHS, batch_size=32, learning_rate=LEARNING_RATE, warmup_epochs=0
    )
    scaling = Preprocessing.fit(dataset, parts.train)
    with TemporaryDirectory() as folder:
        training.train(
            module,
            dataset,
            parts,
            settings,
            folder=Path(folder) / "run",
            preprocessing=scaling,
            progress=progress,
            title=title,
        )
    graph = bridge.trace(module.eval(), (1, 1, 28, 28), name="ordinary")
    batches = list(_batches(dataset, scaling))
    told = diagnose_graph(graph, batches, execute=bridge.run)
    last = max(told.layers, key=lambda layer: len(_dead(layer)))
    dead = set(_dead(last))
    value = observed_values(graph)[last.name]
    alive = [c for c in range(last.channels) if c not in dead]
    sample = batches[0][:1]
    (values,) = run(graph, [sample], (value,))
    chosen = [*sorted(dead)[:1], *_loudest(values[value][0], alive)]
    maps = {
        f"channel {c}, {'dead' if c in dead else 'alive'}": values[value][0, c]
        for c in chosen
    }
    return DeadChannels(
        sample=np.asarray(dataset.inputs[:1])[0, 0],
        maps=maps,
        dead=sum(len(_dead(layer)) for layer in told.layers),
        channels=told.channels,
        samples=told.samples,
        learning_rate=LEARNING_RATE,
    )


def ordinary_network(channels: int, size: int, classes: int, seed: int = 0) -> Graph:
    """Build dense 3×3 convolutions with ReLU and nothing to normalise by.

    Args:
        channels: Input channels.
        size: Pixels of a side, a multiple of 4.
        classes: Scores out.
        seed: Of the weights, drawn as He et al. do.

    Returns:
        A graph; two of its three rows halve the size.

    Source:
        He et al. 2015, arXiv:1502.01852, section 2.2.

    Example:
        >>> len(ordinary_network(1, 28, 10).nodes)
        11
    """
    draw = np.random.default_rng(seed).standard_normal
    constants: dict[str, Array] = {}
    nodes: list[Node] = []
    value, width = "x", channels
    for index, wider in enumerate(_CHANNELS):
        name = f"conv{index}"
        spread = np.sqrt(2 / (9 * width))
        constants[f"{name}.weight"] = _single(spread * draw((wider, width, 3, 3)))
        constants[f"{name}.bias"] = np.zeros(wider, np.float32)
        given = (value, f"{name}.weight", f"{name}.bias")
        pads = {"pads": (1, 1, 1, 1), "kernel_shape": (3, 3)}
        nodes.append(Node("Conv", given, (name,), pads, name, name))
        nodes.append(Node("Relu", (name,), (f"relu{index}",), {}, f"relu{index}"))
        value, width = f"relu{index}", wider
        if index < len(_CHANNELS) - 1:
            halves = {"kernel_shape": (2, 2), "strides": (2, 2)}
            nodes.append(Node("MaxPool", (value,), (f"pool{index}",), halves))
            value = f"pool{index}"
    constants["head.weight"] = _single(draw((classes, width)) / np.sqrt(width))
    constants["head.bias"] = np.zeros(classes, np.float32)
    nodes.append(Node("GlobalAveragePool", (value,), ("mean",)))
    nodes.append(Node("Flatten", ("mean",), ("flat",)))
    given = ("flat", "head.weight", "head.bias")
    nodes.append(Node("Gemm", given, ("scores",), {"transB": 1}, "head", "head"))
    x = Input("x", TensorType("float32", (Batch(), channels, size, size)))
    return Graph(
        "ordinary", (x,), ("scores",), tuple(nodes), constants, frozenset(constants)
    )


def _single(values: Array) -> Array:
    return values.astype(np.float32)


def sensors(title: str, *, progress: bool = True) -> Sensors:
    """Train ``sensor_net`` dense and separable for a few epochs on the watch's data.

    Args:
        title: What the progress bar is called.
        progress: Whether to show progress.

    Returns:
        The raw channels' correlation, and a filter of each first layer.

    Raises:
        MissingDependencyError: If torch or the recordings are not installed.
    """
    dataset = open_data("watch")
    people = split_by_group(dataset, TEST_PEOPLE, validation=VALIDATION_PEOPLE)
    filters = {}
    with TemporaryDirectory() as folder:
        for conv in ("dense", "separable"):
            plan = Plan(
                "sensor_net",
                conv,
                replace(recipe(), epochs=_EPOCHS),
                Path(folder) / conv,
                title=f"{title}, {conv}",
                progress=progress,
            )
            filters[conv] = _first_weight(fit(dataset, people, plan).graph)
    told = describe(dataset)
    count = len(told.channels)
    strongest = int(np.abs(filters["separable"]).sum(axis=(1, 2)).argmax())
    taps = filters["separable"][strongest, 0]
    apart = np.full((count, len(taps)), np.nan)
    apart[strongest // (len(filters["separable"]) // count)] = taps
    ordinary = filters["dense"]
    loudest = int(np.abs(ordinary).sum(axis=(1, 2)).argmax())
    return Sensors(told.channels, told.statistics.correlation, ordinary[loudest], apart)


def layer_times(rounds: int = 30) -> list[LayerTime]:
    """Measure four layers of MobileNetV1 in every form, on one thread, in turn.

    Args:
        rounds: Timed calls of each.

    Returns:
        A median for each layer and form.

    Raises:
        MissingDependencyError: If torch is not installed.
    """
    found = []
    for size, channels in _PLACES:
        shape = (1, channels, size, size)
        layers = _forms(channels)
        traced = {
            form: (module, torch_room("bridge").trace(module, shape, name=form))
            for form, module in layers.items()
        }
        times = measure_latency(traced, shape, rounds=rounds)
        for form, (_, graph) in traced.items():
            found.append(
                LayerTime(
                    place=f"{size}×{size}×{channels}",
                    form=form,
                    macs=_macs(graph),
                    torch_us=float(np.median(times[form].torch_us)),
                    engine_us=float(np.median(times[form].engine_us)),
                )
            )
    return found


def _dead(layer: LayerDiagnosis) -> list[int]:
    faults = (found for found in layer.findings if found.fault is Fault.DEAD)
    return sorted(channel for found in faults for channel in found.channels)


def _forms(channels: int) -> dict[str, Any]:
    nn = torch_room("nn")
    made = {
        "dense": nn.DenseConv2d(channels, channels, 3, padding="same"),
        "separable": nn.SeparableConv2d(channels, channels, 3, padding="same"),
        "depthwise": nn.DepthwiseConv2d(channels, 3, padding="same"),
        "pointwise": nn.PointwiseConv2d(channels, channels),
    }
    return {form: module.eval() for form, module in made.items()}


def _macs(graph: Graph) -> int:
    from depthwise.costing import count

    return count(graph).macs


def _batches(dataset: Any, scaling: Preprocessing) -> Iterator[Array]:
    for start in range(0, len(dataset), 500):
        rows = np.arange(start, min(start + 500, len(dataset)))
        yield scaling.apply(np.asarray(dataset.inputs[rows]))


def _loudest(maps: Array, channels: list[int]) -> list[int]:
    return sorted(channels, key=lambda c: -float(maps[c].sum()))[:_SHOWN]


def _first_weight(graph: Graph) -> Array:
    first = next(node for node in graph.nodes if node.op == "Conv")
    return np.asarray(graph.constants[first.inputs[1]], np.float64)
