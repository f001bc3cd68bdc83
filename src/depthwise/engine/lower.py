"""The state of turning a graph into steps: which value lives where, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from depthwise.engine.forms import (
    as_image,
    as_plain,
    as_vector,
    digest,
    plain_side,
)
from depthwise.engine.kernels.chain import Chain, Link
from depthwise.engine.kernels.kernel import Kernel
from depthwise.engine.kernels.strided import Strided, merge
from depthwise.engine.layout import (
    FLOAT,
    NO_HALO,
    Blocked,
    Edges,
    Floats,
    Layout,
    Plain,
)
from depthwise.engine.program import (
    BlockedOperand,
    PlainOperand,
    Program,
    Ref,
    Space,
    Step,
)
from depthwise.engine.schedule import Policy
from depthwise.engine.target import Target
from depthwise.errors import CompileError
from depthwise.graph import Graph
from depthwise.graph.shapes import concrete


@dataclass
class Forms:
    """The layouts in which a value exists.

    Args:
        plain: As a plain array.
        blocked: By lanes, as an image.
    """

    plain: PlainOperand | None = None
    blocked: dict[int, BlockedOperand] = field(default_factory=dict)


@dataclass
class Lowering:
    """A graph on its way to a program.

    Args:
        graph: Without the symbol N: all sizes are numbers.
        target: The CPU.
        threads: Threads that will share the work.
        policy: Which stages may run as one kernel.
        halos: What readers of each value want around it.
        forms: Layouts of every value that exists so far.
        buffers: Layouts in the arena.
        weights: Packed arrays.
        steps: What has been lowered.
        scratch: Bytes a thread needs for itself.
        nodes: Names of the nodes being lowered.
    """

    graph: Graph
    target: Target
    threads: int
    policy: Policy
    halos: Mapping[str, Edges]
    forms: dict[str, Forms] = field(default_factory=dict)
    buffers: list[Layout] = field(default_factory=list)
    weights: list[Floats] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    scratch: int = 0
    nodes: tuple[str, ...] = ()

    @property
    def lanes(self) -> int:
        """Channels side by side in images."""
        return self.target.lanes

    def shape(self, name: str) -> tuple[int, ...]:
        """Look up the shape of the value ``name``."""
        if name in self.graph.types:
            return concrete(self.graph.types[name].shape)
        return self.plain(name).layout.shape

    # --- results -----------------------------------------------------------------

    def new_blocked(self, name: str, lanes: int = 0) -> BlockedOperand:
        """Make room for the value ``name`` as an image of so many ``lanes``."""
        batch, channels, sizes = as_image(self.shape(name))
        halo = self.halos.get(name, NO_HALO)
        layout = Blocked(batch, channels, sizes, lanes or self.lanes, halo)
        operand = BlockedOperand(layout, self.buffer(layout))
        self.forms.setdefault(name, Forms()).blocked[layout.lanes] = operand
        return operand

    def new_plain(self, name: str) -> PlainOperand:
        """Make room for the value ``name`` as an array; results go straight out."""
        layout = Plain(self.shape(name))
        if name in self.graph.outputs:
            ref = Ref(Space.OUTPUT, self.graph.outputs.index(name))
        else:
            ref = self.buffer(layout)
        operand = PlainOperand(layout, ref)
        self.forms.setdefault(name, Forms()).plain = operand
        return operand

    def buffer(self, layout: Layout) -> Ref:
        """Make room in the arena for ``layout``."""
        self.buffers.append(layout)
        return Ref(Space.ARENA, len(self.buffers) - 1)

    def constant(self, array: Floats) -> Ref:
        """Keep a packed ``array`` with the weights."""
        self.weights.append(np.ascontiguousarray(array, np.float32).ravel())
        return Ref(Space.WEIGHTS, len(self.weights) - 1)

    def alias(self, name: str, operand: PlainOperand) -> None:
        """Say that the value ``name`` is ``operand``, under its own shape."""
        layout = Plain(self.shape(name))
        self.forms.setdefault(name, Forms()).plain = PlainOperand(layout, operand.ref)

    def step(
        self,
        kernel: Kernel,
        operands: tuple[Ref, ...],
        *,
        images: int = 1,
        macs: int = 0,
        joined: bool = False,
    ) -> None:
        """Append a step that calls ``kernel`` on ``operands``, ``images`` times.

        ``macs`` counts its arithmetic; ``joined`` needs no barrier after it.
        """
        made = Step(kernel, operands, images, self.nodes, joined, macs)
        self.steps.append(made)

    def image(self, shape: tuple[int, ...]) -> BlockedOperand:
        """Make room for an image of ``shape`` that is no value of the graph."""
        batch, channels, sizes = as_image(shape)
        layout = Blocked(batch, channels, sizes, self.lanes)
        return BlockedOperand(layout, self.buffer(layout))

    def pooled(self, name: str, shape: tuple[int, ...]) -> BlockedOperand:
        """Make room for the value ``name``: one element a channel, ``shape`` [N, C]."""
        wanted = self.shape(name)
        image = self.image((*shape, 1))
        form = self.forms.setdefault(name, Forms())
        form.blocked[self.lanes] = image
        form.plain = as_plain(image, wanted)
        return image

    def transposed(self, source: PlainOperand, order: tuple[int, ...]) -> PlainOperand:
        """Copy ``source`` with its axes in another ``order``."""
        made = self.temporary(tuple(source.layout.shape[axis] for axis in order))
        strides = tuple(source.layout.strides[axis] for axis in order)
        ends = ((made.ref, made.layout.strides), (source.ref, strides))
        self.strided("transpose", made.layout.shape, ends)
        return made

    def reshaped(self, name: str, shape: tuple[int, ...]) -> str:
        """See the value ``name`` in another ``shape``; return the view's own name."""
        source = self.plain(name)
        size = source.layout.nbytes // FLOAT
        known = tuple(size if dim == -1 else dim for dim in shape)
        own = f"{name} as {known}"
        self.forms[own] = Forms(PlainOperand(Plain(known), source.ref))
        return own

    def scaled(self, name: str, factor: float) -> str:
        """Multiply the value ``name`` by ``factor``; return the product's own name."""
        if factor == 1:
            return name
        source = self.plain(name)
        made = self.temporary(source.layout.shape)
        strides = made.layout.strides or (FLOAT,)
        ends = ((made.ref, strides), (source.ref, strides))
        chain = (Link("Mul", (factor,)),)
        self.strided("scale", made.layout.shape or (1,), ends, chain=chain)
        self.forms[f"{factor} * {name}"] = Forms(made)
        return f"{factor} * {name}"

    def temporary(self, shape: tuple[int, ...]) -> PlainOperand:
        """Make room for a plain array of ``shape`` that is no value of the graph."""
        return PlainOperand(Plain(shape), self.buffer(Plain(shape)))

    def reserve(self, nbytes: int) -> None:
        """Make sure that every thread has ``nbytes`` of scratch memory."""
        self.scratch = max(self.scratch, -(-nbytes // 4096) * 4096 + 4096)

    @property
    def scratch_ref(self) -> Ref:
        """Where a thread's scratch memory begins."""
        return Ref(Space.SCRATCH, 0)

    # --- operands ----------------------------------------------------------------

    def plain(self, name: str) -> PlainOperand:
        """Take the value ``name`` as a plain array, copying it if need be."""
        form = self._form(name)
        if form.plain is None:
            source = next(iter(form.blocked.values()))
            form.plain = as_plain(source, self.shape(name))
            if form.plain is None:
                form.plain = self.new_plain(name)
                self.copy_image(source, form.plain, outward=True)
        return form.plain

    def blocked(self, name: str, lanes: int = 0) -> BlockedOperand:
        """Take the value ``name`` as an image of ``lanes``, copying it if need be."""
        lanes = lanes or self.lanes
        form = self._form(name)
        if lanes not in form.blocked:
            source = self.plain(name)
            seen = as_vector(source, self.shape(name), lanes, self.halos.get(name))
            if seen is not None:
                form.blocked[lanes] = seen
                return seen
            made = self.new_blocked(name, lanes)
            self.copy_image(made, source, outward=False)
        return form.blocked[lanes]

    def has_blocked(self, name: str) -> bool:
        """Tell whether the value ``name`` is an image of vectors already."""
        return name in self.forms and self.lanes in self.forms[name].blocked

    def _form(self, name: str) -> Forms:
        if name not in self.forms:
            array = self.graph.constants.get(name)
            if array is None:
                raise CompileError(f"values are defined before use; got {name!r}")
            values = np.asarray(array, np.float32)
            operand = PlainOperand(Plain(values.shape), self.constant(values))
            self.forms[name] = Forms(operand)
        return self.forms[name]

    # --- copies ------------------------------------------------------------------

    def strided(
        self,
        word: str,
        extents: tuple[int, ...],
        operands: tuple[tuple[Ref, tuple[int, ...]], ...],
        *,
        chain: Chain = (),
        fill: float | None = None,
        joined: bool = False,
    ) -> None:
        """Append element-wise work over ``extents``.

        ``operands`` are an address and strides each: the output, the input, and what
        ``chain`` reads. ``word`` names the kernel, ``fill`` replaces the input, and
        ``joined`` needs no barrier after it.
        """
        if 0 in extents:
            return
        sizes, steps = merge(extents, [strides for _, strides in operands])
        shape = "x".join(map(str, sizes))
        name = f"{word}_{shape}_{digest((steps, chain, fill))}"
        out, source, *extra = (ref for ref, _ in operands)
        kernel = Strided(name, sizes, steps, chain, fill)
        self.step(kernel, (source, out, *extra), joined=joined)

    def copy_image(
        self, image: BlockedOperand, plain: PlainOperand, *, outward: bool
    ) -> None:
        """Copy between an ``image`` and a ``plain`` array, ``outward`` to that."""
        layout = image.layout
        full, rest = divmod(layout.channels, layout.lanes)
        pieces = [(0, full, layout.lanes)] if full else []
        pieces += [(full, 1, rest)] if rest else []
        for first, blocks, lanes in pieces:
            extents = (layout.batch, blocks, *layout.sizes, lanes)
            sides = (
                self._image_side(image, first),
                plain_side(plain, layout, first * layout.lanes),
            )
            out, source = reversed(sides) if outward else sides
            last = first + blocks == layout.blocks
            word = "unpack" if outward else "pack"
            self.strided(word, extents, (out, source), joined=not last)

    def unpack_groups(
        self, image: BlockedOperand, plain: PlainOperand, groups: int
    ) -> None:
        """Copy an ``image`` of padded ``groups`` to a ``plain`` array."""
        layout, view = image.layout, image.layout.view
        blocks = layout.blocks // groups
        outputs = plain.layout.shape[1] // groups
        plane = layout.pixels * FLOAT
        sample = plain.layout.shape[1] * plane
        for first in range(0, outputs, layout.lanes):
            lanes = min(layout.lanes, outputs - first)
            extents = (layout.batch, groups, layout.pixels, lanes)
            start = first // layout.lanes * view.plane
            steps = (layout.image, blocks * view.plane, view.pixel, FLOAT)
            source = (replace(image.at(start), stride=0), steps)
            ref = replace(plain.ref, offset=plain.ref.offset + first * plane)
            out = (ref, (sample, outputs * plane, FLOAT, plane))
            self.strided("unpack", extents, (out, source))

    def _image_side(
        self, image: BlockedOperand, first: int
    ) -> tuple[Ref, tuple[int, ...]]:
        view = image.layout.view
        steps = (image.layout.image, view.plane, view.slice, view.row, view.pixel)
        return replace(image.at(first * view.plane), stride=0), (*steps, FLOAT)

    # --- the end -----------------------------------------------------------------

    def finish(self) -> Program:
        """Copy results that are not where the caller wants them, and close."""
        for index, name in enumerate(self.graph.outputs):
            wanted = Ref(Space.OUTPUT, index)
            source = self.plain(name)
            if source.ref != wanted:
                strides = source.layout.strides or (FLOAT,)
                extents = source.layout.shape or (1,)
                ends = ((wanted, strides), (source.ref, strides))
                self.strided("copy", extents, ends)
        return Program(
            tuple(self.steps),
            tuple(self.buffers),
            tuple(self.weights),
            tuple(self.shape(i.name) for i in self.graph.inputs),
            tuple(self.shape(name) for name in self.graph.outputs),
            self.scratch,
        )
