"""Exact counts: multiply-accumulates, parameters, bytes, receptive fields."""

from depthwise.costing.counting import CostReport, count
from depthwise.costing.geometry import ConvGeometry
from depthwise.costing.kinds import Kind, kind_of
from depthwise.costing.layer import LayerCost
from depthwise.costing.lifetime import memory_over_time

__all__ = [
    "ConvGeometry",
    "CostReport",
    "Kind",
    "LayerCost",
    "count",
    "kind_of",
    "memory_over_time",
]
