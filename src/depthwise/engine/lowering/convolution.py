"""Convolution: dense and grouped by the matrix kernel, depthwise by its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from depthwise.engine.forms import name_of
from depthwise.engine.kernels.dense import Dense
from depthwise.engine.kernels.depthwise import Depthwise, taps_of
from depthwise.engine.kernels.kernel import Epilogue, Place
from depthwise.engine.layout import Floats, Panels, pack_dense, pack_depthwise
from depthwise.engine.lower import Lowering
from depthwise.engine.lowering.elementwise import lower_chain
from depthwise.engine.lowering.geometry import (
    Rows,
    Windows,
    epilogue_of,
    origin_of,
    rows_of,
    strided_view,
    tap_columns,
    tap_rows,
    three,
)
from depthwise.engine.program import BlockedOperand
from depthwise.engine.schedule import panels_of, split_panels
from depthwise.engine.stages import Stage
from depthwise.graph import Call
from depthwise.graph.operators.convolution import conv_windows


@dataclass(frozen=True)
class Convolution:
    """A convolution's constants.

    Args:
        windows: Depth, height and width.
        group: Groups of channels.
        weight: ``[K, C / group, taps]``.
        bias: ``[K]`` or None.
        channels: Input channels.
    """

    windows: Windows
    group: int
    weight: Floats
    bias: Floats | None
    channels: int

    @property
    def outputs(self) -> int:
        """Output channels."""
        return int(self.weight.shape[0])

    @property
    def is_depthwise(self) -> bool:
        """Whether each output channel reads one input channel."""
        return self.group == self.channels and self.group > 1

    @property
    def is_pointwise(self) -> bool:
        """Whether there is one tap, at the place of the output."""
        return all(
            (w.kernel, w.stride, w.begin, w.end) == (1, 1, 0, 0) for w in self.windows
        )


def convolution_of(call: Call) -> Convolution:
    """Read a convolution whose weights are constants.

    Args:
        call: A Conv.

    Returns:
        Its constants.
    """
    weight = as_floats(call.constant(1))
    bias = as_floats(call.constant(2)) if call.has(2) else None
    channels = call.shape(0)[1]
    return Convolution(
        three(conv_windows(call)),
        call.integer("group"),
        weight.reshape(*weight.shape[:2], -1),
        bias,
        channels if isinstance(channels, int) else 0,
    )


def as_floats(array: Any) -> Floats:
    """See a constant as float32.

    Args:
        array: Any array.

    Returns:
        The array, contiguous.
    """
    return np.ascontiguousarray(array, np.float32)


def lower_convolution(low: Lowering, stage: Stage) -> None:
    """Lower a convolution by the kernel that its groups allow.

    Args:
        low: What exists so far.
        stage: A Conv with constant weights.
    """
    conv = convolution_of(stage.call)
    lanes = low.lanes
    inputs, outputs = conv.weight.shape[1], conv.outputs // conv.group
    if conv.is_depthwise:
        lower_depthwise(low, stage, conv)
    elif conv.group == 1 or (inputs % lanes == 0 and outputs % lanes == 0):
        lower_dense(low, stage, conv)
    else:
        lower_grouped(low, stage, conv)


def lower_depthwise(low: Lowering, stage: Stage, conv: Convolution) -> None:
    """Lower a depthwise convolution.

    Args:
        low: What exists so far.
        stage: The stage.
        conv: Its constants.
    """
    source = low.blocked(stage.node.inputs[0])
    sink = low.new_blocked(stage.output)
    rows = rows_of(sink.layout.sizes, flat=False)
    epilogue, extra = epilogue_of(low, stage, rows, low.shape(stage.output))
    view = source.layout.view
    taps = taps_of(tap_rows(conv.windows, view), tap_columns(conv.windows), view.pixel)
    strided = strided_view(conv.windows, view)
    kernel = Depthwise(
        "",
        source.layout.blocks,
        rows.slices,
        rows.rows,
        rows.width,
        taps,
        conv.windows[2].stride,
        type(view)(view.plane, strided.slice, strided.row, view.pixel),
        Place(sink.layout.view),
        conv.outputs // conv.channels,
        sink.layout.blocks,
        epilogue,
    )
    packed = pack_depthwise(conv.weight[:, 0], conv.bias, low.lanes)
    at = source.at(origin_of(conv.windows, view))
    refs = (at, low.constant(packed), sink.at(), *extra)
    kernel = name_of(kernel, f"depthwise_{_word(conv)}_{epilogue.word}")
    low.step(kernel, refs, images=sink.layout.batch, macs=macs_of(stage.call))


def lower_dense(low: Lowering, stage: Stage, conv: Convolution) -> None:
    """Lower a convolution in which all channels of a group mix.

    Args:
        low: What exists so far.
        stage: The stage.
        conv: Its constants; channels of a group are whole vectors, or it has one group.
    """
    source = source_of(low, stage.node.inputs[0], conv)
    sink = low.new_blocked(stage.output)
    flat = conv.is_pointwise and source.layout.is_flat
    rows = rows_of(sink.layout.sizes, flat=flat)
    epilogue, extra = epilogue_of(low, stage, rows, low.shape(stage.output))
    kernel = dense_kernel(low, conv, source, rows, rows.place(sink.layout), epilogue)
    refs = (
        source.at(origin_of(conv.windows, source.layout.view)),
        low.constant(pack_groups(conv, low.lanes, kernel.panels, kernel.inner)),
        sink.at(),
        *extra,
    )
    low.step(kernel, refs, images=sink.layout.batch, macs=macs_of(stage.call))


def source_of(low: Lowering, name: str, conv: Convolution) -> BlockedOperand:
    """Take the input of a dense convolution in the layout that suits it.

    Args:
        low: What exists so far.
        name: The value.
        conv: The convolution; channels fewer than a vector are read plane by plane.

    Returns:
        The image.
    """
    thin = conv.channels < low.lanes and not low.has_blocked(name)
    return low.blocked(name, 1 if thin else low.lanes)


def dense_kernel(
    low: Lowering,
    conv: Convolution,
    source: BlockedOperand,
    rows: Rows,
    sink: Place,
    epilogue: Epilogue,
) -> Dense:
    """Describe the matrix kernel of a convolution.

    Args:
        low: What exists so far.
        conv: The convolution.
        source: Its input.
        rows: How the kernel walks.
        sink: Where the output is.
        epilogue: What happens before the store.

    Returns:
        The kernel.
    """
    view, lanes = source.layout.view, low.lanes
    blocks = -(-conv.outputs // conv.group // lanes)
    panels = panels_of(low.target, blocks, rows.width)
    count = sum(panel.count for panel in panels)
    shared = split_panels(low.threads, rows.rows * rows.slices, count)
    columns = [column * view.pixel for column in tap_columns(conv.windows)]
    kernel = Dense(
        "",
        rows.slices,
        rows.rows,
        rows.width,
        tuple(r + c for r in tap_rows(conv.windows, view) for c in columns),
        conv.weight.shape[1],
        source.layout.lanes,
        rows.view(strided_view(conv.windows, view)),
        sink,
        panels,
        conv.group,
        epilogue,
        rows.breaks,
        by_panels=shared and conv.group == 1,
    )
    return name_of(kernel, f"dense_{_word(conv)}_{epilogue.word}")


def lower_grouped(low: Lowering, stage: Stage, conv: Convolution) -> None:
    """Lower groups that are not whole vectors: into padded groups, then unpack.

    Args:
        low: What exists so far.
        stage: The stage.
        conv: Its constants.
    """
    source = low.blocked(stage.node.inputs[0], 1)
    outputs = conv.outputs // conv.group
    padded = -(-outputs // low.lanes) * low.lanes
    batch, _, *_ = shape = low.shape(stage.node.outputs[0])
    sizes = tuple(window.outputs for window in conv.windows)
    image = low.image((batch, padded * conv.group, sizes[0], sizes[1], sizes[2]))
    rows = rows_of(image.layout.sizes, flat=False)
    kernel = dense_kernel(low, conv, source, rows, rows.place(image.layout), Epilogue())
    packed = pack_groups(conv, low.lanes, kernel.panels, 1)
    at = source.at(origin_of(conv.windows, source.layout.view))
    refs = (at, low.constant(packed), image.at())
    low.step(kernel, refs, images=batch, macs=macs_of(stage.call))
    plain = low.temporary(shape) if stage.chain else low.new_plain(stage.output)
    low.unpack_groups(image, plain, conv.group)
    if stage.chain:
        lower_chain(low, stage, plain)


def pack_groups(
    conv: Convolution, lanes: int, panels: tuple[Panels, ...], inner: int
) -> Floats:
    """Pack the weights of all groups, one after the other.

    Args:
        conv: The convolution.
        lanes: Elements of a vector.
        panels: Panels of one group.
        inner: Input channels side by side in memory.

    Returns:
        The packed weights.
    """
    outputs = conv.outputs // conv.group
    parts = []
    for group in range(conv.group):
        rows = slice(group * outputs, (group + 1) * outputs)
        bias = None if conv.bias is None else conv.bias[rows]
        parts.append(pack_dense(conv.weight[rows], bias, lanes, panels, inner))
    return np.concatenate(parts)


def macs_of(call: Call) -> int:
    """Count a call's multiply-accumulates.

    Args:
        call: A call whose sizes are numbers.

    Returns:
        The count.
    """
    return call.operator.macs(call).forward


def _word(conv: Convolution) -> str:
    kernels = "x".join(str(w.kernel) for w in conv.windows)
    strides = "x".join(str(w.stride) for w in conv.windows)
    channels = f"c{conv.channels}k{conv.outputs}"
    return f"{kernels.removeprefix('1x')}s{strides.removeprefix('1x')}_{channels}"
