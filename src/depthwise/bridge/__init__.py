"""The only place where torch meets the graph: trace, module, apply, run."""
