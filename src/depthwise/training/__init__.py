"""Torch and Lightning: the task, the loop, several processes."""
