"""Whole tasks composed of rooms."""
