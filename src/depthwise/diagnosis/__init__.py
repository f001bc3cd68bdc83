"""Channel statistics: dead, constant, duplicate, correlated; sensor contribution."""

from depthwise.diagnosis.diagnose import Diagnosis, LayerDiagnosis, diagnose_graph
from depthwise.diagnosis.findings import Fault, Finding, Limits
from depthwise.diagnosis.layers import Observed, observe_layers, observed_values
from depthwise.diagnosis.observed import directions_for, effective_rank, variance_shares
from depthwise.diagnosis.pruning import IdleEdit, prune_graph
from depthwise.diagnosis.reviving import revive_graph
from depthwise.diagnosis.statistics import ChannelStatistics, observe

__all__ = [
    "ChannelStatistics",
    "Diagnosis",
    "Fault",
    "Finding",
    "IdleEdit",
    "LayerDiagnosis",
    "Limits",
    "Observed",
    "diagnose_graph",
    "directions_for",
    "effective_rank",
    "observe",
    "observe_layers",
    "observed_values",
    "prune_graph",
    "revive_graph",
    "variance_shares",
]
