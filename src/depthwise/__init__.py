"""Depthwise separable CNNs: build, count, train, diagnose, separate and run them.

Public names load on first use: importing depthwise imports neither torch nor llvmlite.
"""

__version__ = "0.1.0"
