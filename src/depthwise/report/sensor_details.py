"""What the pictures of sensors show, in numbers."""

from __future__ import annotations

from collections.abc import Mapping

from depthwise.diagnosis.sensors import SensorAnalysis, Way
from depthwise.report.page import Table
from depthwise.report.sensors import contribution_rows, mixing_rows, points_of

_PAIRS = 12
"""Pairs of channels that are told of."""


def sensor_details(told: SensorAnalysis) -> Mapping[str, Table]:
    """Put what the figures show in numbers.

    Args:
        told: What was found.

    Returns:
        Tables by what they hold.
    """
    ways = ("sensor", *(str(way) for way in Way))
    pairs = [
        (" and ".join(pair.sensors), points_of(pair.drop), points_of(pair.beyond))
        for pair in told.pairs[:_PAIRS]
    ]
    lags = [
        (f"{first} and {second}", f"{rho:+.2f}", f"{lag:+d}" if lag else "0")
        for first, second, rho, lag in told.strongest_lags()[:_PAIRS]
    ]
    reach = ("layer", "channels a filter is made of", "filters of one channel")
    return {
        "Accuracy lost, in points": Table(ways, contribution_rows(told)),
        "Pairs of channels that matter together": Table(
            ("without both", "points lost", "beyond what each loses alone"), pairs
        ),
        "Where channels are most alike": Table(
            ("channels", "ρ", "samples that the second is later"), lags
        ),
        "How layers mix the channels": Table(reach, mixing_rows(told)),
    }
