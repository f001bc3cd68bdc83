"""Torch layers, blocks and networks; knows nothing of graphs or engines."""
