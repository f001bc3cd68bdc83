"""Lowering: for each operator, which kernels compute it on which layouts."""
