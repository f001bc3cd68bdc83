"""Laws of rewrites: outputs stay, names stay, a second time changes nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.building import Builder, check_same_outputs

from depthwise.graph import Graph, verify
from depthwise.graph.rewrite import (
    fold_batch_norm,
    fold_constants,
    fold_pads,
    recognise_gemm,
    recognise_global_pool,
    recognise_hard_swish,
    remove_identities,
    simplify,
)

REWRITES = [
    fold_batch_norm,
    fold_constants,
    fold_pads,
    recognise_gemm,
    recognise_global_pool,
    recognise_hard_swish,
    remove_identities,
    simplify,
]


def padded_conv(build: Builder, value: str) -> str:
    pads = build.constant(np.array([0, 0, 1, 2, 0, 0, 1, 0]))
    value = build.add("Pad", (value, pads))
    return build.conv(value, 4, 3)


def hard_swish(build: Builder, value: str) -> str:
    three, six = (build.constant(np.array(number)) for number in (3.0, 6.0))
    gate = build.clip(build.add("Add", (value, three)), 0.0, 6.0)
    return build.add("Div", (build.add("Mul", (value, gate)), six))


def shuffled(build: Builder, value: str) -> str:
    split = build.constant(np.array([0, 2, build.channels(value) // 2, 5, 4]))
    value = build.add("Reshape", (value, split))
    value = build.add("Transpose", (value,), {"perm": (0, 2, 1, 3, 4)})
    shape = build.constant(np.array([0, -1, 5, 4]))
    return build.add("Reshape", (value, shape))


def reshaped(build: Builder, value: str) -> str:
    shape = build.add("Shape", (build.add("Abs", (value,)),))
    return build.add("Reshape", (value, shape))


def turned(build: Builder, value: str) -> str:
    there = build.add("Transpose", (value,), {"perm": (0, 3, 1, 2)})
    return build.add("Transpose", (there,), {"perm": (0, 2, 3, 1)})


def shifted(build: Builder, value: str) -> str:
    return build.add("Add", (build.normal(build.channels(value), 1, 1), value))


def scaled(build: Builder, value: str) -> str:
    return build.add("Mul", (value, build.normal(1, build.channels(value), 1, 1)))


def masked(build: Builder, value: str) -> str:
    return build.add("Dropout", (value,), outputs=2)


def padded_twice(build: Builder, value: str) -> str:
    for pads in ([0, 0, 1, 0, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 1, 0]):
        value = build.add("Pad", (value, build.constant(np.array(pads))))
    return build.conv(value, 4, 2)


def spread(build: Builder, value: str) -> str:
    channels = build.channels(value)
    taps = build.normal(channels, 1, 1, 1)
    value = build.add("ConvTranspose", (value, taps), {"group": channels})
    return build.norm(value)


def difference(build: Builder, value: str) -> str:
    shape = build.channels(value), 1, 1
    value = build.add("Sub", (value, build.normal(*shape)))
    return build.add("Div", (value, build.normal(*shape)))


def apart(build: Builder, value: str) -> str:
    there = build.add("Transpose", (value,), {"perm": (0, 3, 1, 2)})
    there = build.add("Identity", (there,))
    return build.add("Transpose", (there,), {"perm": (0, 2, 3, 1)})


LAYERS = {
    "alone": lambda build, v: build.add("Max", (v,)),
    "apart": apart,
    "difference": difference,
    "masked": masked,
    "padded twice": padded_twice,
    "spread": spread,
    "conv": lambda build, v: build.conv(v, 4, 3, pads=(1, 1, 1, 1), bias=True),
    "pointwise": lambda build, v: build.conv(v, 6),
    "depthwise": lambda build, v: build.depthwise(v),
    "norm": lambda build, v: build.norm(v),
    "gate": lambda build, v: build.gate(v, 2),
    "relu": lambda build, v: build.add("Relu", (v,)),
    "identity": lambda build, v: build.add("Identity", (v,)),
    "dropout": lambda build, v: build.add("Dropout", (v,)),
    "residual": lambda build, v: build.add("Add", (v, build.add("Tanh", (v,)))),
    "once": lambda build, v: build.add("Mul", (v, build.constant(np.array(1.0)))),
    "pad": lambda build, v: build.add("Pad", (v, build.constant(np.zeros(8, int)))),
    "padded": padded_conv,
    "shift": shifted,
    "scale": scaled,
    "reshape": reshaped,
    "turn": turned,
    "hard swish": hard_swish,
    "shuffle": shuffled,
}


@st.composite
def networks(draw: st.DrawFn) -> Graph:
    """A random network: layers, detours that change nothing, and a head."""
    seed = draw(st.integers(0, 2**31))
    build = Builder(2, 5, 4, seed=seed)
    values = ["x"]
    for layer in draw(st.lists(st.sampled_from([*LAYERS]), min_size=1, max_size=8)):
        values.append(LAYERS[layer](build, values[-1]))
    last = _head(build, values[-1]) if draw(st.booleans()) else values[-1]
    extra = draw(st.sampled_from(values[1:]))
    return build.graph(*dict.fromkeys((last, extra)))


def _head(build: Builder, value: str) -> str:
    axes = build.constant(np.array([2, 3]))
    pooled = build.add("ReduceMean", (value, axes), {"keepdims": 0})
    product = build.add("MatMul", (pooled, build.normal(build.channels(value), 3)))
    return build.add("Add", (build.normal(3), product))


@pytest.mark.parametrize("rewrite", REWRITES, ids=lambda f: f.__name__)
@settings(max_examples=25)
@given(networks())
def test_a_rewrite_keeps_outputs_and_names(rewrite, graph: Graph) -> None:
    after = verify(rewrite(graph))
    assert after.outputs == graph.outputs
    assert [i.name for i in after.inputs] == [i.name for i in graph.inputs]
    check_same_outputs(graph, after)


@pytest.mark.parametrize("rewrite", REWRITES[:-1], ids=lambda f: f.__name__)
@settings(max_examples=25)
@given(networks())
def test_a_second_time_changes_nothing(rewrite, graph: Graph) -> None:
    once = rewrite(graph)
    twice = rewrite(once)
    assert twice.nodes == once.nodes
    assert twice.constants.keys() == once.constants.keys()
