"""Pooling over windows and over everything."""

from __future__ import annotations

from depthwise.engine.forms import name_of
from depthwise.engine.kernels.pool import GlobalPool, WindowPool
from depthwise.engine.lower import Lowering
from depthwise.engine.lowering.geometry import three
from depthwise.engine.stages import Stage
from depthwise.graph.operators.window import windows_of

_GLOBAL = {"GlobalAveragePool": "mean", "GlobalMaxPool": "max"}


def lower_global(low: Lowering, stage: Stage) -> None:
    """Lower a reduction of whole images.

    Args:
        low: What exists so far.
        stage: A GlobalAveragePool or GlobalMaxPool.
    """
    reduce_images(low, stage, _GLOBAL[stage.op])


def reduce_images(low: Lowering, stage: Stage, kind: str) -> None:
    """Reduce every plane of a stage's input to one element.

    Args:
        low: What exists so far.
        stage: The stage; its result has one element a channel.
        kind: "mean", "sum" or "max".
    """
    source = low.blocked(stage.node.inputs[0])
    shape = low.shape(stage.node.inputs[0])[:2]
    sink = low.pooled(stage.output, shape)
    layout = source.layout
    kernel = GlobalPool(
        "", kind, layout.blocks, layout.sizes, layout.view, sink.layout.view.plane
    )
    kernel = name_of(kernel, f"global_{kind}_c{layout.channels}")
    low.step(kernel, (source.at(), sink.at()), images=layout.batch)


def lower_window(low: Lowering, stage: Stage) -> None:
    """Lower pooling over sliding windows.

    Args:
        low: What exists so far.
        stage: A MaxPool or AveragePool.
    """
    call = stage.call
    windows = three(windows_of(call, call.integers("kernel_shape") or ()))
    source = low.blocked(stage.node.inputs[0])
    sink = low.new_blocked(stage.output)
    mean = stage.op == "AveragePool"
    kernel = WindowPool(
        "",
        "mean" if mean else "max",
        source.layout.blocks,
        windows,
        source.layout.view,
        sink.layout.view,
        padded=mean and call.integer("count_include_pad") == 1,
    )
    kernel = name_of(kernel, f"{kernel.kind}_pool_{windows[2].kernel}")
    low.step(kernel, (source.at(), sink.at()), images=source.layout.batch)
