"""Exact counts: multiply-accumulates, parameters, bytes, receptive fields."""
