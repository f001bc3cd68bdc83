"""Channel statistics: dead, constant, duplicate, correlated; sensor contribution."""

from depthwise.diagnosis.layers import observe_layers, observed_values
from depthwise.diagnosis.statistics import ChannelStatistics, observe

__all__ = ["ChannelStatistics", "observe", "observe_layers", "observed_values"]
