"""Readers, windows, splits and preprocessing; NumPy and Pillow only."""
