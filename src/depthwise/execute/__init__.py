"""Run a graph on batches with taps; the NumPy implementation."""
