"""Exact counts: multiply-accumulates, parameters, bytes, receptive fields."""

from depthwise.costing.counting import CostReport, LayerCost, count
from depthwise.costing.kinds import Kind, kind_of

__all__ = ["CostReport", "Kind", "LayerCost", "count", "kind_of"]
