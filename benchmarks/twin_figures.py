"""What a file of figures keeps of a twin experiment: nothing bulky, and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BULKY = ("layers", "cost")
TIMED = ("latency_us", "engine_latency_us", "realised_saving", "engine_realised_saving")
OF_A_RUN = ("history", "folder")


def kept(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a summary what is long, and latencies.

    Those are of a machine that trains beside; `depthwise bench` measures them.
    """
    variants = summary["variants"].items()
    compared = summary["comparisons"].items()
    return {
        **summary,
        "variants": {name: _variant(variant) for name, variant in variants},
        "comparisons": {name: _without(found, TIMED) for name, found in compared},
    }


def _variant(variant: Mapping[str, Any]) -> dict[str, Any]:
    runs = [_without(run, OF_A_RUN) for run in variant["runs"]]
    return {**_without(variant, (*BULKY, *TIMED)), "runs": runs}


def _without(found: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in names}
