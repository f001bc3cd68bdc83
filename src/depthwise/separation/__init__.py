"""Trained dense convolutions taken apart, in closed form, and repaired on data."""

from depthwise.separation.factors import Factors, Order, factorise
from depthwise.separation.forms import Form
from depthwise.separation.looking import Samples
from depthwise.separation.plan import Goal
from depthwise.separation.separating import BOTH, Layer, Separated, separate_graph

__all__ = [
    "BOTH",
    "Factors",
    "Form",
    "Goal",
    "Layer",
    "Order",
    "Samples",
    "Separated",
    "factorise",
    "separate_graph",
]
