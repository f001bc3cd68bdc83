"""Rewrites: graph to graph, with the outputs kept."""

from depthwise.graph.rewrite.batch_norm import fold_batch_norm

__all__ = ["fold_batch_norm"]
