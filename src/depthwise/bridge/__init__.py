"""The only place where torch meets Graph: trace, run, rebuild, apply."""

from depthwise.bridge.editing import apply
from depthwise.bridge.rebuilding import module
from depthwise.bridge.timing import prepare, threads
from depthwise.bridge.torch_run import run
from depthwise.bridge.tracing import Progress, trace

__all__ = ["Progress", "apply", "module", "prepare", "run", "threads", "trace"]
