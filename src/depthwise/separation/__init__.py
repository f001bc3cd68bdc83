"""Trained dense convolutions taken apart, in closed form, and repaired on data."""

from depthwise.separation.factors import Factors, Order, factorise
from depthwise.separation.forms import Form
from depthwise.separation.looking import Samples
from depthwise.separation.plan import Goal
from depthwise.separation.separability import Separability, separability_of
from depthwise.separation.separating import BOTH, Layer, Separated, separate_graph

__all__ = [
    "BOTH",
    "Factors",
    "Form",
    "Goal",
    "Layer",
    "Order",
    "Samples",
    "Separability",
    "Separated",
    "factorise",
    "separability_of",
    "separate_graph",
]
