"""Facts about machine code for CPUs that need not be here: it is emitted and read."""

from __future__ import annotations

from functools import cache

import pytest
from tests.codegen.assembly import Block, Function, read

from depthwise.bridge import trace
from depthwise.engine import driver, jit
from depthwise.engine.compiler import plan
from depthwise.engine.target import Target, preset
from depthwise.nn import create_model

ISAS = ("avx512", "avx2", "sse", "neon")
SHAPES = {
    "mobilenet_v2": (1, 3, 224, 224),
    "ds_cnn": (1, 1, 49, 10),
    "sensor_net": (1, 6, 128),
}
CASES = [(isa, name) for name in SHAPES for isa in ISAS]


@cache
def emitted(isa: str, name: str) -> dict[str, Function]:
    """All functions of a network's machine code."""
    graph = trace(create_model(name).eval(), SHAPES[name]).bind(1)
    target = preset(isa)
    return read(jit.assembly(driver.write(*plan(graph, target, 1), target), target))


def hot_loops(functions: dict[str, Function]) -> list[tuple[str, Block]]:
    """Innermost loops that multiply and add vectors."""
    return [
        (function.name, block)
        for function in functions.values()
        for block in function.loops
        if block.sums
    ]


@pytest.mark.parametrize(("isa", "name"), CASES)
def test_inner_loops_multiply_and_add_in_the_widest_registers(isa, name) -> None:
    loops = hot_loops(emitted(isa, name))
    assert len(loops) >= 5
    for kernel, block in loops:
        fused = block.count("vfmadd", "fmla")
        assert block.registers(isa), kernel
        if preset(isa).fma:
            assert block.count("mulps", "vmulps", "fmul") == 0, kernel
            assert fused == block.sums, kernel
        else:
            assert fused == 0, kernel
            assert block.count("addps") >= block.sums, kernel


@pytest.mark.parametrize(("isa", "name"), CASES)
def test_inner_loops_call_nothing_and_leave_the_stack_alone(isa, name) -> None:
    for kernel, block in hot_loops(emitted(isa, name)):
        assert block.calls == 0, kernel
        # A tile that is written out in full may set a few values aside at its end.
        whole = block.sums > 8 * preset(isa).registers
        assert len(block.spills) <= (block.sums // 20 if whole else 0), kernel


@pytest.mark.parametrize(("isa", "name"), CASES)
def test_only_functions_of_the_same_module_are_called(isa, name) -> None:
    functions = emitted(isa, name)
    called = [word for f in functions.values() for word in f.called]
    assert called
    assert {word for word in called if word not in functions} <= {"*"}
    assert [f.name for f in functions.values() if "*" in f.called] == ["barrier"]


@pytest.mark.parametrize(("isa", "name"), CASES)
def test_frames_are_small(isa, name) -> None:
    for function in emitted(isa, name).values():
        assert function.frame_bytes <= 640, function.name


def matrix_loop(target: Target) -> Block:
    """The loop over input channels of MobileNetV2's widest pointwise convolution."""
    functions = emitted(target.isa, "mobilenet_v2")
    (name,) = [n for n in functions if n.startswith("dense_1x1s1x1_c320k1280")]
    return max(functions[name].loops, key=lambda block: block.sums)


@pytest.mark.parametrize(
    ("isa", "sums", "loads"),
    [("avx512", 24, 10 / 24), ("avx2", 12, 8 / 12), ("sse", 8, 1.0), ("neon", 24, 0.5)],
)
def test_matrix_tile_fills_the_registers(isa, sums: int, loads: float) -> None:
    """Sums stay in registers; loads a multiply-add are what the tile makes of them."""
    target = preset(isa)
    block = matrix_loop(target)
    assert block.sums % sums == 0
    assert block.sums // sums == target.lanes  # a whole block of input channels
    assert sums < len(block.registers(isa)) <= target.registers
    assert block.loads <= loads * block.sums


@pytest.mark.parametrize("isa", ISAS)
def test_depthwise_reads_each_pixel_once_a_row_of_taps(isa) -> None:
    """3 rows of 3 taps on P pixels: P + 2 pixels and 3 weights a row, no more."""
    functions = emitted(isa, "mobilenet_v2")
    (name,) = [n for n in functions if n.startswith("depthwise_3x3s1x1_c960")]
    block = max(functions[name].loops, key=lambda block: block.sums)
    pixels, rest = divmod(block.sums, 9)
    assert rest == 0
    assert pixels == 7
    assert block.loads <= 3 * (pixels + 2 + 3) + 1 + 3  # bias; addresses


SPILLING = """
define void @f(ptr %p) {{
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
{phis}
  %x = load <8 x float>, ptr %p
{sums}
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, 100
  br i1 %more, label %loop, label %done
done:
{stores}
  ret void
}}
declare <8 x float> @llvm.fma.v8f32(<8 x float>, <8 x float>, <8 x float>)
"""


def with_sums(count: int) -> str:
    """A loop that carries ``count`` vectors."""
    kind = "<8 x float>"
    numbers = range(count)
    return SPILLING.format(
        phis="\n".join(
            f"  %a{i} = phi {kind} [ zeroinitializer, %entry ], [ %b{i}, %loop ]"
            for i in numbers
        ),
        sums="\n".join(
            f"  %b{i} = call {kind} @llvm.fma.v8f32"
            f"({kind} %x, {kind} %a{(i + 1) % count}, {kind} %a{i})"
            for i in numbers
        ),
        stores="\n".join(
            f"  %p{i} = getelementptr i8, ptr %p, i64 {32 * i}\n"
            f"  store {kind} %b{i}, ptr %p{i}"
            for i in numbers
        ),
    )


def test_spills_are_seen() -> None:
    """Twenty sums do not fit sixteen registers; ten do."""
    for count, spilled in ((10, False), (20, True)):
        text = jit.assembly(with_sums(count), preset("avx2"))
        (block,) = [b for b in read(text)["f"].loops if b.sums]
        assert block.sums == count
        assert bool(block.spills) is spilled


def test_a_library_call_is_seen() -> None:
    text = jit.assembly(
        "declare float @llvm.exp.f32(float)\n"
        "define void @f(ptr %p) {\n  %x = load float, ptr %p\n"
        "  %y = call float @llvm.exp.f32(float %x)\n"
        "  store float %y, ptr %p\n  ret void\n}",
        preset("avx2"),
    )
    assert read(text)["f"].called == ["expf"]
