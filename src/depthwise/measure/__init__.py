"""Clocks, machine peaks and the runtimes to compare with."""
