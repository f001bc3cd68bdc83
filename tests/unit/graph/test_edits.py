"""Edits of a graph: chains in the place of nodes, other arrays under their names."""

from dataclasses import replace

import numpy as np
import pytest
from tests.building import Builder, check_same_outputs

from depthwise.errors import GeometryError, GraphError
from depthwise.graph import Graph, Node
from depthwise.graph.edits import (
    Operand,
    ReplaceArrays,
    ReplaceNode,
    Step,
    apply_edits,
    calls_of,
)


def scoped(graph: Graph, **scopes: str) -> Graph:
    """Name nodes and constants as a traced module would: by scope."""
    nodes = []
    for node in graph.nodes:
        scope = scopes.get(node.outputs[0], "")
        nodes.append(replace(node, name=scope or node.name, scope=scope))
    return replace(graph, nodes=tuple(nodes), parameters=frozenset(graph.constants))


def separable_steps(depthwise: np.ndarray, pointwise: np.ndarray) -> tuple[Step, ...]:
    group = {"group": len(depthwise), "pads": (1, 1)}
    return (
        Step("depthwise", "Conv", (Operand("weight", depthwise),), group),
        Step("pointwise", "Conv", (Operand("weight", pointwise),)),
    )


def test_a_dense_convolution_becomes_depthwise_and_pointwise() -> None:
    rng = np.random.default_rng(0)
    depthwise, pointwise = (
        rng.standard_normal((3, 1, 3)),
        rng.standard_normal((5, 3, 1)),
    )
    build = Builder(3, 9)
    weight = build.constant(pointwise * depthwise[:, 0], "stem.conv.weight")
    value = build.add("Conv", ("x", weight), {"pads": (1, 1)})
    graph = scoped(build.graph(build.add("Relu", (value,))), n0="stem.conv")
    edit = ReplaceNode(
        ("stem.conv",), "stem.conv", separable_steps(depthwise, pointwise)
    )
    edited = apply_edits(graph, [edit])
    first, second, _ = edited.nodes
    assert (first.name, first.scope) == ("stem.conv.depthwise",) * 2
    assert second.inputs[1] == "stem.conv.pointwise.weight"
    assert edited.parameters == {
        "stem.conv.depthwise.weight",
        "stem.conv.pointwise.weight",
    }
    check_same_outputs(graph, edited)


def test_all_calls_of_a_shared_module_are_replaced() -> None:
    build = Builder(3, 9)
    weight = build.normal(3, 3, 1)
    first = build.add("Conv", ("x", weight))
    graph = build.graph(build.add("Conv", (first, weight)))
    shared = tuple(replace(n, scope="mix") for n in graph.nodes)
    graph = replace(graph, nodes=shared)
    calls = calls_of(graph, graph.nodes[1])
    assert calls == graph.nodes
    step = Step("", "Relu")
    edited = apply_edits(
        graph, [ReplaceNode(tuple(n.name for n in calls), "mix", (step,))]
    )
    assert [node.op for node in edited.nodes] == ["Relu", "Relu"]
    assert edited.constants == {}


def test_calls_without_constants_or_scope_stand_alone() -> None:
    build = Builder(3)
    first = build.add("Relu", ("x",))
    graph = build.graph(build.add("Relu", (first,)))
    assert calls_of(graph, graph.nodes[0]) == graph.nodes[:1]


def test_a_chain_without_steps_passes_the_value_on() -> None:
    build = Builder(3)
    graph = build.graph(build.add("Relu", ("x",)))
    edited = apply_edits(graph, [ReplaceNode((graph.nodes[0].name,), "", ())])
    assert [node.op for node in edited.nodes] == ["Identity"]
    assert edited.outputs == graph.outputs


def test_arrays_and_groups_change_together() -> None:
    build = Builder(4, 8)
    mixed = build.conv("x", 4)
    graph = build.graph(build.conv(build.depthwise(mixed), 2))
    graph = scoped(graph, n0="mix", n1="filter", n2="head")
    mix, depthwise, head = (node.inputs[1] for node in graph.nodes)
    kept = [0, 2, 3]
    edits = [
        ReplaceArrays("mix", {mix: graph.constants[mix][kept]}),
        ReplaceArrays(
            "filter", {depthwise: graph.constants[depthwise][kept]}, {"group": 3}
        ),
        ReplaceArrays("head", {head: graph.constants[head][:, kept]}),
    ]
    edited = apply_edits(graph, edits)
    assert edited.parameters == graph.parameters
    assert edited.nodes[1].attributes["group"] == 3
    silent = graph.constants[mix].copy()
    silent[1] = 0
    dead = replace(graph, constants={**graph.constants, mix: silent})
    check_same_outputs(dead, edited)


@pytest.fixture
def graph() -> Graph:
    build = Builder(4, 8)
    return scoped(build.graph(build.conv(build.conv("x", 4), 4)), n0="a", n1="b")


def arrays(name: str, array: np.ndarray) -> ReplaceArrays:
    return ReplaceArrays("a", {name: array})


def test_shapes_that_do_not_fit_name_the_node(graph: Graph) -> None:
    weight = graph.nodes[0].inputs[1]
    smaller = arrays(weight, graph.constants[weight][:3])
    with pytest.raises(GeometryError, match=r"^b \(Conv\): input channels"):
        apply_edits(graph, [smaller])


def test_an_edit_of_nothing_is_refused(graph: Graph) -> None:
    with pytest.raises(GraphError, match="names a constant of the graph; got 'none'"):
        apply_edits(graph, [arrays("none", np.zeros(3))])
    with pytest.raises(GraphError, match="names a node of the graph; got 'none'"):
        apply_edits(graph, [ReplaceNode(("none",), "", ())])


def test_a_second_edit_of_the_same_is_refused(graph: Graph) -> None:
    weight = graph.nodes[0].inputs[1]
    same = arrays(weight, graph.constants[weight])
    with pytest.raises(GraphError, match="edited once"):
        apply_edits(graph, [same, same])


def test_types_are_kept(graph: Graph) -> None:
    weight = graph.nodes[0].inputs[1]
    narrow = graph.constants[weight].astype(np.float32)
    with pytest.raises(GraphError, match="keeps types; got float32 for float64"):
        apply_edits(graph, [arrays(weight, narrow)])


@pytest.mark.parametrize("names", [("a", "a"), ("", "b")])
def test_steps_need_names(graph: Graph, names: tuple[str, str]) -> None:
    steps = tuple(Step(name, "Relu") for name in names)
    with pytest.raises(GraphError, match="steps need names that differ"):
        apply_edits(graph, [ReplaceNode(("a",), "a", steps)])


def test_what_others_read_is_not_overwritten(graph: Graph) -> None:
    weight = "a.weight"
    names = {graph.nodes[0].inputs[1]: weight}
    tied = replace(
        graph,
        nodes=tuple(
            Node(n.op, (n.inputs[0], weight), n.outputs, n.attributes, n.name, n.scope)
            for n in graph.nodes
        ),
        constants={weight: graph.constants[next(iter(names))]},
        parameters=frozenset({weight}),
    )
    steps = (Step("", "Conv", (Operand("weight", np.ones((4, 4, 1))),)),)
    with pytest.raises(GraphError, match="must not change what others read"):
        apply_edits(tied, [ReplaceNode(("a",), "a", steps)])
