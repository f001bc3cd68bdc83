"""Closed-form factorisation of dense convolutions, with its error."""
