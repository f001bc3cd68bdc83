"""Probes: what runs in registers stays there, and results are plausible numbers."""

import pytest

from depthwise.engine import jit, preset
from depthwise.engine.peak import PEAK, probe, write
from depthwise.errors import UsageError


@pytest.mark.parametrize(
    ("isa", "word"), [("avx2", "vfmadd"), ("avx512", "vfmadd"), ("neon", "fmla")]
)
def test_peak_loop_is_fused_multiply_adds_and_nothing_else(isa, word):
    target = preset(isa)
    text = jit.assembly(write(target), target)
    peak = text.split(f"{PEAK}:", 1)[1].split("ret", 1)[0]
    loops = [block for block in peak.split("\n.L") if word in block]
    assert len(loops) == 1
    (loop,) = loops
    assert loop.count(word) >= 10
    assert "sp)" not in loop
    assert "[sp" not in loop


@pytest.mark.parametrize("threads", [1, 2])
def test_probes_measure_something(threads):
    found = probe(threads)
    assert 0.1 < found.peak_gflops(1e-4) < 1e5
    assert 0.1 < found.read_gbs(32 << 10, 1e-4) < 1e5


def test_probes_refuse_what_they_cannot_measure():
    with pytest.raises(UsageError, match="4096 bytes or more"):
        probe().read_gbs(100)
    with pytest.raises(UsageError, match="1 or more"):
        probe(0)
