"""What was a copy on data goes with --observed: its readers read its partner."""

from collections.abc import Mapping

import numpy as np
import pytest

from depthwise.diagnosis import Fault, diagnose_graph, prune_graph
from depthwise.diagnosis.copies.observed import observed_copies
from depthwise.diagnosis.knowledge import known_spans
from depthwise.diagnosis.pruning import IdleEdit
from depthwise.errors import UsageError
from depthwise.execute import run
from depthwise.graph import Batch, Graph, Input, Node, TensorType
from depthwise.jobs.idle_channels import prune


def twins(
    readers: tuple[Node, ...],
    arrays: Mapping[str, np.ndarray],
    *,
    bias: tuple[float, ...] = (0, 0, 0, 0),
    activation: str = "Relu",
) -> Graph:
    """Channel 3 reads of input 1 what channel 0 reads of input 0, times -2 or 2."""
    rng = np.random.default_rng(0)
    first = rng.standard_normal((4, 3, 3)).astype("float32")
    first[0, 1] = first[3] = 0
    first[3, 1] = first[0, 0] * (2 if activation == "Relu" else -2)
    first[[0, 3], 2] = 0
    x = Input("x", TensorType("float32", (Batch(), 3, 12)))
    nodes = (
        Node("Conv", ("x", "a", "b"), ("g",), name="first"),
        Node(activation, ("g",), ("h",)),
        *readers,
    )
    weights = {"a": first, "b": np.array(bias, "float32"), **arrays}
    outputs = tuple(node.outputs[0] for node in readers)
    return Graph("twins", (x,), outputs, nodes, weights)


def alike(samples: int = 64) -> np.ndarray:
    """Data whose first two channels are equal, as no weights can know."""
    x = np.random.default_rng(1).standard_normal((samples, 3, 12))
    x[:, 1] = x[:, 0]
    return x.astype("float32")


def pruned(graph: Graph, *, nearly: bool = False) -> IdleEdit:
    seen = diagnose_graph(graph, [alike()]).observed
    assert seen is not None
    known = known_spans(graph, seen, nearly=nearly)
    return prune_graph(graph, known, observed_copies(graph, seen))


def check_same(graph: Graph, edit: IdleEdit) -> None:
    """On data of the same sort results are what they were."""
    x = np.random.default_rng(2).standard_normal((8, 3, 12)).astype("float32")
    x[:, 1] = x[:, 0]
    (old,), (new,) = run(graph, [{"x": x}]), run(edit.graph, [{"x": x}])
    for name in graph.outputs:
        size = np.abs(old[name]).max()
        np.testing.assert_allclose(new[name], old[name], atol=1e-5 * size)


def array(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype("float32")


def test_check_same_can_fail() -> None:
    reader = (Node("Conv", ("h", "v"), ("y",)),)
    graph = twins(reader, {"v": array(2, 4, 1)})
    other = twins(reader, {"v": array(2, 4, 1) * 1.01})
    with pytest.raises(AssertionError):
        check_same(graph, prune_graph(other))


@pytest.mark.parametrize("pads", [(0, 0), (1, 1)])
def test_a_scaled_copy_goes_and_every_reader_reads_its_partner(pads) -> None:
    readers = (
        Node("Conv", ("h", "v"), ("y",), {"pads": pads}),
        Node("Conv", ("h", "w", "d"), ("z",), {"group": 1}),
    )
    arrays = {"v": array(5, 4, 3), "w": array(2, 4, 1), "d": array(2)}
    graph = twins(readers, arrays)
    edit = pruned(graph)
    assert edit.plan.removed == {"first": (3,)}
    assert edit.graph.constants["v"].shape == (5, 3, 3)
    check_same(graph, edit)


def test_what_differs_by_a_constant_leaves_that_in_the_bias() -> None:
    reader = (Node("Conv", ("h", "v", "d"), ("y",), name="reader"),)
    arrays = {"v": array(5, 4, 3), "d": array(5)}
    graph = twins(reader, arrays, bias=(0, 0, 0, 7), activation="Identity")
    edit = pruned(graph)
    assert edit.plan.removed == {"first": (3,)}
    assert not np.array_equal(edit.graph.constants["d"], arrays["d"])
    check_same(graph, edit)


def test_a_constant_that_meets_padding_keeps_the_copy_as_it_is() -> None:
    reader = (Node("Conv", ("h", "v", "d"), ("y",), {"pads": (1, 1)}, name="reader"),)
    arrays = {"v": array(5, 4, 3), "d": array(5)}
    graph = twins(reader, arrays, bias=(0, 0, 0, 7), activation="Identity")
    edit = pruned(graph)
    assert edit.edits == ()
    assert edit.plan.kept == {"first": {3: "the constant meets zero padding at reader"}}


@pytest.mark.parametrize(
    ("readers", "arrays"),
    [
        ((Node("MaxPool", ("h",), ("y",), {"kernel_shape": (2,)}),), {}),
        ((Node("Conv", ("h", "v"), ("y",), {"group": 4}),), {"v": array(4, 1, 1)}),
    ],
)
def test_without_weights_that_could_take_it_over_a_copy_stays(readers, arrays) -> None:
    edit = pruned(twins(readers, arrays))
    assert edit.edits == ()
    (reason,) = edit.plan.kept["first"].values()
    assert "by itself" in reason


def test_shared_weights_stay() -> None:
    arrays = {"v": array(4, 4, 1)}
    readers = (Node("Conv", ("h", "v"), ("y",)), Node("Conv", ("y", "v"), ("z",)))
    edit = pruned(twins(readers, arrays))
    assert edit.edits == ()
    assert "shares its weights" in edit.plan.kept["first"][3]


def test_rare_channels_go_as_their_mean_when_asked() -> None:
    reader = (Node("Conv", ("h", "v", "d"), ("y",)),)
    arrays = {"v": array(2, 4, 1), "d": array(2)}
    (values,) = run(twins(reader, arrays), [{"x": alike(400)}], ("g",))
    most = float(values["g"][:, 1].max())
    graph = twins(reader, arrays, bias=(0, -0.99 * most, 0, 0))
    seen = diagnose_graph(graph, [alike(400)])
    rare = [f for layer in seen.layers for f in layer.findings if f.fault is Fault.RARE]
    assert [f.channels for f in rare] == [(1,)]
    assert seen.observed is not None
    kept = prune_graph(graph, known_spans(graph, seen.observed))
    gone = prune_graph(graph, known_spans(graph, seen.observed, nearly=True))
    assert kept.plan.removed == {}
    assert gone.plan.removed == {"first": (1,)}


def test_nearly_idle_needs_data() -> None:
    with pytest.raises(UsageError, match="nearly without observed"):
        prune("sensor_net", nearly=True)
