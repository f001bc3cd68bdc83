"""Run a graph on batches with taps; the NumPy implementation.

The protocol has three implementations that agree: NumPy here, torch in
``depthwise.bridge`` and generated code in ``depthwise.engine``.
"""

from depthwise.execute.numpy_run import run
from depthwise.execute.protocol import Batches, Run, Values, feed
from depthwise.execute.steps import Step, plan_steps

__all__ = ["Batches", "Run", "Step", "Values", "feed", "plan_steps", "run"]
