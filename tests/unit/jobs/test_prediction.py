"""Memory of compiled networks beside what counting predicts, for the whole zoo."""

import pytest

from depthwise.bridge import trace
from depthwise.engine import Policy, inspect_graph, preset
from depthwise.graph import Graph
from depthwise.jobs.prediction import predict_memory
from depthwise.nn import create_model, list_models


@pytest.fixture(scope="module", params=list_models())
def network(request: pytest.FixtureRequest) -> Graph:
    module = create_model(request.param).eval()
    return trace(module, (1, *module.input_shape))


def taken(graph: Graph, policy: Policy, *, batch: int, threads: int) -> int:
    """Bytes of the arena and of all threads' scratch memory."""
    options = {"batch": batch, "threads": threads, "target": preset("avx2")}
    plan = inspect_graph(graph, fusion=policy, **options)
    return plan.arena_bytes + plan.scratch_bytes


@pytest.mark.parametrize("batch", [1, 3])
def test_memory_without_fusion_is_what_counting_predicts(network, batch: int) -> None:
    predicted = predict_memory(network, 8, batch=batch)["unfused"]
    found = taken(network, Policy.NEVER, batch=batch, threads=1)
    assert found == pytest.approx(predicted, rel=0.25)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("threads", [1, 2])
def test_fusion_never_takes_more(network, batch: int, threads: int) -> None:
    """Up to 1 % for the alignment of buffers."""
    limit = predict_memory(network, 8, batch=batch)["fused"]
    assert taken(network, Policy.AUTO, batch=batch, threads=threads) <= 1.01 * limit
