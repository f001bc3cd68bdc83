"""Exact counts: multiply-accumulates, parameters, bytes, receptive fields."""

from depthwise.costing.alternatives import Alternatives, alternatives_of
from depthwise.costing.counting import CostReport, count
from depthwise.costing.geometry import ConvGeometry
from depthwise.costing.kinds import Kind, kind_of
from depthwise.costing.layer import LayerCost
from depthwise.costing.lifetime import memory_over_time
from depthwise.costing.opaque import Opaque, with_opaque
from depthwise.costing.tree import Branch, tree_of

__all__ = [
    "Alternatives",
    "Branch",
    "ConvGeometry",
    "CostReport",
    "Kind",
    "LayerCost",
    "Opaque",
    "alternatives_of",
    "count",
    "kind_of",
    "memory_over_time",
    "tree_of",
    "with_opaque",
]
