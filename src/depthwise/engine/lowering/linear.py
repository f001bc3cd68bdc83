"""Matrix products: constant weights are packed now, other matrices at each run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from depthwise.engine.forms import name_of
from depthwise.engine.kernels.chain import Link
from depthwise.engine.kernels.dense import Dense
from depthwise.engine.kernels.kernel import NOTHING, Epilogue, Place
from depthwise.engine.layout import FLOAT, Floats, Panels, Plain, View, pack_dense
from depthwise.engine.lower import Lowering
from depthwise.engine.lowering.convolution import as_floats, macs_of
from depthwise.engine.lowering.elementwise import lower_chain
from depthwise.engine.program import PlainOperand, Ref
from depthwise.engine.schedule import panels_of, rows_together, split_panels
from depthwise.engine.stages import Stage


@dataclass(frozen=True)
class Product:
    """Matrices ``[rows, inner] x [inner, columns]``, once or a batch of them.

    Args:
        rows: Rows of the result.
        inner: Elements of each sum.
        columns: Columns of the result.
        count: How many products.
    """

    rows: int
    inner: int
    columns: int
    count: int = 1


def lower_gemm(low: Lowering, stage: Stage) -> None:
    """Lower Gemm.

    Args:
        low: What exists so far.
        stage: A Gemm.
    """
    call, node = stage.call, stage.node
    a = low.plain(node.inputs[0])
    if call.integer("transA"):
        a = low.transposed(a, (1, 0))
    rows, inner = a.layout.shape
    alpha = call.real("alpha")
    array = call.constant(1)
    if array is None or (call.has(2) and not _is_bias(low, stage)):
        _lower_general(low, stage, a)
        return
    weight = as_floats(array if call.integer("transB") else array.T)
    bias = None
    if call.has(2):
        found = np.asarray(call.constant(2), np.float64) * call.real("beta")
        bias = np.broadcast_to(found.ravel(), (len(weight),)).astype(np.float32)
    product = Product(rows, inner, len(weight))
    scaled = (weight.astype(np.float64) * alpha).astype(np.float32)
    lower_product(low, stage, product, a, scaled, bias)


def _is_bias(low: Lowering, stage: Stage) -> bool:
    shape = low.shape(stage.node.inputs[2])
    return stage.call.constant(2) is not None and int(np.prod(shape[:-1])) == 1


def _lower_general(low: Lowering, stage: Stage, a: PlainOperand) -> None:
    """Lower Gemm on a matrix that is no constant, or with a matrix to add."""
    call, node = stage.call, stage.node
    b = low.plain(node.inputs[1])
    if call.integer("transB"):
        b = low.transposed(b, (1, 0))
    product = Product(a.layout.shape[0], a.layout.shape[1], b.layout.shape[1])
    out = low.temporary((product.rows, product.columns))
    packed, panels = pack_at_run(low, product, b, (0,))
    _multiply(low, product, (a.ref, packed, out.ref), panels, macs_of(call))
    links, operands = [Link("Mul", (call.real("alpha"),))], []
    if call.has(2):
        beta = low.scaled(node.inputs[2], call.real("beta"))
        links.append(Link("Add", (), 0))
        operands.append(beta)
    moved = tuple(
        x if x.operand < 0 else replace(x, operand=x.operand + len(operands))
        for x in stage.chain
    )
    names = (*operands, *stage.operands)
    lower_chain(low, replace(stage, chain=(*links, *moved), operands=names), out)


def lower_matmul(low: Lowering, stage: Stage) -> None:
    """Lower MatMul.

    Args:
        low: What exists so far.
        stage: A MatMul.
    """
    a, b = (low.plain(name) for name in stage.node.inputs)
    array = stage.call.constant(1)
    left = a.layout.shape if len(a.layout.shape) > 1 else (1, *a.layout.shape)
    right = b.layout.shape if len(b.layout.shape) > 1 else (*b.layout.shape, 1)
    inner, columns = right[-2:]
    if array is not None and len(right) == 2:
        rows = int(np.prod(left[:-1]))
        weight = as_floats(np.asarray(array).reshape(right).T)
        product = Product(rows, inner, columns)
        lower_product(low, stage, product, a, weight, None)
        return
    product = Product(left[-2], inner, columns)
    _lower_batched(low, stage, product, (a, left), (b, right))


def _lower_batched(
    low: Lowering,
    stage: Stage,
    product: Product,
    left: tuple[PlainOperand, tuple[int, ...]],
    right: tuple[PlainOperand, tuple[int, ...]],
) -> None:
    """Multiply matrix by matrix, for any number of leading axes."""
    batch = np.broadcast_shapes(left[1][:-2], right[1][:-2])
    shape = low.shape(stage.node.outputs[0])
    out = low.temporary(shape) if stage.chain else low.new_plain(stage.output)
    sizes = (product.rows * product.inner, product.inner * product.columns)
    for index in np.ndindex(*batch):
        a = _matrix(left, index, sizes[0])
        b = _matrix(right, index, sizes[1])
        flat = int(np.ravel_multi_index(index, batch)) if batch else 0
        move = flat * product.rows * product.columns * FLOAT
        target = replace(out.ref, offset=out.ref.offset + move)
        matrix = PlainOperand(Plain((product.inner, product.columns)), b)
        packed, panels = pack_at_run(low, product, matrix, (0,))
        count = product.rows * product.inner * product.columns
        _multiply(low, product, (a, packed, target), panels, count)
    if stage.chain:
        lower_chain(low, stage, out)


def _matrix(
    side: tuple[PlainOperand, tuple[int, ...]], index: tuple[int, ...], size: int
) -> Ref:
    """Point at the matrix that an index of the batch axes selects, broadcast."""
    operand, shape = side
    axes = shape[:-2]
    own = index[len(index) - len(axes) :]
    picked = tuple(0 if n == 1 else i for i, n in zip(own, axes, strict=True))
    flat = int(np.ravel_multi_index(picked, axes)) if axes else 0
    ref = operand.ref
    return replace(ref, offset=ref.offset + flat * size * FLOAT)


def lower_product(
    low: Lowering,
    stage: Stage,
    product: Product,
    a: PlainOperand,
    weight: Floats,
    bias: Floats | None,
) -> None:
    """Multiply by a constant matrix, and apply the stage's chain.

    Args:
        low: What exists so far.
        stage: The stage.
        product: Sizes.
        a: The left matrix.
        weight: ``[columns, inner]``.
        bias: ``[columns]`` or None.
    """
    plain_chain = all(link.operand < 0 for link in stage.chain)
    fused = stage.chain if plain_chain else ()
    panels = _panels(low, product)
    packed = pack_dense(weight[:, :, None], bias, low.lanes, panels, low.lanes)
    direct = plain_chain
    shape = low.shape(stage.node.outputs[0])
    out = low.new_plain(stage.output) if direct else low.temporary(shape)
    refs = (a.ref, low.constant(packed), out.ref)
    epilogue = Epilogue(fused)
    _multiply(low, product, refs, panels, macs_of(stage.call), epilogue)
    if not direct:
        lower_chain(low, stage, out)


def _panels(low: Lowering, product: Product) -> tuple[Panels, ...]:
    blocks = -(-product.columns // low.lanes)
    return panels_of(low.target, blocks, rows_together(product.rows, 1))


def _multiply(
    low: Lowering,
    product: Product,
    refs: tuple[Ref, Ref, Ref],
    panels: tuple[Panels, ...],
    macs: int,
    epilogue: Epilogue = NOTHING,
) -> None:
    width = rows_together(product.rows, 1)
    rows = product.rows // width
    lanes = low.lanes
    line, out = product.inner * FLOAT, product.columns * FLOAT
    count = sum(panel.count for panel in panels)
    kernel = Dense(
        "",
        1,
        rows,
        width,
        (0,),
        product.inner,
        lanes,
        View(lanes * FLOAT, 0, width * line, line),
        Place(View(lanes * FLOAT, 0, width * out, out)),
        panels,
        epilogue=epilogue,
        tail=product.columns % lanes,
        by_panels=split_panels(low.threads, rows, count) or rows == 1,
    )
    word = f"linear_{product.inner}x{product.columns}_{epilogue.word}"
    low.step(name_of(kernel, word), refs, macs=macs)


def pack_at_run(
    low: Lowering, product: Product, b: PlainOperand, bias: tuple[float, ...]
) -> tuple[Ref, tuple[Panels, ...]]:
    """Pack a matrix that is no constant, as part of each run.

    Args:
        low: What exists so far.
        product: Sizes.
        b: ``[inner, columns]``.
        bias: What the sums begin with.

    Returns:
        The packed matrix and its panels.
    """
    panels = _panels(low, product)
    total = sum(p.vectors * p.count for p in panels) * low.lanes
    packed = low.temporary(((1 + product.inner) * total,))
    filled = ((packed.ref, (FLOAT,)), (packed.ref, (FLOAT,)))
    low.strided("fill", packed.layout.shape, filled, fill=bias[0])
    done, place = 0, 0
    for kind in panels:
        width = kind.vectors * low.lanes
        for _ in range(kind.count):
            columns = min(width, product.columns - done)
            start = packed.ref.offset + (place + width) * FLOAT
            out = replace(packed.ref, offset=start)
            source = replace(b.ref, offset=b.ref.offset + done * FLOAT)
            ends = (
                (out, (width * FLOAT, FLOAT)),
                (source, (product.columns * FLOAT, FLOAT)),
            )
            low.strided("panel", (product.inner, columns), ends)
            done += width
            place += (1 + product.inner) * width
    return packed.ref, panels
