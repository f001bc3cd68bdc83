"""The roofs of a machine above the layers of a network: bounds and predicted times."""

from depthwise.costing.roofline.bound import Bound, bound_of
from depthwise.costing.roofline.machine import Level, Machine, machine_from
from depthwise.costing.roofline.pace import (
    Pace,
    Work,
    attained_share,
    pace_from,
    work_of,
)
from depthwise.costing.roofline.times import Roofline, UnitTime, roofline_of
from depthwise.costing.roofline.units import Unit, units_of
from depthwise.costing.roofline.why import KindTime, compared, reasons, times_by_kind

__all__ = [
    "Bound",
    "KindTime",
    "Level",
    "Machine",
    "Pace",
    "Roofline",
    "Unit",
    "UnitTime",
    "Work",
    "attained_share",
    "bound_of",
    "compared",
    "machine_from",
    "pace_from",
    "reasons",
    "roofline_of",
    "times_by_kind",
    "units_of",
    "work_of",
]
