"""The only place where torch meets Graph: trace, run, rebuild, apply."""

from depthwise.bridge.torch_run import run
from depthwise.bridge.tracing import Progress, graph_of, trace

__all__ = ["Progress", "graph_of", "run", "trace"]
