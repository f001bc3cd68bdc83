"""Stages that run as one kernel: depthwise with pointwise, and with the expansion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from depthwise.engine.forms import name_of
from depthwise.engine.kernels.dense import Dense
from depthwise.engine.kernels.depthwise import Depthwise, taps_of
from depthwise.engine.kernels.kernel import Epilogue, Place
from depthwise.engine.kernels.ring import InvertedResidual, Ring, RingRow
from depthwise.engine.kernels.separable import Separable
from depthwise.engine.layout import View, pack_depthwise
from depthwise.engine.lower import Lowering
from depthwise.engine.lowering.convolution import (
    Convolution,
    convolution_of,
    dense_kernel,
    macs_of,
    pack_groups,
    source_of,
)
from depthwise.engine.lowering.geometry import (
    Rows,
    epilogue_of,
    halo_of,
    origin_of,
    rows_of,
    strided_view,
    tap_columns,
    tap_rows,
)
from depthwise.engine.program import BlockedOperand, Ref
from depthwise.engine.schedule import Block, Fusion, choose_fusion
from depthwise.engine.stages import Stage
from depthwise.graph import Graph


@dataclass(frozen=True)
class Group:
    """Stages that become one kernel.

    Args:
        fusion: Which kernel.
        stages: In order.
    """

    fusion: Fusion
    stages: tuple[Stage, ...]


def fuse(low: Lowering, stages: Sequence[Stage]) -> list[Group]:
    """Group stages by the scheduling rule; a group runs where its last stage stood.

    Args:
        low: The graph, the CPU and the threads.
        stages: In order.

    Returns:
        Groups in order.
    """
    readers = _readers(low.graph, stages)
    groups: list[Group] = []
    taken: set[int] = set()
    for stage in stages:
        if id(stage) in taken:
            continue
        chain = _chain(low, stage, readers)
        fusion = Fusion.NONE
        while len(chain) > 1 and fusion is Fusion.NONE:
            fusion = choose_fusion(
                low.target, low.threads, _block(low, chain), low.policy
            )
            chain = chain if fusion is not Fusion.NONE else chain[1:]
        if fusion is Fusion.NONE or chain[0] is not stage:
            groups.append(Group(Fusion.NONE, (stage,)))
        else:
            taken.update(id(member) for member in chain)
            groups.append(Group(fusion, tuple(chain)))
    order = {id(stage): index for index, stage in enumerate(stages)}
    return sorted(groups, key=lambda group: order[id(group.stages[-1])])


def _readers(graph: Graph, stages: Sequence[Stage]) -> dict[str, list[Stage]]:
    readers: dict[str, list[Stage]] = {name: [] for name in graph.outputs}
    for stage in stages:
        for name in (*stage.node.inputs, *stage.operands):
            readers.setdefault(name, []).append(stage)
    return readers


def _chain(low: Lowering, stage: Stage, readers: dict[str, list[Stage]]) -> list[Stage]:
    """Follow a convolution to the depthwise and the pointwise one behind it."""
    chain = [stage]
    wanted = [_is_depthwise, _is_pointwise]
    if stage.op == "Conv" and _is_depthwise(stage):
        wanted = [_is_pointwise]
    elif stage.op != "Conv" or not _is_dense(low, stage):
        return chain
    for test in wanted:
        last = chain[-1]
        following = readers.get(last.output, [])
        if len(following) != 1 or last.output in low.graph.outputs:
            return [stage]
        if any(link.operand >= 0 for link in last.chain):
            return [stage]
        (reader,) = following
        if reader.op != "Conv" or reader.node.inputs[0] != last.output:
            return [stage]
        if not test(reader):
            return [stage]
        chain.append(reader)
    return chain


def _is_dense(low: Lowering, stage: Stage) -> bool:
    conv = convolution_of(stage.call)
    return conv.group == 1 and conv.windows[0].outputs == 1 and low.lanes > 1


def _is_depthwise(stage: Stage) -> bool:
    conv = convolution_of(stage.call)
    deep, high, _ = conv.windows
    plain = (deep.size, deep.kernel, deep.begin, deep.end) == (1, 1, 0, 0)
    rows = high.dilation == 1 and high.stride <= high.kernel and high.begin >= 0
    rows = rows and high.begin < high.kernel
    single = conv.outputs == conv.channels
    return conv.is_depthwise and single and plain and rows


def _is_pointwise(stage: Stage) -> bool:
    conv = convolution_of(stage.call)
    return conv.is_pointwise and conv.group == 1


def _block(low: Lowering, chain: Sequence[Stage]) -> Block:
    middle, last = (convolution_of(stage.call) for stage in chain[-2:])
    first = convolution_of(chain[0].call) if len(chain) == 3 else None
    _, high, wide = middle.windows
    return Block(
        channels=middle.channels,
        outputs=last.outputs,
        height=high.outputs,
        width=wide.outputs,
        taps=high.kernel,
        stride=high.stride,
        hidden_width=wide.size + sum(halo_of(middle.windows)[2]),
        inputs=0 if first is None else first.weight.shape[1] * first.weight.shape[2],
        batch=low.shape(chain[-1].output)[0],
    )


def lower_separable(low: Lowering, group: Group) -> None:
    """Lower a depthwise and a pointwise convolution as one kernel.

    Args:
        low: What exists so far.
        group: The two stages.
    """
    first, second = group.stages
    deep, point = convolution_of(first.call), convolution_of(second.call)
    source = low.blocked(first.node.inputs[0])
    sink = low.new_blocked(second.output)
    rows = rows_of(sink.layout.sizes, flat=True, threads=low.threads)
    scratch = _scratch_view(low, rows.width)
    view = source.layout.view
    narrow = _depthwise(low, first, deep, view, scratch)
    wide, extra = _pointwise(low, second, point, rows, scratch, sink)
    low.reserve(narrow.blocks * scratch.plane)
    strided = strided_view(deep.windows, view)
    kernel = Separable("", narrow, wide, rows.rows, rows.together, strided)
    word = f"separable_{narrow.name.removeprefix('depthwise_').rsplit('_', 1)[0]}"
    refs = (
        source.at(origin_of(deep.windows, view)),
        _filters(low, deep),
        _weights(low, point, wide),
        low.scratch_ref,
        sink.at(),
        *extra,
    )
    _step(low, group, name_of(kernel, f"{word}_q{point.outputs}"), refs, sink)


def lower_inverted(low: Lowering, group: Group) -> None:
    """Lower an expansion, a depthwise and a pointwise convolution as one kernel.

    Args:
        low: What exists so far.
        group: The three stages.
    """
    first, second, third = group.stages
    widen, deep, point = (convolution_of(stage.call) for stage in group.stages)
    source = source_of(low, first.node.inputs[0], widen)
    sink = low.new_blocked(third.output)
    ring = _ring(low, deep)
    expand = _expand(low, first, widen, source, ring)
    rows = rows_of(sink.layout.sizes, flat=True, threads=low.threads)
    scratch = _scratch_view(low, rows.width)
    hidden = View(ring.plane, 0, 0, ring.pixel)
    narrow = _depthwise(low, second, deep, hidden, scratch)
    wide, extra = _pointwise(low, third, point, rows, scratch, sink)
    low.reserve(ring.nbytes + narrow.blocks * scratch.plane)
    ring_row = name_of(RingRow("", narrow), "ring_row")
    stride = deep.windows[1].stride
    kernel = InvertedResidual(
        "", expand, ring_row, wide, ring, rows.rows, rows.together, stride
    )
    refs = (
        source.at(origin_of(widen.windows, source.layout.view)),
        _weights(low, widen, expand),
        _filters(low, deep),
        _weights(low, point, wide),
        low.scratch_ref,
        sink.at(),
        *extra,
    )
    word = f"inverted_{widen.channels}x{deep.channels}x{point.outputs}"
    _step(low, group, name_of(kernel, f"{word}_s{stride}"), refs, sink)


def _step(
    low: Lowering,
    group: Group,
    kernel: Separable | InvertedResidual,
    refs: tuple[Ref, ...],
    sink: BlockedOperand,
) -> None:
    macs = sum(macs_of(stage.call) for stage in group.stages)
    low.step(kernel, refs, images=sink.layout.batch, macs=macs)


def _scratch_view(low: Lowering, width: int) -> View:
    pixel = low.lanes * 4
    plane = width * pixel
    return View(plane + (64 if plane % 4096 == 0 else 0), 0, 0, pixel)


def _ring(low: Lowering, deep: Convolution) -> Ring:
    _, high, wide = deep.windows
    left, right = halo_of(deep.windows)[2]
    blocks = -(-deep.channels // low.lanes)
    return Ring(
        blocks, high.kernel, wide.size, left, right, low.lanes, high.size, high.begin
    )


def _expand(
    low: Lowering,
    stage: Stage,
    widen: Convolution,
    source: BlockedOperand,
    ring: Ring,
) -> Dense:
    rows = Rows(1, 1, ring.width)
    sink = Place(View(ring.plane, 0, 0, ring.pixel))
    kernel = dense_kernel(low, widen, source, rows, sink, Epilogue(stage.chain))
    return name_of(replace(kernel, name="", by_panels=False), "expand")


def _depthwise(
    low: Lowering, stage: Stage, deep: Convolution, view: View, scratch: View
) -> Depthwise:
    """Describe the kernel of one row, from an image or a ring to scratch."""
    columns = tap_columns(deep.windows)
    taps = taps_of(tap_rows(deep.windows, view), columns, view.pixel)
    blocks = -(-deep.channels // low.lanes)
    _, high, wide = deep.windows
    kernel = Depthwise(
        "",
        blocks,
        1,
        1,
        wide.outputs,
        taps,
        wide.stride,
        view,
        Place(scratch),
        epilogue=Epilogue(stage.chain),
    )
    word = f"{high.kernel}x{wide.kernel}s{wide.stride}_c{deep.channels}"
    return name_of(kernel, f"depthwise_{word}_{kernel.epilogue.word}")


def _pointwise(
    low: Lowering,
    stage: Stage,
    point: Convolution,
    rows: Rows,
    scratch: View,
    sink: BlockedOperand,
) -> tuple[Dense, list[Ref]]:
    epilogue, extra = epilogue_of(low, stage, rows, low.shape(stage.output))
    layout = replace(sink.layout, channels=point.channels)
    flat = BlockedOperand(layout, sink.ref)
    one = Rows(1, 1, rows.width, rows.together)
    kernel = dense_kernel(low, point, flat, one, rows.place(sink.layout), epilogue)
    kernel = replace(kernel, name="", source=scratch, by_panels=False)
    return name_of(kernel, f"project_{epilogue.word}"), extra


def _filters(low: Lowering, deep: Convolution) -> Ref:
    return low.constant(pack_depthwise(deep.weight[:, 0], deep.bias, low.lanes))


def _weights(low: Lowering, conv: Convolution, kernel: Dense) -> Ref:
    return low.constant(pack_groups(conv, low.lanes, kernel.panels, kernel.inner))
