"""Sensors: how alike they are, what each contributes, and which filters mix them."""

from depthwise.diagnosis.sensors.analysis import SensorAnalysis, analyse_sensors
from depthwise.diagnosis.sensors.contribution import (
    Contribution,
    Estimate,
    PairEffect,
    Trial,
    Way,
    contributions,
    pair_effects,
    take_away,
)
from depthwise.diagnosis.sensors.lags import (
    Closeness,
    Lagged,
    closeness,
    lagged_correlation,
)
from depthwise.diagnosis.sensors.mixing import Mixing, mixing_profiles
from depthwise.diagnosis.sensors.names import Sensors, each_channel, sensors_of

__all__ = [
    "Closeness",
    "Contribution",
    "Estimate",
    "Lagged",
    "Mixing",
    "PairEffect",
    "SensorAnalysis",
    "Sensors",
    "Trial",
    "Way",
    "analyse_sensors",
    "closeness",
    "contributions",
    "each_channel",
    "lagged_correlation",
    "mixing_profiles",
    "pair_effects",
    "sensors_of",
    "take_away",
]
