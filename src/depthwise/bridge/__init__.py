"""The only place where torch meets Graph: trace, run, rebuild, apply."""

from depthwise.bridge.comparing import difference
from depthwise.bridge.editing import apply, why_fixed
from depthwise.bridge.exported import load_exported
from depthwise.bridge.factory import load_factory, load_weights
from depthwise.bridge.profiling import profile
from depthwise.bridge.rebuilding import module
from depthwise.bridge.timing import prepare, threads
from depthwise.bridge.torch_exporter import export_onnx
from depthwise.bridge.torch_run import run
from depthwise.bridge.tracing import Progress, trace

__all__ = [
    "Progress",
    "apply",
    "difference",
    "export_onnx",
    "load_exported",
    "load_factory",
    "load_weights",
    "module",
    "prepare",
    "profile",
    "run",
    "threads",
    "trace",
    "why_fixed",
]
