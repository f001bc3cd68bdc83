"""Kernels: each writes one function, and says first which scalar loops it computes."""
